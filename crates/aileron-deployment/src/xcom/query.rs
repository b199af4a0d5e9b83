//! What is asked for, and what comes.

use jiff::Timestamp;
use serde::Serialize;

use super::{Resolved, Stored};

/// Which XComs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct XComQuery {
    /// Of this Dag.
    pub dag_id: String,
    /// Of this run.
    pub run_id: String,
    /// Under this key.
    pub key: String,
    /// Of this task, or of any.
    pub task_id: Option<String>,
    /// Of this instance of a mapped task, or of any; -1 for a task that is not mapped.
    pub map_index: Option<i64>,
    /// At most so many, the newest; all when not said.
    pub limit: Option<u64>,
    /// Whether values that lie in an object storage are fetched from there, where the probe runs. Only a probe can.
    pub resolve: bool,
}

/// An XCom as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XCom {
    /// The task.
    pub task_id: String,
    /// The instance of a mapped task; -1 for a task that is not mapped.
    pub map_index: i64,
    /// The key.
    pub key: String,
    /// When it was written.
    pub timestamp: Timestamp,
    /// What is stored.
    pub value: Stored,
    /// What lies in the object storage, if that was asked for and the value is a path there.
    pub resolved: Option<Resolved>,
}

/// Which Dag runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunQuery {
    /// Of this Dag.
    pub dag_id: String,
    /// At most so many, the newest; all when not said.
    pub limit: Option<u64>,
}

/// A Dag run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DagRun {
    /// Its id.
    pub run_id: String,
    /// `manual`, `scheduled`, `backfill`..
    pub run_type: String,
    /// Its state; none for a run that was never given one.
    pub state: Option<String>,
    /// Its logical date, which Airflow 2 calls execution date. A run of Airflow 3 may have none.
    pub logical_date: Option<Timestamp>,
    /// When it started.
    pub start_date: Option<Timestamp>,
    /// When it ended.
    pub end_date: Option<Timestamp>,
}
