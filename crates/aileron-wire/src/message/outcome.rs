//! How a task ended. Each of these is the last request of a process.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::text_enum::text_enum;
use super::{asset::AssetProfile, kwargs::Kwargs, message};
use crate::SchemaVersion;
use crate::json::{JsonMap, free_form};
use crate::time;

/// The task succeeded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct SucceedTask {
    /// The state.
    #[serde(default)]
    pub state: SuccessState,
    /// When it ended.
    #[serde(with = "time::timestamp")]
    pub end_date: Timestamp,
    /// The outlets of the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_outlets: Option<Vec<AssetProfile>>,
    /// Extra data for the events of the outlets.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub outlet_events: Option<Vec<JsonMap>>,
    /// The name that the web page shows in place of the map index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered_map_index: Option<String>,
    /// What the loop gate decided. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loop_decision: Option<LoopDecisionPayload>,
}

impl SucceedTask {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(end_date: Timestamp) -> Self {
        Self {
            end_date,
            state: SuccessState::default(),
            task_outlets: None,
            outlet_events: None,
            rendered_map_index: None,
            loop_decision: None,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.loop_decision = None;
        }
    }
}

message!(SucceedTask, downgrade = strip);

/// The task failed and shall run again. Send it only when the supervisor said `should_retry`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct RetryTask {
    /// The state.
    #[serde(default)]
    pub state: UpForRetryState,
    /// When it ended.
    #[serde(with = "time::timestamp")]
    pub end_date: Timestamp,
    /// The name that the web page shows in place of the map index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered_map_index: Option<String>,
    /// The delay before the next attempt, in seconds; the delay of the task when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_delay_seconds: Option<f64>,
    /// Why; people read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_reason: Option<String>,
}

impl RetryTask {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(end_date: Timestamp) -> Self {
        Self {
            end_date,
            state: UpForRetryState::default(),
            rendered_map_index: None,
            retry_delay_seconds: None,
            retry_reason: None,
        }
    }
}

message!(RetryTask);

/// The task failed for good, was skipped, or does not exist any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct TaskState {
    /// The state.
    pub state: TerminalState,
    /// When it ended; now when absent.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub end_date: Option<Timestamp>,
    /// The name that the web page shows in place of the map index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered_map_index: Option<String>,
    /// Why; people read it. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_reason: Option<String>,
    /// What the loop gate decided. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loop_decision: Option<LoopDecisionPayload>,
}

impl TaskState {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(state: TerminalState) -> Self {
        Self {
            state,
            end_date: None,
            rendered_map_index: None,
            retry_reason: None,
            loop_decision: None,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.retry_reason = None;
            self.loop_decision = None;
        }
    }
}

message!(TaskState, downgrade = strip);

text_enum! {
    /// The states that a [`TaskState`] can report.
    TerminalState {
        Failed = "failed",
        Skipped = "skipped",
        Removed = "removed",
    }
}

/// The task waits for a trigger and leaves its worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DeferTask {
    /// The state.
    #[serde(default)]
    pub state: DeferredState,
    /// The Python class of the trigger.
    pub classpath: String,
    /// The arguments of the trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_kwargs: Option<Kwargs>,
    /// How long to wait for the trigger.
    #[serde(
        with = "time::optional_duration",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub trigger_timeout: Option<SignedDuration>,
    /// The queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The method that goes on afterwards.
    pub next_method: String,
    /// The arguments of that method.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub next_kwargs: Option<JsonMap>,
    /// The name that the web page shows in place of the map index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered_map_index: Option<String>,
}

impl DeferTask {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(classpath: impl Into<String>, next_method: impl Into<String>) -> Self {
        Self {
            classpath: classpath.into(),
            next_method: next_method.into(),
            state: DeferredState::default(),
            trigger_kwargs: None,
            trigger_timeout: None,
            queue: None,
            next_kwargs: None,
            rendered_map_index: None,
        }
    }
}

message!(DeferTask);

/// The task wants to run again at a later time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct RescheduleTask {
    /// The state.
    #[serde(default)]
    pub state: UpForRescheduleState,
    /// When to run again.
    #[serde(with = "time::timestamp")]
    pub reschedule_date: Timestamp,
    /// When this attempt ended.
    #[serde(with = "time::timestamp")]
    pub end_date: Timestamp,
}

impl RescheduleTask {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(reschedule_date: Timestamp, end_date: Timestamp) -> Self {
        Self {
            reschedule_date,
            end_date,
            state: UpForRescheduleState::default(),
        }
    }
}

message!(RescheduleTask);

/// The task waits for a person and leaves its worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct AwaitInputTask {
    /// The state.
    #[serde(default)]
    pub state: AwaitingInputState,
    /// How long to wait.
    #[serde(
        with = "time::optional_duration",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub timeout: Option<SignedDuration>,
    /// The method that goes on afterwards.
    pub next_method: String,
    /// The arguments of that method.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub next_kwargs: Option<JsonMap>,
    /// The name that the web page shows in place of the map index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered_map_index: Option<String>,
}

impl AwaitInputTask {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(next_method: impl Into<String>) -> Self {
        Self {
            next_method: next_method.into(),
            state: AwaitingInputState::default(),
            timeout: None,
            next_kwargs: None,
            rendered_map_index: None,
        }
    }
}

message!(AwaitInputTask);

/// Skips tasks behind this one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct SkipDownstreamTasks {
    /// The tasks to skip.
    pub tasks: Vec<SkippedTask>,
}

message!(SkipDownstreamTasks);

/// What a loop gate decided. Since 2026-10-30.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoopDecisionPayload {
    /// Whether the loop ends.
    pub stop: bool,
    /// Why; people read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl LoopDecisionPayload {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(stop: bool) -> Self {
        Self { stop, reason: None }
    }
}

/// A task to skip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SkippedTask {
    /// A task, or all map indexes of a mapped one.
    Task(String),
    /// One map index of a mapped task.
    Mapped(String, i64),
}

text_enum! {
    /// The only `state` of a [`SucceedTask`].
    #[derive(Default)]
    SuccessState {
        #[default]
        Success = "success",
    }
}

text_enum! {
    /// The only `state` of a [`RetryTask`].
    #[derive(Default)]
    UpForRetryState {
        #[default]
        UpForRetry = "up_for_retry",
    }
}

text_enum! {
    /// The only `state` of a [`DeferTask`].
    #[derive(Default)]
    DeferredState {
        #[default]
        Deferred = "deferred",
    }
}

text_enum! {
    /// The only `state` of a [`RescheduleTask`].
    #[derive(Default)]
    UpForRescheduleState {
        #[default]
        UpForReschedule = "up_for_reschedule",
    }
}

text_enum! {
    /// The only `state` of an [`AwaitInputTask`].
    #[derive(Default)]
    AwaitingInputState {
        #[default]
        AwaitingInput = "awaiting_input",
    }
}
