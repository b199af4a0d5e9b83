//! A mapped task becomes as many task instances as there are values.

use aileron_wire::message::TaskInstanceState;
use jiff::Timestamp;
use uuid::Uuid;

use super::Run;
use crate::database::{DatabaseError, Transaction, sql};

/// What each further instance has in common with the first.
const SHARED: &str = "task_id, dag_id, run_id, try_number, max_tries, hostname, unixname, pool, \
    pool_slots, queue, priority_weight, operator, custom_operator_name, executor, \
    executor_config, context_carrier, span_status, task_display_name, dag_version_id";

impl Run {
    /// Makes `length` task instances of a mapped task, with map indexes from 0. With a length of 0
    /// its one instance is skipped.
    ///
    /// Doing it again changes nothing; instances beyond the length are removed.
    ///
    /// Source: `TaskMap.expand_mapped_task` of Airflow 3.3.2.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn expand(&self, task_id: &str, length: u32) -> Result<(), DatabaseError> {
        let mut transaction = self.database.begin().await?;
        self.make_first(&mut transaction, task_id, length).await?;
        let last = self.last_index(&mut transaction, task_id).await?;
        if let Some(last) = last {
            for index in last + 1..i64::from(length) {
                self.insert(&mut transaction, task_id, index).await?;
            }
        }
        let beyond = sql("update task_instance set state = $4, updated_at = $5 \
             where dag_id = $1 and run_id = $2 and task_id = $3 and map_index >= $6")
        .bind(&self.dag_id)
        .bind(&self.run_id)
        .bind(task_id)
        .bind(TaskInstanceState::Removed.as_str())
        .bind(Timestamp::now())
        .bind(length);
        transaction.execute(beyond).await?;
        transaction.commit().await
    }

    /// The instance without an index becomes the first, or is skipped.
    async fn make_first(
        &self,
        transaction: &mut Transaction,
        task_id: &str,
        length: u32,
    ) -> Result<(), DatabaseError> {
        let statement = if length == 0 {
            sql(
                "update task_instance set state = 'skipped', updated_at = $4 \
                 where dag_id = $1 and run_id = $2 and task_id = $3 and map_index = -1 \
                 and (state is null or state not in \
                 ('success', 'failed', 'skipped', 'upstream_failed', 'removed'))",
            )
        } else {
            sql("update task_instance set map_index = 0, updated_at = $4 \
                 where dag_id = $1 and run_id = $2 and task_id = $3 and map_index = -1 \
                 and (state is null or state not in \
                 ('success', 'failed', 'skipped', 'upstream_failed', 'removed'))")
        };
        let statement = statement
            .bind(&self.dag_id)
            .bind(&self.run_id)
            .bind(task_id)
            .bind(Timestamp::now());
        transaction.execute(statement).await?;
        Ok(())
    }

    /// The highest map index; `None` when there are none.
    async fn last_index(
        &self,
        transaction: &mut Transaction,
        task_id: &str,
    ) -> Result<Option<i64>, DatabaseError> {
        let statement = sql("select max(map_index) as last from task_instance \
             where dag_id = $1 and run_id = $2 and task_id = $3 and map_index >= 0")
        .bind(&self.dag_id)
        .bind(&self.run_id)
        .bind(task_id);
        transaction.one(statement).await?.get("last")
    }

    async fn insert(
        &self,
        transaction: &mut Transaction,
        task_id: &str,
        index: i64,
    ) -> Result<(), DatabaseError> {
        let statement = sql(format!(
            "insert into task_instance (id, map_index, updated_at, {SHARED}) \
             select $4, $5, $6, {SHARED} from task_instance \
             where dag_id = $1 and run_id = $2 and task_id = $3 and map_index = 0"
        ))
        .bind(&self.dag_id)
        .bind(&self.run_id)
        .bind(task_id)
        .bind(Uuid::now_v7())
        .bind(index)
        .bind(Timestamp::now());
        transaction.execute(statement).await?;
        Ok(())
    }
}
