//! Where a probe runs.

use std::path::PathBuf;
use std::time::Duration;

use aileron_deployment::{Connection, Exec, Limits};

/// Where a probe runs: the Python of a worker or scheduler, here or elsewhere.
#[derive(Debug, clap::Args)]
pub(super) struct Context {
    /// The Python that has Airflow, on this machine.
    #[arg(
        long,
        value_name = "PATH",
        default_value = "python3",
        conflicts_with = "exec"
    )]
    python: PathBuf,
    /// A command that leads to that Python elsewhere, `kubectl exec -i -n airflow deploy/airflow-worker --` for instance; `python3 -` is
    /// added unless it ends with a Python.
    #[arg(long, value_name = "COMMAND")]
    exec: Option<String>,
}

impl Context {
    /// The command.
    pub(super) fn exec(&self) -> anyhow::Result<Exec> {
        Ok(match &self.exec {
            Some(command) => Exec::parse(command)?,
            None => Exec::new(vec![self.python.to_string_lossy().into_owned()]),
        })
    }
}

/// A probe that imports Airflow, talks to a store and reads every XCom's length takes its time.
pub(super) fn limits() -> Limits {
    Limits {
        silence: Duration::from_secs(600),
        statement: Duration::from_secs(600),
        connection: Connection::Airflow,
    }
}
