//! What may be kept in a state store.

use aileron_execution_api::ErrorKind;
use aileron_wire::json::RawJson;

use crate::failure::Failure;
use crate::key_length;

/// The longest key of a state store.
const KEY_LENGTH: usize = 512;

/// Refuses a key that is too long, and null: it could not be told from nothing.
pub(crate) fn check(store: &str, key: &str, value: &RawJson) -> Result<(), Failure> {
    key_length::check(store, key, KEY_LENGTH)?;
    if value.is_null() {
        return Err(Failure::because(
            ErrorKind::Invalid,
            "invalid_value",
            format!("null cannot be kept in {store}; delete the key instead"),
        ));
    }
    Ok(())
}

/// Reads what was stored.
pub(crate) fn read(store: &str, key: &str, text: String) -> Result<RawJson, Failure> {
    RawJson::from_text(text).map_err(|error| {
        Failure::because(
            ErrorKind::Conflict,
            "invalid_value",
            format!("what is stored under {key:?} in {store} is no JSON: {error}"),
        )
    })
}
