//! Reading the value that an offloaded XCom refers to.

use aileron_wire::json::RawJson;
use aileron_xcom::storage::{Problem, StorageError};
use object_store::ObjectStoreExt as _;

use crate::base::Base;

/// Why the value of a reference cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ObjectProblem {
    /// The reference is no object below the base.
    #[error("{reference} is no object below the base path")]
    Outside {
        /// The reference.
        reference: String,
    },
    /// The object cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It holds more than it may.
    #[error("{reference}: it has {bytes} bytes, and {most} are allowed")]
    TooLarge {
        /// The reference.
        reference: String,
        /// How many bytes it has.
        bytes: u64,
        /// How many it may have.
        most: u64,
    },
    /// What is in it is no JSON.
    #[error("{reference}: what is in it is no JSON: {problem}")]
    NotJson {
        /// The reference.
        reference: String,
        /// What is wrong.
        problem: String,
    },
}

impl ObjectProblem {
    /// Whether it says something of the store, and so of every other object too.
    #[must_use]
    pub fn is_of_the_store(&self) -> bool {
        let Self::Storage(error) = self else {
            return false;
        };
        match &error.problem {
            Problem::Store(error) => !matches!(error, object_store::Error::PermissionDenied { .. }),
            _ => false,
        }
    }
}

/// Reads the value of a reference, of which the JSON text of the XCom is given. It may have `most` bytes of JSON.
pub(crate) async fn read(base: &Base, text: &str, most: u64) -> Result<RawJson, ObjectProblem> {
    let reference: Option<String> = serde_json::from_str(text).ok();
    let object = reference
        .as_deref()
        .and_then(|reference| base.storage().reference(reference));
    let Some(object) = object else {
        let reference = reference.unwrap_or_else(|| text.to_owned());
        return Err(ObjectProblem::Outside { reference });
    };
    let too_large = |bytes| ObjectProblem::TooLarge {
        reference: object.to_string(),
        bytes,
        most,
    };
    // Compressed, it has more in it. Whatever is wrong with it, reading it says so better.
    if let Ok(found) = base.store().head(object.path()).await
        && found.size > most
    {
        return Err(too_large(found.size));
    }
    let bytes = base.storage().read(&object).await?;
    if bytes.len() as u64 > most {
        return Err(too_large(bytes.len() as u64));
    }
    let not_json = |problem: String| ObjectProblem::NotJson {
        reference: object.to_string(),
        problem,
    };
    let json = String::from_utf8(bytes).map_err(|error| not_json(error.to_string()))?;
    RawJson::from_text(json).map_err(|error| not_json(error.to_string()))
}
