//! How it ended.

use std::fmt;
use std::time::Duration;

use aileron_execution_api::ApiError;
use aileron_wire::message::TaskInstanceState;

/// How a try of a task instance ended.
#[derive(Debug)]
pub struct Finished {
    /// The state that the try ended in.
    pub state: FinalState,
    /// How the process ended.
    pub exit: Exit,
    /// Why the supervisor ended the process; `None` where it ended by itself.
    pub ended: Option<Ended>,
    /// Whether Airflow knows the state.
    pub delivery: Delivery,
    /// The process.
    pub pid: u32,
    /// How long the process was there.
    pub duration: Duration,
    /// What could not be written to a log, for a person; empty where all was.
    pub log_problems: Vec<String>,
}

/// The state that a try ended in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinalState {
    /// The state that the task said, or that follows from how its process ended.
    Task(TaskInstanceState),
    /// Airflow said, in answer to a heartbeat or to how the task ended, that the task should not be running. Its state is
    /// Airflow's and is left alone.
    ServerTerminated,
}

impl fmt::Display for FinalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(state) => f.write_str(state.as_str()),
            Self::ServerTerminated => f.write_str("SERVER_TERMINATED"),
        }
    }
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

impl Exit {
    /// Whether it exited with 0.
    #[must_use]
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {signal}"),
        }
    }
}

/// Why the supervisor ended a process.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Ended {
    /// The caller asked for it, by [`Stop`](crate::Stop).
    Stopped,
    /// Airflow said, in answer to a heartbeat, that the task should not be running.
    NotWanted(ApiError),
    /// Too many heartbeats in a row failed; the last one with this.
    NoHeartbeat(ApiError),
    /// It was still there long after it had said how the task ended.
    Overtime,
    /// It was still there long after the time it had set itself. Since Airflow 3.4.
    ExecutionTimeout,
    /// What an earlier try had left could not be deleted; a sentence for a person.
    NotPrepared(String),
    /// What it sent on the comm socket cannot be read; a sentence for a person.
    BadFrame(String),
}

/// Whether Airflow knows how a task ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivery {
    /// It has said so, or knew it before.
    Acknowledged,
    /// It did not take the state, and will not: it has another one, or does not know the task instance.
    Refused(ApiError),
    /// It could not be reached. It will notice that heartbeats stopped.
    Undelivered(ApiError),
}
