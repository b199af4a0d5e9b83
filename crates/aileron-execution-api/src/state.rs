//! The states a task instance is put into by its supervisor.

use aileron_wire::message::{
    AwaitInputTask, DeferTask, RescheduleTask, RetryTask, SucceedTask, TaskInstanceState,
    TerminalState,
};
use jiff::Timestamp;

/// Says that the task instance has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnterRunning {
    /// The host it runs on.
    pub hostname: String,
    /// The user it runs as.
    pub unixname: String,
    /// Its process.
    pub pid: u32,
    /// When it started.
    pub start_date: Timestamp,
}

/// Says that the task instance is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// The host it runs on.
    pub hostname: String,
    /// Its process.
    pub pid: u32,
}

/// A terminal state that carries nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalUpdate {
    /// The state.
    pub state: TerminalState,
    /// When it ended.
    pub end_date: Timestamp,
    /// The label of this instance of a mapped task.
    pub rendered_map_index: Option<String>,
    /// Why it failed, where a retry policy said so. Since Airflow 3.4; its first 500 characters are
    /// kept.
    pub retry_reason: Option<String>,
}

impl TerminalUpdate {
    /// Without a label and without a reason.
    #[must_use]
    pub fn new(state: TerminalState, end_date: Timestamp) -> Self {
        Self {
            state,
            end_date,
            rendered_map_index: None,
            retry_reason: None,
        }
    }
}

/// A task did not run, because one that it waited for has failed. Schedulers say so, and a worker may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamFailed {
    /// When that was known.
    pub end_date: Timestamp,
    /// The label of this instance of a mapped task.
    pub rendered_map_index: Option<String>,
}

/// A process has ended because the server had said that the task should not run any more. Since
/// Airflow 3.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTerminated {
    /// When it ended.
    pub end_date: Timestamp,
    /// The host it ran on. Who does not say is not believed.
    pub hostname: Option<String>,
    /// Its process. Who does not say is not believed.
    pub pid: Option<i64>,
}

/// How a process of a task instance ended.
#[derive(Debug, Clone, PartialEq)]
pub enum StateUpdate {
    /// Failed, skipped or removed.
    Terminal(TerminalUpdate),
    /// Did not run, as a task before it failed.
    UpstreamFailed(UpstreamFailed),
    /// Succeeded, with the events of its outlets.
    Success(SucceedTask),
    /// Waits for another attempt.
    Retry(RetryTask),
    /// Waits for a trigger.
    Deferred(DeferTask),
    /// Waits for a time.
    Rescheduled(RescheduleTask),
    /// Waits for a person.
    AwaitingInput(AwaitInputTask),
}

impl StateUpdate {
    /// The state that the task instance is in afterwards.
    #[must_use]
    pub fn state(&self) -> TaskInstanceState {
        match self {
            Self::Terminal(update) => match update.state {
                TerminalState::Failed => TaskInstanceState::Failed,
                TerminalState::Skipped => TaskInstanceState::Skipped,
                TerminalState::Removed => TaskInstanceState::Removed,
            },
            Self::UpstreamFailed(_) => TaskInstanceState::UpstreamFailed,
            Self::Success(_) => TaskInstanceState::Success,
            Self::Retry(_) => TaskInstanceState::UpForRetry,
            Self::Deferred(_) => TaskInstanceState::Deferred,
            Self::Rescheduled(_) => TaskInstanceState::UpForReschedule,
            Self::AwaitingInput(_) => TaskInstanceState::AwaitingInput,
        }
    }
}
