//! What a task remembers beyond one try: the task state store and the asset state store.

mod asset;
mod settings;
mod size;
mod task;
mod value;

use aileron_config::ConfigError;

use crate::comm::CommError;
use crate::context::ObjectStorageError;
use crate::context::assets::AssetError;

pub use asset::{AssetState, AssetStateStore};
pub(crate) use settings::StateSettings;
pub use task::{Retention, TaskStateStore};

/// What the database holds of a value that a worker backend keeps.
#[derive(serde::Serialize)]
struct External {
    #[serde(rename = "__airflow_state_ref__")]
    reference: String,
}

/// The error of a value in object storage.
fn unkept(key: &str, error: ObjectStorageError) -> StateStoreError {
    StateStoreError::Storage {
        key: key.to_owned(),
        error,
    }
}

/// Why a state store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateStoreError {
    /// The key is not one that Airflow takes.
    #[error("`{key}` cannot be a key of a state store: {reason}")]
    BadKey {
        /// The key, cut when it is long.
        key: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A null was to be stored.
    #[error("key `{key}`: a state store takes no null; delete the key instead")]
    Null {
        /// The key.
        key: String,
    },
    /// The value is not JSON; NaN and infinities are not.
    #[error("key `{key}`: {reason}")]
    NotJson {
        /// The key.
        key: String,
        /// Where in the value, and what is wrong there.
        reason: String,
    },
    /// The stored value does not fit the type that was asked for.
    #[error("key `{key}` does not fit: expected `{expected}`: {reason}")]
    Mismatch {
        /// The key.
        key: String,
        /// The type that was asked for.
        expected: &'static str,
        /// Where in the value, and what came instead.
        reason: String,
    },
    /// The value lies in a store of its own, which a worker backend of Airflow wrote.
    #[error(
        "key `{key}` was stored through a worker backend of `[workers] state_store_backend`: Airflow holds only a reference to it, and \
         here no backend is configured that could follow it"
    )]
    External {
        /// The key.
        key: String,
    },
    /// The value lies in object storage, or is to lie there, and it was not read, written or deleted.
    #[error("key `{key}`: {error}")]
    Storage {
        /// The key; empty for all keys.
        key: String,
        /// What is wrong; it names the object.
        error: ObjectStorageError,
    },
    /// The time to keep the value makes no sense.
    #[error("key `{key}` cannot be kept that long: {reason}")]
    BadRetention {
        /// The key.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The asset is not one of this task, or it is not said which one is meant.
    #[error(transparent)]
    Asset(#[from] AssetError),
    /// The default retention or the size limit cannot be read from Airflow's configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The supervisor could not do it.
    #[error(transparent)]
    Comm(#[from] CommError),
}
