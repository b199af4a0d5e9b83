//! Values that lie in object storage: what Airflow's configuration says about them, and the way there.
//!
//! In coordinator mode nobody else applies the XCom backend or the state store backend of the workers: what a task sends is stored as
//! it comes, and what it gets is what is stored. So this does both. Nothing of it costs a task anything that no configuration asks
//! for: the configuration is looked at when the first value is pushed or pulled, and the store is opened when the first value
//! needs it.

#[cfg(not(feature = "object-storage"))]
mod absent;
#[cfg(feature = "object-storage")]
mod present;
#[cfg(feature = "object-storage")]
mod raw;
#[cfg(feature = "object-storage")]
mod rows;
#[cfg(feature = "object-storage")]
mod states;
#[cfg(all(test, feature = "object-storage"))]
mod tests;

use aileron_wire::json::{JsonDecodeError, JsonEncodeError};

#[cfg(not(feature = "object-storage"))]
pub(crate) use absent::{ObjectText, Rows, Storage, TextWriter};
#[cfg(feature = "object-storage")]
pub(crate) use aileron_xcom::storage::ObjectText;
#[cfg(feature = "object-storage")]
pub(crate) use present::Storage;
#[cfg(feature = "object-storage")]
pub(crate) use rows::{Rows, TextWriter};

/// Why a value was not brought into object storage, or back.
///
/// The text names the object and what is wrong with it, or the option of Airflow's configuration.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ObjectStorageError(Box<dyn std::error::Error + Send + Sync>);

impl ObjectStorageError {
    pub(in crate::context) fn new(
        error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self(error.into())
    }

    /// The error of an object, if it is one.
    #[cfg(feature = "object-storage")]
    pub(in crate::context) fn cause(&self) -> Option<&aileron_xcom::storage::StorageError> {
        self.0.downcast_ref()
    }
}

/// A row that is read. What is wrong with a value is told apart from what is wrong with its object.
pub(crate) type Row<T> = Result<Result<T, JsonDecodeError>, ObjectStorageError>;

/// Why a value cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeepError {
    /// It is not JSON.
    #[error(transparent)]
    Encode(#[from] JsonEncodeError),
    /// It was not brought into an object.
    #[error(transparent)]
    Storage(#[from] ObjectStorageError),
}

#[cfg(feature = "object-storage")]
impl From<aileron_xcom::storage::WriteError> for KeepError {
    fn from(error: aileron_xcom::storage::WriteError) -> Self {
        use aileron_xcom::storage::WriteError;
        match error {
            WriteError::Encode(error) => Self::Encode(error),
            WriteError::Storage(error) => Self::Storage(ObjectStorageError::new(error)),
        }
    }
}

/// A value out of an object.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) text: ObjectText,
    /// What the database holds.
    pub(crate) reference: String,
}

/// A value that is about to be sent.
#[derive(Debug)]
pub(crate) struct Kept {
    /// What is sent, encoded: the value, or the reference to its object.
    pub(crate) encoded: Vec<u8>,
    /// The object that was written for it.
    pub(crate) object: Option<String>,
}

impl Kept {
    /// A value that is sent as it is.
    pub(crate) fn inline(encoded: Vec<u8>) -> Self {
        Self {
            encoded,
            object: None,
        }
    }
}

/// What became of a text that came piece by piece.
#[derive(Debug)]
pub(crate) enum KeptText {
    /// It is in an object.
    #[cfg_attr(
        not(feature = "object-storage"),
        expect(dead_code, reason = "nothing is brought into an object")
    )]
    Kept(Kept),
    /// It is too short for one: here it is.
    Short(Vec<u8>),
}

/// Whose state is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StateOf<'a> {
    /// The task instance.
    Task,
    /// The asset of this name or URI.
    Asset(
        #[cfg_attr(
            not(feature = "object-storage"),
            expect(dead_code, reason = "nobody asks where its state lies")
        )]
        &'a str,
    ),
}
