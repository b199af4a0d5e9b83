//! Arguments of a stub task, as the Dag file binds them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::defaults;
use crate::json::{JsonMap, free_form};

/// An argument that is the return value of another task. Since 2026-10-30.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename = "xcom")]
pub struct XComArgBinding {
    /// The name of the parameter.
    pub name: String,
    /// The JSON schema of the type that the Dag file gives the argument.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub value_schema: Option<JsonMap>,
    /// The task whose return value it is.
    pub task_id: String,
}

impl XComArgBinding {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(name: impl Into<String>, task_id: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            task_id: task_id.into(),
            value_schema: None,
        }
    }
}

/// An argument that is written in the Dag file. Since 2026-10-30.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename = "literal")]
pub struct LiteralArgBinding {
    /// The name of the parameter.
    pub name: String,
    /// The JSON schema of the type that the Dag file gives the argument.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub value_schema: Option<JsonMap>,
    /// The value.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Value::is_null"
    )]
    pub value: Value,
    /// Whether the Dag file left the argument out and its default counts.
    #[serde(
        default,
        deserialize_with = "defaults::null_as_default",
        skip_serializing_if = "defaults::is_default"
    )]
    pub from_default: bool,
}

impl LiteralArgBinding {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value_schema: None,
            value: Value::Null,
            from_default: false,
        }
    }
}

/// One argument of a stub task, in the order of the parameters.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TaskArgBinding {
    /// The return value of another task.
    XCom(XComArgBinding),
    /// A value written in the Dag file.
    Literal(LiteralArgBinding),
}

impl<'de> Deserialize<'de> for TaskArgBinding {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        super::tagged::read(deserializer, "kind", &["xcom", "literal"], |kind, tree| {
            Ok(match kind {
                "xcom" => Self::XCom(serde_json::from_value(tree)?),
                _ => Self::Literal(serde_json::from_value(tree)?),
            })
        })
    }
}
