//! Values in object storage, as the backends of Airflow's provider `common.io` keep them (1.11: `XComObjectStorageBackend` and
//! `StateStoreObjectStorageBackend`).
//!
//! A value is encoded first, as the JSON text that Python would write ([`write_json`](crate::write_json())), and compared after that:
//! from [`Settings::threshold`] on it goes into an object, and the database holds the object's URL, a reference. Below that the
//! database holds the value itself, byte for byte as without a backend.
//!
//! What Python does, this does, and each reads what the other wrote. Four things are stricter here:
//!
//! - A reference whose object is missing is an error. Python gives the task the text of the reference.
//! - So is an object that cannot be read as what its suffix says, or arrived damaged.
//! - The row goes first and the object after it ([`ObjectStorage::delete`] says why).
//! - A reference that names the base without the connection, or with another, is a reference all the same: the base was configured
//!   another way when it was written.
//!
//! ```
//! use aileron_config::Config;
//! use aileron_xcom::storage::{Coordinate, Layout, ObjectStorage, Settings};
//!
//! # let directory = tempfile::tempdir()?;
//! # let base = format!("file://{}", directory.path().display());
//! let config = Config::with_environment([
//!     ("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", base.as_str()),
//!     ("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_THRESHOLD", "1000"),
//!     ("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_COMPRESSION", "gzip"),
//! ]);
//! let settings = Settings::of_xcoms(&config)?;
//! let storage = ObjectStorage::open(&settings, None)?;
//!
//! let value = vec!["row"; 1000];
//! let encoded = aileron_wire::json::encode(&value)?;
//! assert!(settings.offloads(&encoded));
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let task = Coordinate { dag_id: "shop", run_id: "run", task_id: "rows", ti_id: None };
//! let object = storage.xcom(Layout::Airflow33, &task, "return_value")?;
//! storage.write(&object, encoded.into()).await?;
//!
//! let stored = storage.reference(object.as_str()).expect("it is below the base");
//! assert_eq!(storage.read_value::<Vec<String>>(&stored).await?, value);
//! storage.delete(&stored).await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod beside;
mod codec;
mod error;
mod layout;
mod object_text;
mod objects;
mod parts;
mod raw;
mod rows;
mod settings;
mod state;
#[cfg(test)]
mod testing;
mod text;
mod upload;
mod value;
mod writer;

pub use codec::Codec;
pub use error::{Problem, SettingsError, StorageError, ValueError, WriteError};
pub use layout::{Coordinate, Layout};
pub use object_text::ObjectText;
pub use objects::{ObjectStorage, Reference};
pub use raw::Fingerprint;
pub use rows::Rows;
pub use settings::Settings;
pub use state::StateScope;
pub use writer::{Ended, ObjectWriter};
