//! Reading and writing Variables.

use serde::{Deserialize, Serialize};

use super::{defaults, defaults::required, message, redacted_debug};

/// Asks for a Variable. The answer is a [`VariableResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetVariable {
    /// The key.
    pub key: String,
}

message!(GetVariable);

/// A Variable. Its value may be a secret: `Debug` does not show it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct VariableResult {
    /// The key.
    pub key: String,
    /// The value.
    #[serde(deserialize_with = "required")]
    pub value: Option<String>,
}

redacted_debug!(VariableResult { key } hides { value });

message!(VariableResult, secret = true);

/// A Variable inside another message. Its value may be a secret: `Debug` does not show it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct VariableResponse {
    /// The key.
    pub key: String,
    /// The value.
    #[serde(deserialize_with = "required")]
    pub value: Option<String>,
}

redacted_debug!(VariableResponse { key } hides { value });

/// Asks for the keys of Variables, page by page. The answer is a [`VariableKeysResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetVariableKeys {
    /// Only keys that start with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// How many at most.
    #[serde(default = "defaults::thousand")]
    pub limit: i64,
    /// How many keys to leave out at the start.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub offset: i64,
}

impl Default for GetVariableKeys {
    fn default() -> Self {
        Self {
            prefix: None,
            limit: defaults::thousand(),
            offset: 0,
        }
    }
}

message!(GetVariableKeys);

/// One page of keys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct VariableKeysResult {
    /// The keys of this page.
    pub keys: Vec<String>,
    /// How many keys there are in all.
    pub total_entries: i64,
}

message!(VariableKeysResult);

/// Creates or replaces a Variable. Its value may be a secret: `Debug` does not show it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct PutVariable {
    /// The key.
    pub key: String,
    /// The value.
    #[serde(deserialize_with = "required")]
    pub value: Option<String>,
    /// What it is for.
    #[serde(deserialize_with = "required")]
    pub description: Option<String>,
}

redacted_debug!(PutVariable { key, description } hides { value });

message!(PutVariable, secret = true);

/// Deletes a Variable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DeleteVariable {
    /// The key.
    pub key: String,
}

message!(DeleteVariable);
