//! The whole life of a try.

use std::sync::Arc;

use aileron_execution_api::ExecutionApi;

use crate::{Finished, Settings, Stop, SuperviseError, TaskCommand, TaskLog, Workload};

/// A try of a task instance, and all that is needed to run it.
pub struct Supervised {
    /// What answers the requests; it speaks for the task instance of `workload`.
    pub api: Arc<dyn ExecutionApi>,
    /// What to run.
    pub workload: Workload,
    /// The program that runs it.
    pub command: TaskCommand,
    /// Timeouts and the like.
    pub settings: Settings,
    /// Where its log goes.
    pub log: TaskLog,
    /// Ends it.
    pub stop: Stop,
}

/// Runs a try of a task instance until its process has ended, its log is written, and Airflow knows its state.
///
/// Needs a tokio runtime with I/O and time. Dropping the future kills the process group of the task; use `stop` to end it
/// in order.
///
/// # Errors
///
/// When the task body was not reached. Then nothing runs any more, and Airflow has not heard how it ended.
pub async fn supervise(task: Supervised) -> Result<Finished, SuperviseError> {
    let _ = task;
    Err(SuperviseError::Startup(
        "this part of Aileron is not there yet".to_owned(),
    ))
}
