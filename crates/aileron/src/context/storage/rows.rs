//! Lists that are read and written row by row.

use std::pin::Pin;
use std::task::{Context as Waker, Poll, ready};

use aileron_xcom::storage::{self, Ended, ObjectWriter, ValueError};
use futures_util::Stream as _;
use serde::de::DeserializeOwned;

use super::present::{in_object, new_object};
use super::{KeepError, KeptText, ObjectStorageError, Row, Storage};
use crate::Context;

/// The rows of a list in an object.
#[derive(Debug)]
pub(crate) struct Rows<T>(storage::Rows<T>);

impl<T> Rows<T> {
    pub(crate) fn poll(&mut self, waker: &mut Waker<'_>) -> Poll<Option<Row<T>>> {
        let read = ready!(Pin::new(&mut self.0).poll_next(waker));
        Poll::Ready(read.map(|read| match read {
            Ok(value) => Ok(Ok(value)),
            Err(ValueError::Decode(error)) => Ok(Err(error)),
            Err(ValueError::Storage(error)) => Err(ObjectStorageError::new(error)),
        }))
    }
}

/// An XCom whose text comes piece by piece, on its way into an object.
#[derive(Debug)]
pub(crate) struct TextWriter(ObjectWriter);

impl TextWriter {
    pub(crate) async fn write(&mut self, piece: Vec<u8>) -> Result<(), ObjectStorageError> {
        let written = self.0.write(piece.into()).await;
        written.map_err(ObjectStorageError::new)
    }

    /// Ends the text of the XCom of this key.
    pub(crate) async fn end(self, key: &str) -> Result<KeptText, KeepError> {
        match self.0.end().await.map_err(ObjectStorageError::new)? {
            Ended::Object { reference, size } => {
                Ok(KeptText::Kept(in_object(key, &reference, size)?))
            }
            Ended::Short(pieces) => Ok(KeptText::Short(pieces.concat())),
        }
    }
}

impl Storage {
    /// The rows in the object that an encoded XCom refers to; `None` for one that is a value itself.
    pub(crate) async fn xcom_rows<T: DeserializeOwned + Send + 'static>(
        &self,
        context: &Context,
        encoded: &[u8],
    ) -> Result<Option<Rows<T>>, ObjectStorageError> {
        let Some((backend, reference)) = self.referred(context, encoded).await? else {
            return Ok(None);
        };
        let rows = backend.objects.read_rows(&reference).await;
        Ok(Some(Rows(rows.map_err(ObjectStorageError::new)?)))
    }

    /// The way into an object for an XCom whose text comes piece by piece; `None` when XComs lie in the database.
    pub(crate) async fn xcom_writer(
        &self,
        context: &Context,
        key: &str,
    ) -> Result<Option<TextWriter>, ObjectStorageError> {
        let backend = self.backend(context).await?;
        let to = backend.and_then(|backend| Some((backend, backend.settings.threshold?)));
        let Some((backend, threshold)) = to else {
            return Ok(None);
        };
        let object = new_object(backend, context, key)?;
        let writer = backend.objects.writer(&object, threshold);
        Ok(Some(TextWriter(writer.map_err(ObjectStorageError::new)?)))
    }
}
