//! Why a store was not opened.

/// Why a store was not opened. No message holds what may be secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The text names no place. Written to follow the name of the option that holds it.
    #[error("{reason}")]
    Location {
        /// What is wrong with it.
        reason: String,
    },
    /// The connection cannot be used for this store.
    #[error("{reason}")]
    Connection {
        /// What is wrong with it.
        reason: String,
    },
    /// The store cannot be made from what is known.
    #[error(transparent)]
    Store(#[from] object_store::Error),
    /// The directory cannot be used.
    #[error("cannot use the directory {directory}: {error}")]
    Directory {
        /// The directory.
        directory: String,
        /// What the system said.
        error: std::io::Error,
    },
}

impl OpenError {
    pub(crate) fn location(reason: impl ToString) -> Self {
        Self::Location {
            reason: reason.to_string(),
        }
    }

    pub(crate) fn connection(reason: impl ToString) -> Self {
        Self::Connection {
            reason: reason.to_string(),
        }
    }
}
