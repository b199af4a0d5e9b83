//! Bytes that tasks pass by reference: they lie in object storage beside the XComs, and the XCom says where.

mod local_file;
#[cfg(test)]
mod tests;

use std::path::Path;

use aileron_xcom::storage::Fingerprint;
use serde::{Deserialize, Serialize};
use tokio::fs::File;
use tokio::io::AsyncRead;

use self::local_file::{Partial, blame, unreadable, unwritable};
use super::{Context, ObjectStorageError};

/// What the bytes of an object are when nothing else is said.
const BYTES: &str = "bytes";

/// Bytes in object storage, passed by reference: return it, push it, take it as an argument.
///
/// What travels in the XCom is small. Python reads it as a dict:
///
/// | Key | Holds |
/// |---|---|
/// | `__aileron_object__` | 1, the version of this form |
/// | `uri` | the URL of the object, with the connection |
/// | `format` | what the bytes are: `bytes` or `parquet` |
/// | `size` | how many there are |
/// | `sha256` | their SHA-256, in hexadecimal digits |
///
/// The object lies below the base of the XComs, and goes when those of its task instance go: before the task is tried again or runs
/// again, and with [`Objects::delete`]. So keep no reference in a state store: the next try finds nothing behind it.
///
/// A task of Python reads it with what Airflow has: `ObjectStoragePath(value["uri"]).read_bytes()`. It may also make such a dict,
/// of any object below the base.
///
/// ```
/// use aileron::StoredObject;
/// use aileron::prelude::*;
///
/// #[task]
/// async fn export(cx: &Context) -> Result<StoredObject> {
///     Ok(cx.objects().put(vec![0; 5_000]).await?)
/// }
///
/// #[task]
/// async fn count(cx: &Context, export: StoredObject) -> Result<usize> {
///     Ok(cx.objects().get(&export).await?.len())
/// }
/// # fn main() -> Result<()> {
/// # let rt = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # rt.block_on(async {
/// # let directory = tempfile::tempdir()?;
/// # let airflow = aileron::testing::Airflow::new()
/// #     .config("core", "xcom_backend", "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend")
/// #     .config("common.io", "xcom_objectstorage_path", &format!("file://{}", directory.path().display()));
/// # let exported = export::run(&airflow.context("export")).await?;
/// # assert_eq!(count::run(&airflow.context("count"), exported).await?, 5_000);
/// # Ok(()) })
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredObject {
    #[serde(rename = "__aileron_object__")]
    version: Version,
    /// The URL of the object.
    pub uri: String,
    /// What the bytes are.
    pub format: String,
    /// How many there are.
    pub size: u64,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// The version of the form of a [`StoredObject`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
struct Version;

impl TryFrom<u8> for Version {
    type Error = String;

    fn try_from(version: u8) -> Result<Self, String> {
        match version {
            1 => Ok(Self),
            other => Err(format!(
                "version {other} of a stored object; this SDK knows version 1"
            )),
        }
    }
}

impl From<Version> for u8 {
    fn from(Version: Version) -> Self {
        1
    }
}

/// Writes and reads bytes that are passed by reference, see [`StoredObject`]. Out of [`Context::objects`].
///
/// It needs object storage for XComs: `[core] xcom_backend` and `[common.io] xcom_objectstorage_path`. The threshold says nothing here.
#[derive(Debug, Clone, Copy)]
pub struct Objects<'a> {
    context: &'a Context,
}

impl<'a> Objects<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// Writes bytes into an object.
    ///
    /// # Errors
    /// When XComs are not in object storage, or the store does not take it.
    pub async fn put(&self, bytes: impl AsRef<[u8]>) -> Result<StoredObject, ObjectStorageError> {
        self.put_reader(bytes.as_ref()).await
    }

    /// Writes a file into an object. Memory holds a few parts of 5 MiB, however large the file is.
    ///
    /// # Errors
    /// As [`Objects::put`], and when the file cannot be read.
    pub async fn put_file(
        &self,
        path: impl AsRef<Path>,
    ) -> Result<StoredObject, ObjectStorageError> {
        let path = path.as_ref();
        let file = File::open(path)
            .await
            .map_err(|error| unreadable(path, &error))?;
        let written = self.put_reader(file).await;
        written.map_err(|error| blame(error, path, unreadable))
    }

    /// Writes all that there is to read into an object. Memory holds a few parts of 5 MiB, however much it is.
    ///
    /// # Errors
    /// As [`Objects::put`], and when reading fails.
    pub async fn put_reader(
        &self,
        source: impl AsyncRead + Unpin,
    ) -> Result<StoredObject, ObjectStorageError> {
        self.put_as(BYTES, "", source).await
    }

    /// Reads the bytes of an object.
    ///
    /// # Errors
    /// When XComs are not in object storage, or the object is not below their base, is missing, cannot be read, or is not what was
    /// written.
    pub async fn get(&self, object: &StoredObject) -> Result<Vec<u8>, ObjectStorageError> {
        let storage = &self.context.inner.storage;
        let bytes = storage.raw_bytes(self.context, &object.uri).await?;
        check(object, &Fingerprint::of(&bytes))?;
        Ok(bytes)
    }

    /// Reads the bytes of an object into a file, which is replaced when all has come. Until then they are in a file
    /// `.aileron-*.partial` of their own beside it, which goes when something fails. Memory holds a few chunks, however large the object is.
    ///
    /// # Errors
    /// As [`Objects::get`], and when the file cannot be written.
    pub async fn get_file(
        &self,
        object: &StoredObject,
        path: impl AsRef<Path>,
    ) -> Result<(), ObjectStorageError> {
        let path = path.as_ref();
        let storage = &self.context.inner.storage;
        let (partial, file) = Partial::create(path)?;
        let came = storage.raw_into(self.context, &object.uri, file).await;
        check(
            object,
            &came.map_err(|error| blame(error, path, unwritable))?,
        )?;
        partial.persist()
    }

    /// Deletes an object; one that is not there is fine.
    ///
    /// # Errors
    /// When XComs are not in object storage, the object is not below their base, or the store does not do it.
    pub async fn delete(&self, object: &StoredObject) -> Result<(), ObjectStorageError> {
        let storage = &self.context.inner.storage;
        storage.delete_raw(self.context, &object.uri).await
    }

    async fn put_as(
        &self,
        format: &str,
        suffix: &str,
        source: impl AsyncRead + Unpin,
    ) -> Result<StoredObject, ObjectStorageError> {
        let storage = &self.context.inner.storage;
        let (uri, written) = storage.put_raw(self.context, suffix, source).await?;
        Ok(StoredObject {
            version: Version,
            uri,
            format: format.to_owned(),
            size: written.size,
            sha256: written.sha256,
        })
    }
}

fn check(object: &StoredObject, came: &Fingerprint) -> Result<(), ObjectStorageError> {
    if came.size == object.size && came.sha256 == object.sha256 {
        return Ok(());
    }
    Err(ObjectStorageError::new(format!(
        "the object {} is not what was written: it has {} bytes and the SHA-256 {}, not {} bytes and {}",
        object.uri, came.size, came.sha256, object.size, object.sha256
    )))
}

#[cfg(feature = "arrow")]
mod frame {
    use aileron_xcom::python::DataFrame;

    use super::{ObjectStorageError, Objects, StoredObject};

    impl Objects<'_> {
        /// Writes record batches into an object, as a Parquet file. `pandas.read_parquet(ObjectStoragePath(uri).open("rb"))` reads it.
        ///
        /// # Errors
        /// As [`Objects::put`], and when the batches cannot be a Parquet file.
        pub async fn put_frame(
            &self,
            frame: &DataFrame,
        ) -> Result<StoredObject, ObjectStorageError> {
            let file = frame.to_parquet().map_err(ObjectStorageError::new)?;
            self.put_as("parquet", ".parquet", &file[..]).await
        }

        /// Reads record batches out of an object that is a Parquet file.
        ///
        /// # Errors
        /// As [`Objects::get`], and when the bytes are no Parquet file.
        pub async fn get_frame(
            &self,
            object: &StoredObject,
        ) -> Result<DataFrame, ObjectStorageError> {
            let file = self.get(object).await?;
            DataFrame::from_parquet(file).map_err(|error| {
                ObjectStorageError::new(format!("the object {}: {error}", object.uri))
            })
        }
    }
}
