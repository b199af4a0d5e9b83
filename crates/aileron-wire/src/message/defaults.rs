//! What `serde` attributes of the messages call.

use serde::{Deserialize, Deserializer};

/// Reads a value whose key must be there, even where `serde` would take its absence for `None`.
pub(super) fn required<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::deserialize(deserializer)
}

pub(super) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Reads `null` as the default.
///
/// The published schema does not allow `null` in these fields, but the classes that the supervisor
/// really uses do, and it writes them out.
pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Like [`null_as_default`], for a map index.
pub(super) fn null_as_minus_one<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<i64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(minus_one))
}

/// Like [`null_as_default`], for a queue.
pub(super) fn null_as_default_queue<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(default_queue))
}

pub(super) fn minus_one() -> i64 {
    -1
}

pub(super) fn one() -> i64 {
    1
}

pub(super) fn thousand() -> i64 {
    1000
}

pub(super) fn yes() -> bool {
    true
}

pub(super) fn default_queue() -> String {
    "default".to_owned()
}

pub(super) fn some_true() -> Option<bool> {
    Some(true)
}

pub(super) fn some_false() -> Option<bool> {
    Some(false)
}

pub(super) fn some_zero() -> Option<i64> {
    Some(0)
}

pub(super) fn some_minus_one() -> Option<i64> {
    Some(-1)
}
