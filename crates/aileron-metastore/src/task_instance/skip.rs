//! A task skips others of its run.
//!
//! Source: `ti_skip_downstream` in `routes/task_instances.py` of Airflow 3.3.2.

use aileron_wire::message::SkippedTask;
use jiff::Timestamp;
use uuid::Uuid;

use super::subject;
use crate::database::{Database, sql};
use crate::failure::Failure;

/// Skips task instances of the same run that neither run nor have succeeded or failed. A task
/// without a map index means its instance without one.
pub(crate) async fn skip_downstream(
    database: &Database,
    ti_id: Uuid,
    tasks: Vec<SkippedTask>,
) -> Result<(), Failure> {
    let mut transaction = database.begin().await?;
    let select = sql("select dag_id, run_id from task_instance where id = $1").bind(ti_id);
    let row = transaction
        .optional(select)
        .await?
        .ok_or_else(subject::missing)?;
    let (dag_id, run_id): (String, String) = (row.get("dag_id")?, row.get("run_id")?);
    let now = Timestamp::now();
    for task in tasks {
        let (task_id, map_index) = match task {
            SkippedTask::Task(task_id) => (task_id, -1),
            SkippedTask::Mapped(task_id, map_index) => (task_id, map_index),
        };
        let statement = sql(
            "update task_instance set state = 'skipped', start_date = $5, end_date = $5, \
             updated_at = $5 where dag_id = $1 and run_id = $2 and task_id = $3 \
             and map_index = $4 \
             and (state is null or state not in ('running', 'success', 'failed'))",
        )
        .bind(&dag_id)
        .bind(&run_id)
        .bind(task_id)
        .bind(map_index)
        .bind(now);
        transaction.execute(statement).await?;
    }
    Ok(transaction.commit().await?)
}
