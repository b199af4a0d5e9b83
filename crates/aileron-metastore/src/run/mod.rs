//! A Dag run as the one sees it who runs its tasks: the part of Airflow's scheduler that writes.
//!
//! What to do next is decided elsewhere. Here each decision has its effect on the database, the
//! one that Airflow's scheduler gives it, and none is repeated: a task instance that is not in the
//! state it should come from stays as it is.

mod clear;
mod expand;
mod glance;
mod orphan;
mod past;
mod resume;
mod state;
mod task_instances;
mod values;
mod wait;

use aileron_wire::message::DagRunState;

use crate::database::{Database, sql};
use crate::{Metastore, StoreError};

pub use glance::Untouched;
pub use task_instances::{PendingTrigger, TaskInstanceRecord};
pub use wait::DefaultAnswer;

/// A Dag run.
#[derive(Debug, Clone)]
pub struct Run {
    database: Database,
    dag_id: String,
    run_id: String,
}

impl Metastore {
    /// A Dag run. Nothing is looked up yet.
    #[must_use]
    pub fn run(&self, dag_id: impl Into<String>, run_id: impl Into<String>) -> Run {
        Run {
            database: self.database().clone(),
            dag_id: dag_id.into(),
            run_id: run_id.into(),
        }
    }
}

impl Run {
    /// The Dag.
    #[must_use]
    pub fn dag_id(&self) -> &str {
        &self.dag_id
    }

    /// The Dag run.
    #[must_use]
    pub fn run_id(&self) -> &str {
        &self.run_id
    }

    /// The state of the run.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoDagRun`], and those of the database.
    pub async fn state(&self) -> Result<DagRunState, StoreError> {
        let statement = sql("select state from dag_run where dag_id = $1 and run_id = $2")
            .bind(&self.dag_id)
            .bind(&self.run_id);
        let row = self.database.read().await?.optional(statement).await?;
        let row = row.ok_or_else(|| StoreError::NoDagRun {
            dag_id: self.dag_id.clone(),
            run_id: self.run_id.clone(),
        })?;
        Ok(row.get("state")?)
    }
}
