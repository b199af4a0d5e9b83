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
}

/// How a process of a task instance ended.
#[derive(Debug, Clone, PartialEq)]
pub enum StateUpdate {
    /// Failed, skipped or removed.
    Terminal(TerminalUpdate),
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
            Self::Success(_) => TaskInstanceState::Success,
            Self::Retry(_) => TaskInstanceState::UpForRetry,
            Self::Deferred(_) => TaskInstanceState::Deferred,
            Self::Rescheduled(_) => TaskInstanceState::UpForReschedule,
            Self::AwaitingInput(_) => TaskInstanceState::AwaitingInput,
        }
    }
}
