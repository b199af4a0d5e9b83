//! Why a run was not run, or not to its end.

use std::path::PathBuf;

use aileron_execution_api::ApiError;

use crate::home::HomeError;
use crate::lock::LockError;
use crate::plan::PlanError;

/// Why a run was not run, or not to its end. What was done until then is stored, and the same call goes on with it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The database did not do what was asked.
    #[error("database {}: {message}", path.display())]
    Database {
        /// The database.
        path: PathBuf,
        /// What went wrong, for a person.
        message: String,
    },
    /// The directory of the run cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The run is not ours.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The Dag makes no sense.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The Dag has tasks that nobody can run here.
    #[error(
        "Dag {dag_id} has tasks of another language, which need an Airflow: {}. Run the Rust tasks one by one with --task",
        task_ids.join(", ")
    )]
    ExternalTasks {
        /// The Dag.
        dag_id: String,
        /// The tasks.
        task_ids: Vec<String>,
    },
    /// A task is named that the Dag does not have.
    #[error("Dag {dag_id} has no task {task_id}; it has {}", known.join(", "))]
    UnknownTask {
        /// The Dag.
        dag_id: String,
        /// The task.
        task_id: String,
        /// The tasks it has.
        known: Vec<String>,
    },
    /// A map index is named that the task does not have.
    #[error("task {task_id} has no map index {map_index}; in this run it has {count} instances")]
    UnknownMapIndex {
        /// The task.
        task_id: String,
        /// The map index.
        map_index: i64,
        /// How many instances there are.
        count: usize,
    },
    /// A run id that Airflow would not take.
    #[error("{run_id:?} is no run id: Airflow takes letters, digits and `_ . ~ : + -`")]
    BadRunId {
        /// What was given.
        run_id: String,
    },
    /// The process of an earlier run does not go away.
    #[error(
        "process {pid} of a task, left behind by an earlier `aileron run`, is still there; end it and try again"
    )]
    StillThere {
        /// The process.
        pid: u32,
    },
    /// The state of a task could not be stored.
    #[error("how task {task_id} ended could not be stored: {source}")]
    Undelivered {
        /// The task.
        task_id: String,
        /// Why.
        source: ApiError,
    },
}
