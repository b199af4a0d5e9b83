//! What a running task tells its supervisor.

use serde::{Deserialize, Serialize};

use super::message;
use crate::json::{JsonMap, free_form};

/// Reports the rendered template fields of the task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct SetRenderedFields {
    /// The fields by name.
    #[serde(deserialize_with = "free_form")]
    pub rendered_fields: JsonMap,
}

message!(SetRenderedFields);

/// Reports the name that the web page shows in place of the map index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct SetRenderedMapIndex {
    /// The name that the web page shows in place of the map index.
    pub rendered_map_index: String,
}

message!(SetRenderedMapIndex);

/// Asks the supervisor to end the task when it runs longer than this. Since 2026-10-30.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct SetExecutionTimeout {
    /// The limit in seconds, more than 0.
    pub timeout_seconds: f64,
}

message!(SetExecutionTimeout, since = V2026_10_30);
