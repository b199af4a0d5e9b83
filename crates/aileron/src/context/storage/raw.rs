//! Bytes that are passed by reference.

use aileron_xcom::storage::{Fingerprint, ObjectStorage, Reference};
use tokio::io::{AsyncRead, AsyncWrite};

use super::ObjectStorageError;
use super::present::{Storage, coordinate};
use crate::Context;

impl Storage {
    /// Writes what there is to read into a new object, and tells its URL.
    pub(crate) async fn put_raw(
        &self,
        context: &Context,
        suffix: &str,
        source: impl AsyncRead + Unpin,
    ) -> Result<(String, Fingerprint), ObjectStorageError> {
        let objects = self.raw_objects(context).await?;
        let coordinate = coordinate(context);
        let object = objects.raw(&coordinate, context.ti().map_index, suffix);
        let object = object.map_err(ObjectStorageError::new)?;
        let written = objects.write_raw(&object, source).await;
        let written = written.map_err(ObjectStorageError::new)?;
        Ok((object.as_str().to_owned(), written))
    }

    pub(crate) async fn raw_bytes(
        &self,
        context: &Context,
        uri: &str,
    ) -> Result<Vec<u8>, ObjectStorageError> {
        let (objects, object) = self.find_raw(context, uri).await?;
        let bytes = objects.read_raw_bytes(&object).await;
        bytes.map_err(ObjectStorageError::new)
    }

    pub(crate) async fn raw_into(
        &self,
        context: &Context,
        uri: &str,
        target: impl AsyncWrite + Unpin,
    ) -> Result<Fingerprint, ObjectStorageError> {
        let (objects, object) = self.find_raw(context, uri).await?;
        let came = objects.read_raw(&object, target).await;
        came.map_err(ObjectStorageError::new)
    }

    pub(crate) async fn delete_raw(
        &self,
        context: &Context,
        uri: &str,
    ) -> Result<(), ObjectStorageError> {
        let (objects, object) = self.find_raw(context, uri).await?;
        let deleted = objects.delete(&object).await;
        deleted.map_err(ObjectStorageError::new)
    }

    /// Deletes what the task instance has passed by reference until now.
    pub(crate) async fn clear_raw(&self, context: &Context) -> Result<(), ObjectStorageError> {
        let Some(backend) = self.backend(context).await? else {
            return Ok(());
        };
        let map_index = context.ti().map_index;
        let coordinate = coordinate(context);
        let cleared = backend.objects.clear_raw(&coordinate, map_index).await;
        cleared.map_err(ObjectStorageError::new)
    }

    async fn raw_objects(&self, context: &Context) -> Result<&ObjectStorage, ObjectStorageError> {
        let backend = self.backend(context).await?.ok_or_else(|| {
            ObjectStorageError::new(
                "tasks pass bytes by reference only where XComs may lie in object storage: set [core] xcom_backend to \
                 airflow.providers.common.io.xcom.backend.XComObjectStorageBackend, and [common.io] xcom_objectstorage_path",
            )
        })?;
        Ok(&backend.objects)
    }

    async fn find_raw(
        &self,
        context: &Context,
        uri: &str,
    ) -> Result<(&ObjectStorage, Reference), ObjectStorageError> {
        let objects = self.raw_objects(context).await?;
        let object = objects.reference(uri).ok_or_else(|| {
            ObjectStorageError::new(format!(
                "{uri} is not below {}, where this worker keeps XComs",
                objects.base()
            ))
        })?;
        Ok((objects, object))
    }
}
