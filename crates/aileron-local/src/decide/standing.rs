//! How a run stands.

use aileron_wire::message::{DagRunState, TaskInstanceState};
use jiff::Timestamp;

use super::board::Board;
use super::instance::is_finished;
use crate::plan::TaskIndex;

/// How a run stands, once every decision of the moment is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Instances run, or may run.
    Active,
    /// Nothing runs; a retry or reschedule is due at this time.
    WaitsUntil(Timestamp),
    /// The run is over.
    Finished {
        /// How.
        state: DagRunState,
        /// Why.
        reason: FinishReason,
    },
    /// These tasks depend on their past, which does not let them run. Airflow keeps such a run waiting.
    BlockedByPast(Vec<TaskIndex>),
}

/// Why a run is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishReason {
    /// All tasks are finished, and none of the last ones failed.
    Success,
    /// All tasks are finished, and one of the last ones failed or could not run.
    TaskFailure,
    /// Nothing runs or waits, and yet there are unfinished instances: no trigger rule lets one of them run.
    Deadlock,
}

impl Board<'_> {
    /// How the run stands. Ask after [`decide`](Self::decide), when its steps are done.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let mut unfinished = self
            .instances()
            .filter(|instance| !is_finished(instance.state))
            .peekable();
        if unfinished.peek().is_none() {
            return self.finished();
        }
        if self.has_ready() || unfinished.any(|instance| is_underway(instance.state)) {
            return Standing::Active;
        }
        if let Some(due) = self.next_due() {
            return Standing::WaitsUntil(due);
        }
        let blocked = self.blocked_by_past();
        if blocked.is_empty() {
            Standing::Finished {
                state: DagRunState::Failed,
                reason: FinishReason::Deadlock,
            }
        } else {
            Standing::BlockedByPast(blocked)
        }
    }

    /// The last tasks of the Dag count; those among them that were removed do not.
    fn finished(&self) -> Standing {
        let failed = self.instances().any(|instance| {
            self.plan().task(instance.task).downstream.is_empty()
                && matches!(
                    instance.state,
                    Some(TaskInstanceState::Failed | TaskInstanceState::UpstreamFailed)
                )
        });
        if failed {
            Standing::Finished {
                state: DagRunState::Failed,
                reason: FinishReason::TaskFailure,
            }
        } else {
            Standing::Finished {
                state: DagRunState::Success,
                reason: FinishReason::Success,
            }
        }
    }

    /// Tasks with unfinished instances that depend on their past.
    fn blocked_by_past(&self) -> Vec<TaskIndex> {
        let mut tasks: Vec<_> = self
            .instances()
            .filter(|instance| !is_finished(instance.state))
            .map(|instance| instance.task)
            .filter(|task| self.plan().task(*task).depends_on_past)
            .collect();
        tasks.dedup();
        tasks
    }
}

/// Whether an instance in this state goes on by itself, or by what somebody waits for.
fn is_underway(state: Option<TaskInstanceState>) -> bool {
    matches!(
        state,
        Some(
            TaskInstanceState::Scheduled
                | TaskInstanceState::Queued
                | TaskInstanceState::Running
                | TaskInstanceState::Restarting
                | TaskInstanceState::Deferred
                | TaskInstanceState::AwaitingInput
        )
    )
}
