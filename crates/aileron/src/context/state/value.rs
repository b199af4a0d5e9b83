//! Keys and values that both state stores take, and how a value comes back.

use aileron_wire::json;
use aileron_wire::msgpack::{Token, token};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{External, StateStoreError, size, unkept};
use crate::Context;
use crate::comm::{CommError, Reply};
use crate::context::StateOf;

/// The longest key, in characters: the width of the column (3.3.2, `task_state_store` and `asset_state_store`).
const LONGEST_KEY: usize = 512;
/// How a value that a worker backend stored elsewhere begins: `{"__airflow_state_ref__": ..}` in MessagePack.
const EXTERNAL: &[u8] = b"\x81\xb5__airflow_state_ref__";

pub(super) fn check_key(key: &str) -> Result<(), StateStoreError> {
    let reason = if key.is_empty() {
        "it is empty"
    } else if key.chars().count() > LONGEST_KEY {
        "it has more than 512 characters"
    } else if matches!(key, "." | "..") {
        // The key is the last part of a URL, where these two name another resource.
        "`.` and `..` mean something else in a URL"
    } else {
        return Ok(());
    };
    Err(StateStoreError::BadKey {
        key: key.chars().take(80).collect(),
        reason,
    })
}

/// Encodes a value that is to be stored.
pub(super) fn encode<T: Serialize + ?Sized>(
    key: &str,
    value: &T,
) -> Result<Vec<u8>, StateStoreError> {
    let encoded = json::encode(value).map_err(|error| StateStoreError::NotJson {
        key: key.to_owned(),
        reason: error.to_string(),
    })?;
    if encoded == [0xc0] {
        return Err(StateStoreError::Null {
            key: key.to_owned(),
        });
    }
    Ok(encoded)
}

/// Brings an encoded value into object storage, if the workers keep state there, and gives what the database is to hold then. Warns about a
/// large value that goes into the database; `place` names the store in the warning.
pub(super) async fn keep(
    context: &Context,
    of: StateOf<'_>,
    key: &str,
    encoded: &[u8],
    place: &str,
) -> Result<Option<External>, StateStoreError> {
    let storage = &context.inner.storage;
    let kept = storage.keep_state(context, of, key, encoded).await;
    if let Some(reference) = kept.map_err(|error| unkept(key, error))? {
        return Ok(Some(External { reference }));
    }
    let settings = &context.inner.state_settings;
    let limit = usize::try_from(settings.max_value_bytes()?).unwrap_or(0);
    if limit > 0
        && let Some(size) = size::above(limit, encoded)
    {
        tracing::warn!(
            target: "aileron.state_store",
            key, size, limit,
            "the value of key `{key}` in {place} has {size} bytes, more than `[state_store] max_value_storage_bytes` = {limit}; it is stored, \
             but the database is no place for large values"
        );
    }
    Ok(None)
}

/// The value out of the reply to a request for it; `None` when Airflow says `not_found`.
pub(super) async fn read<T: DeserializeOwned>(
    context: &Context,
    key: &str,
    request: &'static str,
    not_found: &str,
    reply: Result<Reply, CommError>,
) -> Result<Option<T>, StateStoreError> {
    let reply = match reply {
        Ok(reply) => reply,
        Err(error) if error.is_refused_with(not_found) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let Some(encoded) = reply.field(request, "value")? else {
        return Err(CommError::bad_reply(request, "it has no value").into());
    };
    let read = match reference(&encoded) {
        None => json::decode(&encoded),
        Some(reference) => {
            let text = context.inner.storage.state_text(context, reference).await;
            let text = text.map_err(|error| unkept(key, error))?;
            let text = text.ok_or_else(|| StateStoreError::External {
                key: key.to_owned(),
            })?;
            aileron_xcom::decode_json(&text)
        }
    };
    read.map(Some).map_err(|error| StateStoreError::Mismatch {
        key: key.to_owned(),
        expected: std::any::type_name::<T>(),
        reason: error.to_string(),
    })
}

/// What a worker backend said about a value that it keeps.
fn reference(encoded: &[u8]) -> Option<&str> {
    let rest = encoded.strip_prefix(EXTERNAL)?;
    match token(rest, 0) {
        Ok((Token::String(range), _)) => std::str::from_utf8(&rest[range]).ok(),
        _ => None,
    }
}
