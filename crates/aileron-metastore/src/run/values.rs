//! Over how many values a task is mapped.

use super::Run;
use crate::database::{DatabaseError, sql};

impl Run {
    /// How many values the task `upstream` has for a task that is mapped over it: the length that it pushed with its return
    /// value, or, when it is mapped itself, how many of its instances returned one. `None` when it has not pushed a length, or
    /// not all its instances are finished.
    ///
    /// Source: `get_task_map_length` of Airflow 3.3.2.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn mapped_length(&self, upstream: &str) -> Result<Option<u32>, DatabaseError> {
        let mut session = self.database.read().await?;
        let instances = sql("select count(*) as mapped, count(case when state in \
             ('success', 'failed', 'skipped', 'upstream_failed', 'removed') then 1 end) as finished \
             from task_instance \
             where dag_id = $1 and run_id = $2 and task_id = $3 and map_index >= 0");
        let row = session.one(self.of_task(instances, upstream)).await?;
        let (mapped, finished): (i64, i64) = (row.get("mapped")?, row.get("finished")?);
        if mapped > finished {
            return Ok(None);
        }
        let length = sql(if mapped > 0 {
            "select count(map_index) as length from xcom where dag_id = $1 and run_id = $2 \
             and task_id = $3 and map_index >= 0 and key = 'return_value'"
        } else {
            "select length from task_map where dag_id = $1 and run_id = $2 and task_id = $3 \
             and map_index < 0"
        });
        let row = session.optional(self.of_task(length, upstream)).await?;
        let length: Option<i64> = row.map(|row| row.get("length")).transpose()?;
        Ok(length.and_then(|length| u32::try_from(length).ok()))
    }
}
