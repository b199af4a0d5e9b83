//! Options of Dags and tasks, under Airflow's names.

use std::fmt;
use std::time::Duration;

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

macro_rules! trigger_rules {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)+) => {
        /// Which outcomes of the upstream tasks let a task run: Airflow's trigger rules (3.3.2, `TriggerRule`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        #[non_exhaustive]
        pub enum TriggerRule {
            $($(#[$doc])* $variant,)+
        }

        impl TriggerRule {
            /// The rule under the name Airflow gives it, `all_success` for instance.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The rule of that name, or `None`.
            pub const fn from_name(name: &str) -> Option<Self> {
                $(if same(name, $name) { return Some(Self::$variant); })+
                None
            }
        }
    };
}

trigger_rules! {
    /// All upstream tasks succeeded. The default.
    #[default]
    AllSuccess = "all_success",
    /// All upstream tasks failed or could not run.
    AllFailed = "all_failed",
    /// All upstream tasks are finished, however.
    AllDone = "all_done",
    /// All upstream tasks are finished, or at least one succeeded and none is still to run.
    AllDoneMinOneSuccess = "all_done_min_one_success",
    /// At least one upstream task is finished.
    OneDone = "one_done",
    /// At least one upstream task succeeded.
    OneSuccess = "one_success",
    /// At least one upstream task failed.
    OneFailed = "one_failed",
    /// No upstream task failed: each succeeded or was skipped.
    NoneFailed = "none_failed",
    /// No upstream task failed and at least one succeeded.
    NoneFailedMinOneSuccess = "none_failed_min_one_success",
    /// No upstream task was skipped.
    NoneSkipped = "none_skipped",
    /// All upstream tasks were skipped.
    AllSkipped = "all_skipped",
    /// Runs whatever the upstream tasks do.
    Always = "always",
}

impl fmt::Display for TriggerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// String equality that also works where a `const` is computed.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_rule_is_found_by_the_name_airflow_gives_it() {
        assert_eq!(
            TriggerRule::from_name("none_failed_min_one_success"),
            Some(TriggerRule::NoneFailedMinOneSuccess)
        );
        assert_eq!(TriggerRule::from_name("all_succes"), None);
        assert_eq!(TriggerRule::default().to_string(), "all_success");
    }
}
