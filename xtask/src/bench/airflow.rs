//! The peer: Airflow's own supervisor and task runner.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use end_to_end::supervised::{Outcome, Supervisor, Task};
use end_to_end::{AirflowVersion, workspace_root};

/// An installed Airflow, and its supervisor once it was needed.
#[derive(Debug)]
pub(super) struct Airflow {
    version: AirflowVersion,
    pub(super) python: PathBuf,
    supervisor: Option<Supervisor>,
}

impl Airflow {
    pub(super) fn new(version: AirflowVersion, python: PathBuf) -> Self {
        Self {
            version,
            python,
            supervisor: None,
        }
    }

    /// Airflow's supervisor in a process that was just started.
    pub(super) fn fresh(&self) -> Result<Supervisor> {
        let dags = workspace_root().join("tests/bundles/bench/dags");
        Supervisor::start(self.version, Some(&dags))
    }

    /// The process that has run all tasks so far.
    pub(super) fn process(&self) -> Option<u32> {
        self.supervisor.as_ref().map(Supervisor::process)
    }

    /// Runs a task under Airflow's supervisor.
    pub(super) fn run(&mut self, task: &Task) -> Result<Outcome> {
        let supervisor = match self.supervisor.take() {
            Some(supervisor) => supervisor,
            None => self.fresh()?,
        };
        let outcome = self.supervisor.insert(supervisor).run(task)?;
        ensure!(
            outcome.final_state.as_deref() == Some("success"),
            "{} did not succeed: {outcome:#?}",
            task.task_id
        );
        Ok(outcome)
    }
}

/// A task of the Python twin of the benchmarks' Dag.
pub(super) fn python_task(task_id: &str) -> Task {
    Task::python("bench.py", "bench", task_id)
}
