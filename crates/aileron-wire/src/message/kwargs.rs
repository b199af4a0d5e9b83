//! Arguments of triggers and of the methods that go on after them.

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::Value;

use crate::json::{self, JsonMap};

/// Arguments, as a map or, where Airflow has encrypted them, as text.
///
/// The text may hold secrets, and so may the map: do not log either.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Kwargs {
    /// Arguments by name.
    Map(JsonMap),
    /// Encrypted arguments.
    Encrypted(String),
}

impl<'de> Deserialize<'de> for Kwargs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = json::tree(deserializer, |f| {
            f.write_str("arguments, as a map or a string")
        })?;
        match tree {
            Value::Object(map) => Ok(Self::Map(map)),
            Value::String(text) => Ok(Self::Encrypted(text)),
            _ => Err(D::Error::custom("arguments are a map or a string")),
        }
    }
}
