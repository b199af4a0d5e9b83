//! Keys and values that both state stores take, and how a value comes back.

use aileron_wire::json;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::settings::StateSettings;
use super::{StateStoreError, size};
use crate::comm::{CommError, Reply};

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

/// Checks a value before it is sent and warns about a large one. `place` names the store in the warning.
pub(super) fn check<T: Serialize + ?Sized>(
    key: &str,
    value: &T,
    settings: &StateSettings,
    place: &str,
) -> Result<(), StateStoreError> {
    let encoded = json::encode(value).map_err(|error| StateStoreError::NotJson {
        key: key.to_owned(),
        reason: error.to_string(),
    })?;
    if encoded == [0xc0] {
        return Err(StateStoreError::Null {
            key: key.to_owned(),
        });
    }
    let limit = usize::try_from(settings.max_value_bytes()?).unwrap_or(0);
    if limit > 0
        && let Some(size) = size::above(limit, &encoded)
    {
        tracing::warn!(
            target: "aileron.state_store",
            key, size, limit,
            "the value of key `{key}` in {place} has {size} bytes, more than `[state_store] max_value_storage_bytes` = {limit}; it is stored, \
             but the database is no place for large values"
        );
    }
    Ok(())
}

/// The value out of the reply to a request for it; `None` when Airflow says `not_found`.
pub(super) fn read<T: DeserializeOwned>(
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
    if encoded.starts_with(EXTERNAL) {
        return Err(StateStoreError::External {
            key: key.to_owned(),
        });
    }
    json::decode(&encoded)
        .map(Some)
        .map_err(|error| StateStoreError::Mismatch {
            key: key.to_owned(),
            expected: std::any::type_name::<T>(),
            reason: error.to_string(),
        })
}
