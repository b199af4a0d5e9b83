//! Options of Dags and tasks, under Airflow's names.

use std::time::Duration;

pub use aileron_bundle::TriggerRule;
use jiff::Timestamp;

use crate::AssetOrAlias;

/// Options of a task. What is left `None` is left to Airflow's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskOptions {
    /// How often a failed task is tried again.
    pub retries: Option<u32>,
    /// Pause before a retry.
    pub retry_delay: Option<Duration>,
    /// Longest run. The runtime cancels the task after it and fails it; it may be retried.
    pub execution_timeout: Option<Duration>,
    /// The queue that routes the task to its coordinator.
    pub queue: Option<String>,
    /// The pool the task takes its slot from.
    pub pool: Option<String>,
    /// Weight among queued tasks.
    pub priority_weight: Option<i32>,
    /// Which outcomes of the upstream tasks let this one run.
    pub trigger_rule: Option<TriggerRule>,
    /// Owner shown by Airflow.
    pub owner: Option<String>,
    /// Whether this task's instance of the previous run must have succeeded.
    pub depends_on_past: bool,
    /// Markdown documentation.
    pub doc_md: Option<String>,
    /// Assets that the task reads.
    pub inlets: Vec<AssetOrAlias>,
    /// Assets that the task writes.
    pub outlets: Vec<AssetOrAlias>,
}

/// Options of a Dag. What is left `None` is left to Airflow's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DagOptions {
    /// Cron expression or preset (`@daily`). `None`: runs only when triggered.
    pub schedule: Option<String>,
    /// First date of the schedule.
    pub start_date: Option<Timestamp>,
    /// Whether missed intervals are run.
    pub catchup: bool,
    /// Most runs at once.
    pub max_active_runs: Option<u32>,
    /// Tags, for finding the Dag.
    pub tags: Vec<String>,
    /// Markdown documentation.
    pub doc_md: Option<String>,
}
