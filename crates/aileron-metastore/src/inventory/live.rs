//! Task instances whose values may still be wanted.

use super::Inventory;
use crate::database::{DatabaseError, sql};

impl Inventory<'_> {
    /// Whether this task instance has an XCom, or has a state that is not its end and may push one yet.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn is_live(
        &self,
        dag_id: &str,
        run_id: &str,
        task_id: &str,
        map_index: i64,
    ) -> Result<bool, DatabaseError> {
        let statement = sql(
            "select 1 as live where exists (select 1 from xcom where dag_id = $1 and run_id = $2 and task_id = $3 \
             and map_index = $4) or exists (select 1 from task_instance where dag_id = $1 and run_id = $2 and task_id = $3 \
             and map_index = $4 and state not in ('success', 'failed', 'skipped', 'upstream_failed', 'removed'))",
        );
        let statement = statement
            .bind(dag_id)
            .bind(run_id)
            .bind(task_id)
            .bind(map_index);
        let mut session = self.store.database().read().await?;
        Ok(session.optional(statement).await?.is_some())
    }
}
