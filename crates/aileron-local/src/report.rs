//! What came of a run.

use std::path::PathBuf;

use aileron_wire::json::JsonMap;
use aileron_wire::message::{DagRunState, TaskInstanceState};
use jiff::Timestamp;
use serde::Serialize;

/// How a run stands when `aileron run` ends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunReport {
    /// The Dag.
    pub dag_id: String,
    /// The run.
    pub run_id: String,
    /// Its state.
    pub state: DagRunState,
    /// How this call went.
    pub outcome: Outcome,
    /// The logical date.
    pub logical_date: Option<Timestamp>,
    /// When it first started.
    pub start_date: Option<Timestamp>,
    /// When it ended.
    pub end_date: Option<Timestamp>,
    /// Its conf.
    pub conf: JsonMap,
    /// The metadata database.
    pub database: PathBuf,
    /// Its task instances, in the order of the Dag and by map index.
    pub task_instances: Vec<InstanceReport>,
}

/// How a call of `aileron run` went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// What was to be run has succeeded.
    Success,
    /// What was to be run has failed.
    Failed,
    /// Tasks wait for an earlier run of the Dag.
    Blocked,
    /// It was interrupted; the same call goes on with it.
    Interrupted,
}

/// How a task instance stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstanceReport {
    /// The task.
    pub task_id: String,
    /// The map index; -1 when it has none.
    pub map_index: i64,
    /// Its state; null when it was never looked at.
    pub state: Option<TaskInstanceState>,
    /// The number of its last try; 0 before the first.
    pub try_number: i64,
    /// How many tries it may have at most.
    pub max_tries: i64,
    /// When its last try started.
    pub start_date: Option<Timestamp>,
    /// When its last try ended.
    pub end_date: Option<Timestamp>,
    /// How long its last try took, in seconds.
    pub duration: Option<f64>,
    /// The log of its last try; null before the first.
    pub log: Option<PathBuf>,
}
