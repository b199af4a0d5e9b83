//! A task skips others of its run.
//!
//! Source: `ti_skip_downstream` in `routes/task_instances.py` of Airflow 3.3.2.

use aileron_wire::message::SkippedTask;
use jiff::Timestamp;
use uuid::Uuid;

use super::subject;
use crate::database::{Database, sql};
use crate::failure::Failure;
use crate::scope::{self, Scope};

/// Skips task instances of the same run that neither run nor have succeeded or failed. A task
/// without a map index means its instance without one.
pub(crate) async fn skip_downstream(
    database: &Database,
    ti_id: Uuid,
    tasks: Vec<SkippedTask>,
) -> Result<(), Failure> {
    let mut transaction = database.begin().await?;
    let scope = match Scope::of(&mut transaction, ti_id).await {
        Ok(scope) => scope,
        Err(Failure::Refused(_)) => return Err(subject::missing()),
        Err(failure) => return Err(failure),
    };
    scope.refuse_in_loop()?;
    let schema = transaction.schema();
    let (map_index_column, latest) = (schema.map_index(), schema.latest_try());
    let now = Timestamp::now();
    for task in tasks {
        let (task_id, map_index) = match task {
            // Since 3.4 a task without an index is all of it.
            SkippedTask::Task(task_id) if schema.keeps_tries() => (task_id, None),
            SkippedTask::Task(task_id) => (task_id, Some(-1)),
            SkippedTask::Mapped(task_id, map_index) => (task_id, Some(map_index)),
        };
        scope::refuse_loops(
            &mut transaction,
            &scope.dag_id,
            Some(&scope.run_id),
            &task_id,
        )
        .await?;
        let statement = sql(format!(
            "update task_instance as ti set state = 'skipped', start_date = $4, end_date = $4, \
             updated_at = $4 where ti.dag_id = $1 and ti.run_id = $2 and ti.task_id = $3 \
             and (ti.state is null or ti.state not in ('running', 'success', 'failed')){latest}"
        ))
        .bind(&scope.dag_id)
        .bind(&scope.run_id)
        .bind(task_id)
        .bind(now);
        let statement = match map_index {
            Some(index) => statement
                .push(" and ")
                .push(map_index_column)
                .push(" = ")
                .value(index),
            None => statement,
        };
        transaction.execute(statement).await?;
    }
    Ok(transaction.commit().await?)
}
