//! Without the feature `object-storage`: an error where the configuration asks for it.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::sync::Arc;
use std::task::{Context as Waker, Poll};

use aileron_config::Config;
use aileron_wire::json::{self, JsonDecodeError};
use aileron_xcom::{XcomBackend, keeps_states_in_objects};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{KeepError, Kept, KeptText, Object, ObjectStorageError, Row, StateOf};
use crate::Context;
use crate::context::xcom::NIL;

/// There is none.
#[derive(Debug)]
pub(crate) enum ObjectText {}

impl ObjectText {
    pub(crate) fn decode<T: DeserializeOwned>(self) -> Result<T, JsonDecodeError> {
        match self {}
    }

    pub(crate) fn is_null(&self) -> bool {
        match *self {}
    }

    pub(crate) fn append_to(self, _: &mut Vec<u8>) {
        match self {}
    }
}

/// There are none.
#[derive(Debug)]
pub(crate) enum Rows<T> {
    #[expect(dead_code, reason = "it cannot be made")]
    Never(Infallible, PhantomData<T>),
}

impl<T> Rows<T> {
    pub(crate) fn poll(&mut self, _: &mut Waker<'_>) -> Poll<Option<Row<T>>> {
        match self {
            Self::Never(never, _) => match *never {},
        }
    }
}

/// There is none.
#[derive(Debug)]
pub(crate) enum TextWriter {}

impl TextWriter {
    pub(crate) async fn write(&mut self, _piece: Vec<u8>) -> Result<(), ObjectStorageError> {
        match *self {}
    }

    pub(crate) async fn end(self, _key: &str) -> Result<KeptText, KeepError> {
        match self {}
    }
}

#[derive(Debug)]
pub(crate) struct Storage {
    config: Arc<Config>,
}

impl Storage {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self { config }
    }

    fn check(&self) -> Result<(), ObjectStorageError> {
        match XcomBackend::from_config(&self.config).map_err(ObjectStorageError::new)? {
            XcomBackend::ObjectStorage => Err(ObjectStorageError::new(
                "[core] xcom_backend keeps XComs in object storage, and this bundle was built without that: build it with the \
                 feature `object-storage` of the crate `aileron`, which is on unless `default-features = false`",
            )),
            XcomBackend::Database | XcomBackend::Other(_) => Ok(()),
        }
    }

    pub(crate) async fn keep_xcom(
        &self,
        _context: &Context,
        _key: &str,
        encoded: Vec<u8>,
    ) -> Result<Kept, ObjectStorageError> {
        self.check()?;
        Ok(Kept::inline(encoded))
    }

    pub(crate) async fn keep_value<T: Serialize + ?Sized>(
        &self,
        _context: &Context,
        _key: &str,
        value: &T,
    ) -> Result<Kept, KeepError> {
        self.check()?;
        Ok(Kept::inline(json::encode(value)?))
    }

    pub(crate) async fn keep_returned<T: Serialize + ?Sized>(
        &self,
        _context: &Context,
        value: &T,
    ) -> Result<Kept, KeepError> {
        let encoded = json::encode(value)?;
        if encoded != NIL {
            self.check()?;
        }
        Ok(Kept::inline(encoded))
    }

    pub(crate) async fn xcom_sent(&self, _key: &str, _object: Option<String>, _accepted: bool) {}

    pub(crate) async fn xcom_object(
        &self,
        _context: &Context,
        _encoded: &[u8],
    ) -> Result<Option<Object>, ObjectStorageError> {
        self.check()?;
        Ok(None)
    }

    pub(crate) async fn xcom_value<T: DeserializeOwned>(
        &self,
        _context: &Context,
        _encoded: &[u8],
    ) -> Result<Option<Result<T, JsonDecodeError>>, ObjectStorageError> {
        self.check()?;
        Ok(None)
    }

    pub(crate) async fn xcom_rows<T>(
        &self,
        _context: &Context,
        _encoded: &[u8],
    ) -> Result<Option<Rows<T>>, ObjectStorageError> {
        self.check()?;
        Ok(None)
    }

    pub(crate) async fn xcom_writer(
        &self,
        _context: &Context,
        _key: &str,
    ) -> Result<Option<TextWriter>, ObjectStorageError> {
        self.check()?;
        Ok(None)
    }

    pub(crate) async fn keeps_xcoms(&self, _context: &Context) -> Result<bool, ObjectStorageError> {
        self.check()?;
        Ok(false)
    }

    pub(crate) async fn delete_xcom(
        &self,
        _context: &Context,
        _encoded: &[u8],
    ) -> Result<(), ObjectStorageError> {
        Ok(())
    }

    pub(crate) async fn clear_raw(&self, _context: &Context) -> Result<(), ObjectStorageError> {
        self.check()
    }

    fn check_states(&self) -> Result<(), ObjectStorageError> {
        if keeps_states_in_objects(&self.config).map_err(ObjectStorageError::new)? {
            return Err(ObjectStorageError::new(
                "[workers] state_store_backend keeps state in object storage, and this bundle was built without that: build it with \
                 the feature `object-storage` of the crate `aileron`, which is on unless `default-features = false`",
            ));
        }
        Ok(())
    }

    pub(crate) async fn keep_state(
        &self,
        _context: &Context,
        _of: StateOf<'_>,
        _key: &str,
        _encoded: &[u8],
    ) -> Result<Option<String>, ObjectStorageError> {
        self.check_states()?;
        Ok(None)
    }

    pub(crate) async fn state_text(
        &self,
        _context: &Context,
        _reference: &str,
    ) -> Result<Option<Vec<u8>>, ObjectStorageError> {
        self.check_states()?;
        Ok(None)
    }

    pub(crate) async fn delete_state(
        &self,
        _context: &Context,
        _of: StateOf<'_>,
        _key: &str,
    ) -> Result<(), ObjectStorageError> {
        self.check_states()
    }

    pub(crate) async fn forgets_states(
        &self,
        _context: &Context,
    ) -> Result<bool, ObjectStorageError> {
        Ok(false)
    }

    pub(crate) async fn clear_states(
        &self,
        _context: &Context,
        _of: StateOf<'_>,
    ) -> Result<(), ObjectStorageError> {
        self.check_states()
    }
}
