//! Reading one of several types that a key of the map tells apart.

use std::fmt;

use serde::de::{Deserializer, Error};
use serde_json::Value;

use crate::json;

/// Reads a map, checks that `key` is one of `known`, and lets `build` make the value.
///
/// These maps are small and rare, so they go through a tree, which gives a clear error when the
/// key is missing or unknown.
pub(super) fn read<'de, D, T>(
    deserializer: D,
    key: &'static str,
    known: &'static [&'static str],
    build: impl FnOnce(&str, Value) -> serde_json::Result<T>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    let expecting: fn(&mut fmt::Formatter<'_>) -> fmt::Result = match key {
        "kind" => |f| f.write_str("a JSON map tagged by kind"),
        _ => |f| f.write_str("a JSON map tagged by type"),
    };
    let tree = json::tree(deserializer, expecting)?;
    let Some(found) = tree.get(key) else {
        return Err(D::Error::missing_field(key));
    };
    let found = found.as_str().unwrap_or_default().to_owned();
    if !known.contains(&found.as_str()) {
        return Err(D::Error::unknown_variant(&found, known));
    }
    build(&found, tree).map_err(D::Error::custom)
}
