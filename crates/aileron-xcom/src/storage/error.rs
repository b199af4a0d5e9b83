//! What can go wrong with values in object storage.

use std::io;

use aileron_config::ConfigError;
use aileron_object_storage::{OpenError, ReadError, object_store};
use aileron_wire::json::{JsonDecodeError, JsonEncodeError};

/// Why the settings cannot be used, or the store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The configuration cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An option holds what it cannot hold.
    #[error("[common.io] {key}: {reason}")]
    Option {
        /// The option.
        key: &'static str,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The store cannot be opened.
    #[error("the object store `{base}` of [common.io] {key}: {error}")]
    Open {
        /// The option.
        key: &'static str,
        /// The place.
        base: String,
        /// Why.
        error: OpenError,
    },
    /// No object can be named for these ids.
    #[error("no object can be named for the value: {reason}")]
    Name {
        /// What is wrong.
        reason: String,
    },
}

/// Why the value in an object was not read.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    /// The object was not read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Its text is not what was asked for.
    #[error(transparent)]
    Decode(#[from] JsonDecodeError),
}

/// Why a value was not written into an object.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The object was not written.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The value is not JSON.
    #[error(transparent)]
    Encode(#[from] JsonEncodeError),
}

/// What was wrong with one object.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} the object {object}: {problem}")]
pub struct StorageError {
    /// `read`, `write`, `list` or `delete`.
    pub doing: &'static str,
    /// The reference to it.
    pub object: String,
    /// What was wrong.
    pub problem: Problem,
}

/// What was wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// It is not there.
    #[error(
        "it is not there, although the database refers to it; it was deleted or expired (clear the task that made it), or this \
         worker looks into another store"
    )]
    Missing,
    /// The store did not do it.
    #[error("{}", chain(.0))]
    Store(object_store::Error),
    /// The object is not what its suffix says.
    #[error("its name says {codec}, and it cannot be read as that: {error}")]
    Codec {
        /// The codec.
        codec: &'static str,
        /// Why.
        error: io::Error,
    },
    /// Its name says a codec that is not known here.
    #[error("its name says {codec}, which this program cannot read")]
    UnknownCodec {
        /// The suffix.
        codec: &'static str,
    },
    /// It arrived damaged, or not at all.
    #[error("{0}")]
    Read(ReadError),
    /// The value cannot be written as JSON.
    #[error("{0}")]
    Encode(io::Error),
    /// Where the bytes come from cannot be read, or where they go cannot be written.
    #[error("{0}")]
    Io(io::Error),
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Missing => Self::Missing,
            ReadError::Store(error) => Self::Store(error),
            error => Self::Read(error),
        }
    }
}

/// An error of a store with what caused it, each once.
fn chain(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}
