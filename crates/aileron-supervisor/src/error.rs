//! Why a task was not run.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use aileron_execution_api::ApiError;

use crate::Exit;

/// The task was not run: its body was not reached.
///
/// Once the task runs, everything that happens to it is a [`Finished`](crate::Finished).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuperviseError {
    /// The ports of the loopback interface could not be listened on.
    #[error("cannot listen on 127.0.0.1 for the task: {0}")]
    Listen(#[source] io::Error),
    /// The program could not be started.
    #[error("cannot start {}: {source}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The program ended before it had connected. Airflow was told nothing.
    #[error("{} ended with {exit} before it connected to its supervisor{}", program.display(), said(output))]
    Exited {
        /// The program.
        program: PathBuf,
        /// How it ended.
        exit: Exit,
        /// The end of what it printed.
        output: String,
    },
    /// The program did not connect in time, and was killed. Airflow was told nothing.
    #[error("{} did not connect to its supervisor within {after:?}{}", program.display(), said(output))]
    StartupTimeout {
        /// The program.
        program: PathBuf,
        /// How long was waited.
        after: Duration,
        /// The end of what it printed.
        output: String,
    },
    /// Airflow did not let the task instance start. The program was killed.
    #[error("Airflow did not let the task start: {0}")]
    NotStarted(#[source] Box<ApiError>),
    /// The caller asked for the end before the task had started. Airflow was told nothing.
    #[error("the task was stopped before it started")]
    Stopped,
}

fn said(output: &str) -> String {
    if output.is_empty() {
        "; it printed nothing".to_owned()
    } else {
        format!("; it printed:\n{output}")
    }
}
