//! Reading and writing XComs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{defaults, defaults::required, message};
use crate::SchemaVersion;

/// Asks for one XCom. The answer is an [`XComResult`], with a null value when there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetXCom {
    /// Whether to read from the iteration of the loop before this one. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub previous_iteration: bool,
    /// The key.
    pub key: String,
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The task.
    pub task_id: String,
    /// The map index; -1 for a task that is not mapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map_index: Option<i64>,
    /// Whether an XCom of an earlier run will do.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub include_prior_dates: bool,
}

impl GetXCom {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        key: impl Into<String>,
        dag_id: impl Into<String>,
        run_id: impl Into<String>,
        task_id: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            dag_id: dag_id.into(),
            run_id: run_id.into(),
            task_id: task_id.into(),
            previous_iteration: false,
            map_index: None,
            include_prior_dates: false,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.previous_iteration = false;
        }
    }
}

message!(GetXCom, downgrade = strip);

/// One XCom.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", bound(deserialize = "V: Deserialize<'de>"))]
pub struct XComResult<V = Value> {
    /// The key.
    pub key: String,
    /// The value.
    #[serde(deserialize_with = "required")]
    pub value: V,
}

message!(XComResult<V>);

/// Asks how many map indexes of a task have pushed a key. The answer is an [`XComCountResponse`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetXComCount {
    /// Whether to read from the iteration of the loop before this one. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub previous_iteration: bool,
    /// The key.
    pub key: String,
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The task.
    pub task_id: String,
}

impl GetXComCount {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        key: impl Into<String>,
        dag_id: impl Into<String>,
        run_id: impl Into<String>,
        task_id: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            dag_id: dag_id.into(),
            run_id: run_id.into(),
            task_id: task_id.into(),
            previous_iteration: false,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.previous_iteration = false;
        }
    }
}

message!(GetXComCount, downgrade = strip);

/// How many XComs there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct XComCountResponse {
    /// How many.
    pub len: i64,
}

message!(XComCountResponse);

/// Asks for one XCom of a mapped task by its position. The answer is an
/// [`XComSequenceIndexResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetXComSequenceItem {
    /// Whether to read from the iteration of the loop before this one. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub previous_iteration: bool,
    /// The key.
    pub key: String,
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The task.
    pub task_id: String,
    /// The position, from 0; negative counts from the end.
    pub offset: i64,
}

impl GetXComSequenceItem {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        key: impl Into<String>,
        dag_id: impl Into<String>,
        run_id: impl Into<String>,
        task_id: impl Into<String>,
        offset: i64,
    ) -> Self {
        Self {
            key: key.into(),
            dag_id: dag_id.into(),
            run_id: run_id.into(),
            task_id: task_id.into(),
            offset,
            previous_iteration: false,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.previous_iteration = false;
        }
    }
}

message!(GetXComSequenceItem, downgrade = strip);

/// One XCom of a mapped task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", bound(deserialize = "V: Deserialize<'de>"))]
pub struct XComSequenceIndexResult<V = Value> {
    /// What was asked for.
    #[serde(deserialize_with = "required")]
    pub root: V,
}

message!(XComSequenceIndexResult<V>);

/// Asks for some XComs of a mapped task, as a Python slice. The answer is an
/// [`XComSequenceSliceResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetXComSequenceSlice {
    /// Whether to read from the iteration of the loop before this one. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub previous_iteration: bool,
    /// The key.
    pub key: String,
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The task.
    pub task_id: String,
    /// The first position; null for the start.
    #[serde(deserialize_with = "required")]
    pub start: Option<i64>,
    /// The position behind the last; null for the end.
    #[serde(deserialize_with = "required")]
    pub stop: Option<i64>,
    /// The distance between positions; null for 1.
    #[serde(deserialize_with = "required")]
    pub step: Option<i64>,
    /// Whether an XCom of an earlier run will do.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub include_prior_dates: bool,
}

impl GetXComSequenceSlice {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        key: impl Into<String>,
        dag_id: impl Into<String>,
        run_id: impl Into<String>,
        task_id: impl Into<String>,
        start: Option<i64>,
        stop: Option<i64>,
        step: Option<i64>,
    ) -> Self {
        Self {
            key: key.into(),
            dag_id: dag_id.into(),
            run_id: run_id.into(),
            task_id: task_id.into(),
            start,
            stop,
            step,
            previous_iteration: false,
            include_prior_dates: false,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.previous_iteration = false;
        }
    }
}

message!(GetXComSequenceSlice, downgrade = strip);

/// Some XComs of a mapped task, in the order of their map indexes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", bound(deserialize = "V: Deserialize<'de>"))]
pub struct XComSequenceSliceResult<V = Value> {
    /// What was asked for.
    #[serde(deserialize_with = "required")]
    pub root: Vec<V>,
}

message!(XComSequenceSliceResult<V>);

/// Pushes an XCom. The answer has no body.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", bound(deserialize = "V: Deserialize<'de>"))]
pub struct SetXCom<V = Value> {
    /// The key.
    pub key: String,
    /// The value.
    #[serde(deserialize_with = "required")]
    pub value: V,
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The task.
    pub task_id: String,
    /// The map index; -1 for a task that is not mapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map_index: Option<i64>,
    /// Whether the value is the result of the whole Dag run.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub dag_result: bool,
    /// How many items the value has, when a task is mapped over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped_length: Option<i64>,
}

impl<V> SetXCom<V> {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        key: impl Into<String>,
        value: V,
        dag_id: impl Into<String>,
        run_id: impl Into<String>,
        task_id: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            value,
            dag_id: dag_id.into(),
            run_id: run_id.into(),
            task_id: task_id.into(),
            map_index: None,
            dag_result: false,
            mapped_length: None,
        }
    }
}

message!(SetXCom<V>);

/// Deletes an XCom. Deleting one that is not there succeeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DeleteXCom {
    /// The key.
    pub key: String,
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The task.
    pub task_id: String,
    /// The map index; -1 for a task that is not mapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map_index: Option<i64>,
}

impl DeleteXCom {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        key: impl Into<String>,
        dag_id: impl Into<String>,
        run_id: impl Into<String>,
        task_id: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            dag_id: dag_id.into(),
            run_id: run_id.into(),
            task_id: task_id.into(),
            map_index: None,
        }
    }
}

message!(DeleteXCom);
