//! What the run before lets a task of this one do.

use super::Run;
use crate::database::{DatabaseError, sql};

impl Run {
    /// Whether a task that depends on its past may run: there is no run with an earlier logical date, or all instances of the
    /// task in the last of them have succeeded or were skipped.
    ///
    /// Source: `PrevDagrunDep` of Airflow 3.3.2, for a Dag without catch-up.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn is_past_met(&self, task_id: &str) -> Result<bool, DatabaseError> {
        let mut session = self.database.read().await?;
        let before = sql(
            "select before.run_id as run_id from dag_run before \
             join dag_run this on this.dag_id = before.dag_id \
             where this.dag_id = $1 and this.run_id = $2 and before.logical_date < this.logical_date \
             order by before.logical_date desc limit 1",
        )
        .bind(&self.dag_id)
        .bind(&self.run_id);
        let Some(before) = session.optional(before).await? else {
            return Ok(true);
        };
        let before: String = before.get("run_id")?;
        let count = sql("select count(*) as all_of_them, \
             count(case when state in ('success', 'skipped') then 1 end) as good \
             from task_instance where dag_id = $1 and run_id = $2 and task_id = $3")
        .bind(&self.dag_id)
        .bind(before)
        .bind(task_id);
        let row = session.one(count).await?;
        let (all, good): (i64, i64) = (row.get("all_of_them")?, row.get("good")?);
        Ok(all > 0 && all == good)
    }
}
