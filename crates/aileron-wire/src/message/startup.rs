//! The first frame of a task process.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    arg_binding::TaskArgBinding, connection::ConnectionResponse, dag_run::DagRun, defaults,
    kwargs::Kwargs, message, task_instance::TaskInstance, variable::VariableResponse,
};
use crate::SchemaVersion;
use crate::json::{JsonMap, free_form};
use crate::time;

/// Says which task to run. It comes unasked, as the first frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct StartupDetails {
    /// The task instance.
    pub ti: TaskInstance,
    /// The Dag file, relative to its bundle.
    pub dag_rel_path: String,
    /// The Dag bundle.
    pub bundle_info: BundleInfo,
    /// When the supervisor started the task.
    #[serde(with = "time::timestamp")]
    pub start_date: Timestamp,
    /// What the Execution API knows about this run.
    pub ti_context: TIRunContext,
    /// The Python class of the Sentry integration; empty for none.
    pub sentry_integration: String,
}

impl StartupDetails {
    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        self.ti.strip(to);
        self.bundle_info.strip(to);
        self.ti_context.strip(to);
    }
}

message!(StartupDetails, downgrade = strip);

/// The Dag bundle that the Dag comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BundleInfo {
    /// The name.
    pub name: String,
    /// The version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What the bundle backend needs to find the version again. Since 2026-10-30.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub version_data: Option<JsonMap>,
}

impl BundleInfo {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: None,
            version_data: None,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.version_data = None;
        }
    }
}

/// What the Execution API knows about this run of the task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TIRunContext {
    /// The Dag run.
    pub dag_run: DagRun,
    /// The loop that the task runs in. Since 2026-10-30.
    #[serde(rename = "loop", default, skip_serializing_if = "Option::is_none")]
    pub loop_context: Option<LoopContext>,
    /// How often the task was rescheduled.
    #[serde(
        default,
        deserialize_with = "defaults::null_as_default",
        skip_serializing_if = "defaults::is_default"
    )]
    pub task_reschedule_count: i64,
    /// When the task was first rescheduled. Since 2026-10-30.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub first_task_reschedule_start_date: Option<Timestamp>,
    /// How many retries the task has.
    pub max_tries: i64,
    /// Variables that were sent along.
    #[serde(
        default,
        deserialize_with = "defaults::null_as_default",
        skip_serializing_if = "defaults::is_default"
    )]
    pub variables: Vec<VariableResponse>,
    /// Connections that were sent along.
    #[serde(
        default,
        deserialize_with = "defaults::null_as_default",
        skip_serializing_if = "defaults::is_default"
    )]
    pub connections: Vec<ConnectionResponse>,
    /// The method that goes on afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_method: Option<String>,
    /// The arguments of that method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_kwargs: Option<Kwargs>,
    /// XComs that the task must delete before its body runs.
    #[serde(
        default,
        deserialize_with = "defaults::null_as_default",
        skip_serializing_if = "defaults::is_default"
    )]
    pub xcom_keys_to_clear: Vec<String>,
    /// Whether a failure must be reported with [`RetryTask`](super::RetryTask).
    #[serde(
        default,
        deserialize_with = "defaults::null_as_default",
        skip_serializing_if = "defaults::is_default"
    )]
    pub should_retry: bool,
    /// When the task first started, where that was before this process.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub start_date: Option<Timestamp>,
    /// The arguments of the task; absent where the Dag is not a stub. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arg_bindings: Option<Vec<TaskArgBinding>>,
    /// Whether the installation has several teams. Since 2026-10-30.
    #[serde(
        default,
        deserialize_with = "defaults::null_as_default",
        skip_serializing_if = "defaults::is_default"
    )]
    pub multi_team: bool,
}

impl TIRunContext {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(dag_run: DagRun, max_tries: i64) -> Self {
        Self {
            dag_run,
            max_tries,
            loop_context: None,
            task_reschedule_count: 0,
            first_task_reschedule_start_date: None,
            variables: Vec::new(),
            connections: Vec::new(),
            next_method: None,
            next_kwargs: None,
            xcom_keys_to_clear: Vec::new(),
            should_retry: false,
            start_date: None,
            arg_bindings: None,
            multi_team: false,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.loop_context = None;
            self.first_task_reschedule_start_date = None;
            self.arg_bindings = None;
            self.multi_team = false;
        }
    }
}

/// The loop that a task runs in. Since 2026-10-30.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoopContext {
    /// The loop in the Dag.
    pub node_id: String,
    /// The iteration, from 0.
    pub index: i64,
    /// How many iterations there may be.
    pub max_iterations: i64,
    /// The task that decides whether the loop goes on.
    pub terminal_task_id: String,
    /// Whether that task is mapped.
    pub terminal_is_mapped: bool,
}
