//! Values that are not read yet: as the database has them, or out of an object.

use aileron_wire::json::JsonDecodeError;
use aileron_wire::message::{GetXCom, GetXComSequenceSlice, Message};
use aileron_wire::msgpack::{self, Token};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::de::DeserializeOwned;

use super::{NIL, RETURN_VALUE, get_xcom};
use crate::comm::CommError;
use crate::context::ObjectStorageError;
use crate::context::storage::Object;
use crate::{Context, Result};

/// How many objects are read at once.
const AT_ONCE: usize = 8;

/// A value that is not read yet.
#[derive(Debug)]
pub(crate) enum Encoded {
    /// As the supervisor sent it.
    MessagePack(Bytes),
    /// As it lies in an object, JSON.
    Object(Object),
    /// The values of several instances, of which some lie in objects.
    Each(Vec<Encoded>),
}

impl Encoded {
    /// Reads it.
    pub(crate) fn decode<T: DeserializeOwned>(self) -> Result<T, JsonDecodeError> {
        match self {
            Self::MessagePack(encoded) => aileron_xcom::decode(&encoded),
            Self::Object(object) => object.text.decode(),
            Self::Each(values) => aileron_xcom::decode_json(&list(values)?),
        }
    }

    /// What Airflow shows of it, in MessagePack: the reference instead of what is in an object.
    pub(crate) fn shown(&self) -> Bytes {
        match self {
            Self::MessagePack(encoded) => encoded.clone(),
            Self::Object(object) => string(&object.reference),
            Self::Each(values) => {
                let mut list = Vec::new();
                let length = u32::try_from(values.len()).unwrap_or(u32::MAX);
                // A Vec takes every write.
                let _ = rmp::encode::write_array_len(&mut list, length);
                for value in values {
                    list.extend_from_slice(&value.shown());
                }
                list.into()
            }
        }
    }
}

fn string(text: &str) -> Bytes {
    let mut encoded = Vec::with_capacity(text.len() + 5);
    // A Vec takes every write.
    let _ = rmp::encode::write_str(&mut encoded, text);
    encoded.into()
}

/// One JSON text of several values.
fn list(values: Vec<Encoded>) -> Result<Vec<u8>, JsonDecodeError> {
    let mut text = b"[".to_vec();
    for value in values {
        if text.len() > 1 {
            text.push(b',');
        }
        match value {
            Encoded::MessagePack(encoded) => aileron_xcom::write_json(&encoded, &mut text)
                .map_err(|error| JsonDecodeError::Corrupt(error.to_string()))?,
            Encoded::Object(object) => object.text.append_to(&mut text),
            Encoded::Each(values) => text.extend_from_slice(&list(values)?),
        }
    }
    text.push(b']');
    Ok(text)
}

/// The values of a list.
pub(super) enum Page {
    /// None lies in an object: the list is read as it came.
    Together,
    /// Each on its own.
    Apart(Vec<Encoded>),
}

/// Reads what the elements of an encoded list refer to.
pub(super) async fn resolve(context: &Context, list: Bytes) -> Result<Page, ObjectStorageError> {
    let storage = &context.inner.storage;
    if !storage.keeps_xcoms(context).await? {
        return Ok(Page::Together);
    }
    let elements = elements(&list).map_err(ObjectStorageError::new)?;
    let values: Vec<Encoded> = stream::iter(elements)
        .map(|element| async move {
            let object = storage.xcom_object(context, &element).await?;
            Ok::<_, ObjectStorageError>(match object {
                Some(object) => Encoded::Object(object),
                None => Encoded::MessagePack(element),
            })
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let plain = |value: &Encoded| matches!(value, Encoded::MessagePack(_));
    Ok(if values.iter().all(plain) {
        Page::Together
    } else {
        Page::Apart(values)
    })
}

/// The elements of an encoded list, none copied.
fn elements(list: &Bytes) -> Result<Vec<Bytes>, msgpack::WalkError> {
    let (Token::Array(count), mut at) = msgpack::token(list, 0)? else {
        return Ok(Vec::new());
    };
    let mut elements = Vec::new();
    for _ in 0..count {
        let end = msgpack::skip(list, at)?;
        elements.push(list.slice(at..end));
        at = end;
    }
    Ok(elements)
}

/// An XCom as the database has it; `None` for a missing one.
pub(super) async fn stored(context: &Context, at: &GetXCom) -> Result<Option<Bytes>, CommError> {
    let encoded = match context.channel().send(at).await {
        Ok(reply) => reply.field(GetXCom::TYPE, "value")?,
        Err(error) if error.is_refused_with("XCOM_NOT_FOUND") => None,
        Err(error) => return Err(error),
    };
    Ok(encoded.filter(|encoded| *encoded != NIL[..]))
}

/// The return value of a task of this run, if there is one.
pub(crate) async fn pull_encoded(context: &Context, task_id: &str) -> Result<Option<Encoded>> {
    let request = get_xcom(context.ti(), task_id, RETURN_VALUE);
    let Some(encoded) = stored(context, &request).await? else {
        return Ok(None);
    };
    let object = context.inner.storage.xcom_object(context, &encoded).await?;
    Ok(match object {
        // A null in an object is a null.
        Some(object) => (!object.text.is_null()).then_some(Encoded::Object(object)),
        None => Some(Encoded::MessagePack(encoded)),
    })
}

/// The return values of all instances of a mapped task of this run, as a list.
pub(crate) async fn pull_each_encoded(context: &Context, task_id: &str) -> Result<Encoded> {
    let ti = context.ti();
    let request = GetXComSequenceSlice::new(
        RETURN_VALUE,
        &ti.dag_id,
        &ti.run_id,
        task_id,
        None,
        None,
        None,
    );
    let reply = context.channel().send(&request).await?;
    let list = reply.field(GetXComSequenceSlice::TYPE, "root")?;
    let list = list.ok_or_else(|| {
        CommError::bad_reply(GetXComSequenceSlice::TYPE, "there is no list in it")
    })?;
    Ok(match resolve(context, list.clone()).await? {
        Page::Together => Encoded::MessagePack(list),
        Page::Apart(values) => Encoded::Each(values),
    })
}
