//! What of a run can be told at a glance.

use super::Run;
use crate::database::{DatabaseError, Statement, sql};

/// How many task instances have no state, and how many are skipped: tasks of a run change these of one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untouched {
    /// Without a state.
    pub unset: u64,
    /// In state `skipped`.
    pub skipped: u64,
}

impl Run {
    /// Counts the task instances that did not run.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn untouched(&self) -> Result<Untouched, DatabaseError> {
        let statement = sql("select count(*) - count(state) as unset, \
             count(case when state = 'skipped' then 1 end) as skipped \
             from task_instance where dag_id = $1 and run_id = $2")
        .bind(&self.dag_id)
        .bind(&self.run_id);
        let row = self.database.read().await?.one(statement).await?;
        let (unset, skipped): (i64, i64) = (row.get("unset")?, row.get("skipped")?);
        Ok(Untouched {
            unset: unset.unsigned_abs(),
            skipped: skipped.unsigned_abs(),
        })
    }

    /// Binds Dag, run and task, in this order.
    pub(super) fn of_task(&self, statement: Statement, task_id: &str) -> Statement {
        statement
            .bind(&self.dag_id)
            .bind(&self.run_id)
            .bind(task_id)
    }
}
