//! XComs in object storage.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aileron_config::Config;
use aileron_object_storage::Account;
use aileron_uri::ConnectionFields;
use aileron_wire::json::{self, JsonDecodeError, JsonEncodeError};
use aileron_wire::msgpack::{Token, token};
use aileron_xcom::storage::{Coordinate, Layout, ObjectStorage, Reference, Settings, ValueError};
use aileron_xcom::{XcomBackend, is_null};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;

use super::{KeepError, Kept, Object, ObjectStorageError};
use crate::Context;
use crate::context::xcom::{NIL, RETURN_VALUE};

/// What the configuration says about XComs, and the store.
#[derive(Debug)]
pub(crate) struct Storage {
    pub(super) config: Arc<Config>,
    backend: OnceCell<Option<Backend>>,
    pub(super) states: OnceCell<Option<Backend>>,
    /// The objects that this process wrote, by the key of their XCom.
    written: Mutex<HashMap<String, Reference>>,
}

/// A base, and what goes there.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) settings: Settings,
    pub(super) objects: ObjectStorage,
}

impl Storage {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self {
            config,
            backend: OnceCell::new(),
            states: OnceCell::new(),
            written: Mutex::default(),
        }
    }

    /// The backend of XComs; `None` when they lie in the database.
    pub(super) async fn backend(
        &self,
        context: &Context,
    ) -> Result<Option<&Backend>, ObjectStorageError> {
        let backend = self.backend.get_or_try_init(|| self.look(context)).await?;
        Ok(backend.as_ref())
    }

    async fn look(&self, context: &Context) -> Result<Option<Backend>, ObjectStorageError> {
        match XcomBackend::from_config(&self.config).map_err(ObjectStorageError::new)? {
            XcomBackend::Database => Ok(None),
            XcomBackend::Other(class) => {
                tracing::warn!(
                    target: "aileron.xcom",
                    class,
                    "[core] xcom_backend is `{class}`, a class that only Python knows: XComs are read as they are stored, and stored \
                     as they are pushed"
                );
                Ok(None)
            }
            XcomBackend::ObjectStorage => {
                let settings = Settings::of_xcoms(&self.config).map_err(ObjectStorageError::new)?;
                let objects = open(context, &settings).await?;
                Ok(Some(Backend { settings, objects }))
            }
        }
    }

    /// Whether XComs may lie in objects.
    pub(crate) async fn keeps_xcoms(&self, context: &Context) -> Result<bool, ObjectStorageError> {
        Ok(self.backend(context).await?.is_some())
    }

    /// Brings an XCom that is large enough into an object, and gives what is to be sent.
    pub(crate) async fn keep_xcom(
        &self,
        context: &Context,
        key: &str,
        encoded: Vec<u8>,
    ) -> Result<Kept, ObjectStorageError> {
        let Some(backend) = self.backend(context).await? else {
            return Ok(Kept::inline(encoded));
        };
        if !backend.settings.offloads(&encoded) {
            return Ok(Kept::inline(encoded));
        }
        let object = new_object(backend, context, key)?;
        let size = backend.objects.write(&object, encoded.into()).await;
        let size = size.map_err(ObjectStorageError::new)?;
        in_object(key, &object, size).map_err(ObjectStorageError::new)
    }

    /// Like [`keep_xcom`](Self::keep_xcom), for a value that is not encoded yet: one that goes into an object need not be.
    pub(crate) async fn keep_value<T: Serialize + ?Sized>(
        &self,
        context: &Context,
        key: &str,
        value: &T,
    ) -> Result<Kept, KeepError> {
        let backend = self.backend(context).await?;
        let to = backend.and_then(|backend| Some((backend, backend.settings.threshold?)));
        if let Some((backend, threshold)) = to {
            let object = new_object(backend, context, key)?;
            let written = backend.objects.write_value(&object, value, threshold).await;
            if let Some(size) = written? {
                return Ok(in_object(key, &object, size)?);
            }
        }
        Ok(Kept::inline(json::encode(value)?))
    }

    /// Like [`keep_value`](Self::keep_value), for what a task returns: a null is not stored at all, so that nothing is looked up for it.
    pub(crate) async fn keep_returned<T: Serialize + ?Sized>(
        &self,
        context: &Context,
        value: &T,
    ) -> Result<Kept, KeepError> {
        if is_null(value) {
            return Ok(Kept::inline(NIL.to_vec()));
        }
        self.keep_value(context, RETURN_VALUE, value).await
    }

    /// What becomes of objects when an XCom was sent. One that was replaced is deleted, and so is one that nobody wanted.
    pub(crate) async fn xcom_sent(&self, key: &str, object: Option<String>, accepted: bool) {
        let Some(Some(backend)) = self.backend.get() else {
            return;
        };
        let object = object.and_then(|text| backend.objects.reference(&text));
        let useless = if accepted {
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            let replaced = match object.clone() {
                Some(object) => written.insert(key.to_owned(), object),
                None => written.remove(key),
            };
            replaced.filter(|replaced| Some(replaced) != object.as_ref())
        } else {
            object
        };
        if let Some(useless) = useless
            && let Err(error) = backend.objects.delete(&useless).await
        {
            tracing::warn!(target: "aileron.xcom", key, "an object that no XCom refers to is left: {error}");
        }
    }

    /// The value in the object that an encoded XCom refers to; `None` for one that is a value itself.
    pub(crate) async fn xcom_object(
        &self,
        context: &Context,
        encoded: &[u8],
    ) -> Result<Option<Object>, ObjectStorageError> {
        let Some((backend, reference)) = self.referred(context, encoded).await? else {
            return Ok(None);
        };
        let text = backend.objects.read_text(&reference).await;
        Ok(Some(Object {
            text: text.map_err(ObjectStorageError::new)?,
            reference: reference.as_str().to_owned(),
        }))
    }

    /// The value in the object that an encoded XCom refers to, read; `None` for one that is a value itself.
    pub(crate) async fn xcom_value<T: DeserializeOwned>(
        &self,
        context: &Context,
        encoded: &[u8],
    ) -> Result<Option<Result<T, JsonDecodeError>>, ObjectStorageError> {
        let Some((backend, reference)) = self.referred(context, encoded).await? else {
            return Ok(None);
        };
        match backend.objects.read_value(&reference).await {
            Ok(value) => Ok(Some(Ok(value))),
            Err(ValueError::Decode(error)) => Ok(Some(Err(error))),
            Err(ValueError::Storage(error)) => Err(ObjectStorageError::new(error)),
        }
    }

    /// What an encoded XCom refers to, if it refers to an object.
    pub(super) async fn referred(
        &self,
        context: &Context,
        encoded: &[u8],
    ) -> Result<Option<(&Backend, Reference)>, ObjectStorageError> {
        let Some(backend) = self.backend(context).await? else {
            return Ok(None);
        };
        let reference = text_of(encoded).and_then(|text| backend.objects.reference(text));
        Ok(reference.map(|reference| (backend, reference)))
    }

    /// Deletes the object that an encoded XCom refers to, if it refers to one. Its row is gone by then.
    pub(crate) async fn delete_xcom(
        &self,
        context: &Context,
        encoded: &[u8],
    ) -> Result<(), ObjectStorageError> {
        let Some((backend, reference)) = self.referred(context, encoded).await? else {
            return Ok(());
        };
        let deleted = backend.objects.delete(&reference).await;
        deleted.map_err(ObjectStorageError::new)
    }
}

/// A new object for an XCom of this task instance.
pub(super) fn new_object(
    backend: &Backend,
    context: &Context,
    key: &str,
) -> Result<Reference, ObjectStorageError> {
    // The supervisor of 3.4 says which region the task instance is in, that of 3.3 knows none.
    let layout = match context.ti().region_id {
        Some(_) => Layout::Airflow34,
        None => Layout::Airflow33,
    };
    let object = backend.objects.xcom(layout, &coordinate(context), key);
    object.map_err(ObjectStorageError::new)
}

/// What is sent for a value that is in an object.
pub(super) fn in_object(key: &str, object: &Reference, size: u64) -> Result<Kept, JsonEncodeError> {
    tracing::debug!(target: "aileron.xcom", key, object = object.as_str(), size, "an XCom went into object storage");
    Ok(Kept {
        encoded: json::encode(object.as_str())?,
        object: Some(object.as_str().to_owned()),
    })
}

/// The task instance, as it is in the names of objects.
pub(super) fn coordinate(context: &Context) -> Coordinate<'_> {
    let ti = context.ti();
    Coordinate {
        dag_id: &ti.dag_id,
        run_id: &ti.run_id,
        task_id: &ti.task_id,
        ti_id: Some(ti.id),
    }
}

/// Opens the store with the connection that the base names.
pub(super) async fn open(
    context: &Context,
    settings: &Settings,
) -> Result<ObjectStorage, ObjectStorageError> {
    let account =
        match settings.base.connection_id() {
            None => None,
            Some(id) => {
                let connection = context.connections().get(id).await;
                let connection = connection.map_err(|error| {
                    ObjectStorageError::new(format!(
                        "the object store {} cannot be opened: {error}",
                        settings.base
                    ))
                })?;
                let account = Account::new(ConnectionFields {
                    conn_type: connection.conn_type,
                    host: connection.host,
                    schema: connection.schema,
                    login: connection.login,
                    password: connection.password,
                    port: connection.port,
                    extra: connection.extra,
                });
                Some(account.map_err(|error| {
                    ObjectStorageError::new(format!("connection `{id}`: {error}"))
                })?)
            }
        };
    ObjectStorage::open(settings, account.as_ref()).map_err(ObjectStorageError::new)
}

/// The text of an encoded string; `None` for everything else.
fn text_of(encoded: &[u8]) -> Option<&str> {
    match token(encoded, 0) {
        Ok((Token::String(range), _)) => std::str::from_utf8(&encoded[range]).ok(),
        _ => None,
    }
}
