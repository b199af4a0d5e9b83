//! Task instances and their states.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::text_enum::text_enum;
use super::{defaults, message};
use crate::SchemaVersion;
use crate::json::{JsonMap, free_form};
use crate::time;

/// The task instance that a message is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskInstance {
    /// The id.
    pub id: Uuid,
    /// The task.
    pub task_id: String,
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The number of the attempt, from 1.
    pub try_number: i64,
    /// The version of the Dag.
    pub dag_version_id: Uuid,
    /// The map index; -1 for a task that is not mapped.
    #[serde(
        default = "defaults::minus_one",
        deserialize_with = "defaults::null_as_minus_one"
    )]
    pub map_index: i64,
    /// The region of the Dag that the task instance belongs to, such as one iteration of a loop.
    /// Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_id: Option<Uuid>,
    /// The position of that region. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_index: Option<i64>,
    /// The host it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// W3C trace context.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub context_carrier: Option<JsonMap>,
    /// The queue.
    #[serde(
        default = "defaults::default_queue",
        deserialize_with = "defaults::null_as_default_queue"
    )]
    pub queue: String,
}

impl TaskInstance {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        id: Uuid,
        task_id: impl Into<String>,
        dag_id: impl Into<String>,
        run_id: impl Into<String>,
        try_number: i64,
        dag_version_id: Uuid,
    ) -> Self {
        Self {
            id,
            task_id: task_id.into(),
            dag_id: dag_id.into(),
            run_id: run_id.into(),
            try_number,
            dag_version_id,
            map_index: defaults::minus_one(),
            region_id: None,
            region_index: None,
            hostname: None,
            context_carrier: None,
            queue: defaults::default_queue(),
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.region_id = None;
            self.region_index = None;
        }
    }
}

text_enum! {
    /// The state of a task instance.
    TaskInstanceState {
        Removed = "removed",
        Scheduled = "scheduled",
        Queued = "queued",
        Running = "running",
        Success = "success",
        Restarting = "restarting",
        Failed = "failed",
        UpForRetry = "up_for_retry",
        UpForReschedule = "up_for_reschedule",
        UpstreamFailed = "upstream_failed",
        Skipped = "skipped",
        Deferred = "deferred",
        AwaitingInput = "awaiting_input",
    }
}

/// Asks for the task instance of an earlier run. The answer is a [`PreviousTIResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetPreviousTI {
    /// The Dag.
    pub dag_id: String,
    /// The task.
    pub task_id: String,
    /// Only runs before this logical date.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub logical_date: Option<Timestamp>,
    /// The map index; -1 for a task that is not mapped.
    #[serde(default = "defaults::minus_one")]
    pub map_index: i64,
    /// Only task instances in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<TaskInstanceState>,
}

impl GetPreviousTI {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(dag_id: impl Into<String>, task_id: impl Into<String>) -> Self {
        Self {
            dag_id: dag_id.into(),
            task_id: task_id.into(),
            logical_date: None,
            map_index: defaults::minus_one(),
            state: None,
        }
    }
}

message!(GetPreviousTI);

/// The task instance of an earlier run, if there is one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct PreviousTIResult {
    /// The task instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_instance: Option<PreviousTIResponse>,
}

impl PreviousTIResult {
    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if let Some(task_instance) = &mut self.task_instance {
            task_instance.strip(to);
        }
    }
}

message!(PreviousTIResult, downgrade = strip);

/// A task instance of an earlier run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviousTIResponse {
    /// The task.
    pub task_id: String,
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The logical date.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub logical_date: Option<Timestamp>,
    /// When it started.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub start_date: Option<Timestamp>,
    /// When it ended.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub end_date: Option<Timestamp>,
    /// The state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The number of the attempt, from 1.
    pub try_number: i64,
    /// The map index; -1 for a task that is not mapped.
    #[serde(default = "defaults::some_minus_one")]
    pub map_index: Option<i64>,
    /// The region of the Dag that the task instance belongs to, such as one iteration of a loop.
    /// Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_id: Option<Uuid>,
    /// The position of that region. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_index: Option<i64>,
    /// How long it ran, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
}

impl PreviousTIResponse {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        task_id: impl Into<String>,
        dag_id: impl Into<String>,
        run_id: impl Into<String>,
        try_number: i64,
    ) -> Self {
        Self {
            task_id: task_id.into(),
            dag_id: dag_id.into(),
            run_id: run_id.into(),
            try_number,
            logical_date: None,
            start_date: None,
            end_date: None,
            state: None,
            map_index: defaults::some_minus_one(),
            region_id: None,
            region_index: None,
            duration: None,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.region_id = None;
            self.region_index = None;
        }
    }
}

/// Asks how many task instances match. The answer is a [`TICount`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetTICount {
    /// The Dag.
    pub dag_id: String,
    /// The map index; -1 for a task that is not mapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map_index: Option<i64>,
    /// Only these tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_ids: Option<Vec<String>>,
    /// Only tasks of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_group_id: Option<String>,
    /// Only these logical dates.
    #[serde(
        with = "time::optional_list",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub logical_dates: Option<Vec<Timestamp>>,
    /// Only these Dag runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_ids: Option<Vec<String>>,
    /// Only these states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<Vec<String>>,
}

impl GetTICount {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(dag_id: impl Into<String>) -> Self {
        Self {
            dag_id: dag_id.into(),
            map_index: None,
            task_ids: None,
            task_group_id: None,
            logical_dates: None,
            run_ids: None,
            states: None,
        }
    }
}

message!(GetTICount);

/// How many task instances match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct TICount {
    /// How many.
    pub count: i64,
}

message!(TICount);

/// Asks for the states of task instances. The answer is a [`TaskStatesResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetTaskStates {
    /// The Dag.
    pub dag_id: String,
    /// The map index; -1 for a task that is not mapped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map_index: Option<i64>,
    /// Only these tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_ids: Option<Vec<String>>,
    /// Only tasks of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_group_id: Option<String>,
    /// Only these logical dates.
    #[serde(
        with = "time::optional_list",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub logical_dates: Option<Vec<Timestamp>>,
    /// Only these Dag runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_ids: Option<Vec<String>>,
}

impl GetTaskStates {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(dag_id: impl Into<String>) -> Self {
        Self {
            dag_id: dag_id.into(),
            map_index: None,
            task_ids: None,
            task_group_id: None,
            logical_dates: None,
            run_ids: None,
        }
    }
}

message!(GetTaskStates);

/// States of task instances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct TaskStatesResult {
    /// States by Dag run, and in them by task.
    #[serde(deserialize_with = "free_form")]
    pub task_states: JsonMap,
}

message!(TaskStatesResult);

/// Asks for what is known of the finished tasks of a run. The answer is a
/// [`TaskBreadcrumbsResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetTaskBreadcrumbs {
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
}

message!(GetTaskBreadcrumbs);

/// What is known of the finished tasks of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct TaskBreadcrumbsResult {
    /// One map for each task.
    #[serde(deserialize_with = "free_form")]
    pub breadcrumbs: Vec<JsonMap>,
}

message!(TaskBreadcrumbsResult);

/// Asks when the task was first rescheduled. The answer is a [`TaskRescheduleStartDate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetTaskRescheduleStartDate {
    /// The task instance.
    pub ti_id: Uuid,
    /// The attempt to look at.
    #[serde(default = "defaults::one")]
    pub try_number: i64,
}

impl GetTaskRescheduleStartDate {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(ti_id: Uuid) -> Self {
        Self {
            ti_id,
            try_number: defaults::one(),
        }
    }
}

message!(GetTaskRescheduleStartDate);

/// When the task was first rescheduled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct TaskRescheduleStartDate {
    /// When it started.
    #[serde(with = "time::optional")]
    pub start_date: Option<Timestamp>,
}

message!(TaskRescheduleStartDate);
