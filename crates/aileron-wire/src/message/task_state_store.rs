//! State that survives the retries of one task instance.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{defaults::required, message};
use crate::time;

/// Asks for a value of the task state store. The answer is a [`TaskStateStoreResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetTaskStateStore {
    /// The task instance.
    pub ti_id: Uuid,
    /// The key.
    pub key: String,
}

message!(GetTaskStateStore);

/// A value of the task state store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", bound(deserialize = "V: Deserialize<'de>"))]
pub struct TaskStateStoreResult<V = Value> {
    /// The value.
    #[serde(deserialize_with = "required")]
    pub value: V,
}

message!(TaskStateStoreResult<V>);

/// Stores a value in the task state store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", bound(deserialize = "V: Deserialize<'de>"))]
pub struct SetTaskStateStore<V = Value> {
    /// The task instance.
    pub ti_id: Uuid,
    /// The key.
    pub key: String,
    /// The value.
    #[serde(deserialize_with = "required")]
    pub value: V,
    /// When the value expires; null for never.
    #[serde(with = "time::optional")]
    pub expires_at: Option<Timestamp>,
}

message!(SetTaskStateStore<V>);

/// Deletes one key of the task state store. Deleting one that is not there succeeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DeleteTaskStateStore {
    /// The task instance.
    pub ti_id: Uuid,
    /// The key.
    pub key: String,
}

message!(DeleteTaskStateStore);

/// Deletes every key of a task instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct ClearTaskStateStore {
    /// The task instance.
    pub ti_id: Uuid,
}

message!(ClearTaskStateStore);
