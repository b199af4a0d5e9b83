//! A Dag that ends with its first failure.
//!
//! Source: `_stop_remaining_tasks` in `models/taskinstance.py` of Airflow 3.3.2.

use aileron_wire::message::TaskInstanceState;
use jiff::Timestamp;
use uuid::Uuid;

use super::log;
use super::subject::{self, Subject};
use crate::dag::data;
use crate::database::{DatabaseError, Session, sql};

/// Ends the other tasks of the run, if the Dag wants that: what runs fails, the rest is skipped.
/// Teardown tasks stay as they are.
pub(super) async fn stop_others(
    session: &mut Session,
    failed: &Subject,
) -> Result<(), DatabaseError> {
    if !failed.fail_fast {
        return Ok(());
    }
    let Some(version) = failed.dag_version_id else {
        return Ok(());
    };
    let Some(dag) = data::version(session, version).await? else {
        return Ok(());
    };
    let latest = session.schema().latest_try();
    let others = sql(format!(
        "select ti.id, ti.task_id from task_instance ti where ti.dag_id = $1 and ti.run_id = $2 \
         and ti.task_id <> $3 and (ti.state is null or ti.state not in ('success', 'failed')){latest}"
    ))
    .bind(&failed.scope.dag_id)
    .bind(&failed.scope.run_id)
    .bind(&failed.scope.task_id);
    for row in session.all(others).await? {
        let task_id: String = row.get("task_id")?;
        if !dag.task(&task_id).is_some_and(|task| task.is_teardown) {
            stop(session, row.get("id")?, failed).await?;
        }
    }
    Ok(())
}

async fn stop(session: &mut Session, id: Uuid, failed: &Subject) -> Result<(), DatabaseError> {
    let Some(mut other) = subject::load(session, id).await? else {
        return Ok(());
    };
    other.team.clone_from(&failed.team);
    let running = other.is(TaskInstanceState::Running);
    let (event, why, state) = if running {
        (
            "fail task",
            "Fails because another task failed, and the Dag has `fail_fast`.",
            TaskInstanceState::Failed,
        )
    } else {
        (
            "skip task",
            "Skipped because another task failed, and the Dag has `fail_fast`.",
            TaskInstanceState::Skipped,
        )
    };
    log::write(session, &other, event, Some(why)).await?;
    let statement = if running {
        sql("update task_instance set state = $2, updated_at = $3 where id = $1")
    } else {
        sql("update task_instance set state = $2, updated_at = $3, \
             start_date = coalesce(start_date, $3), end_date = coalesce(end_date, $3), \
             duration = coalesce(duration, 0) where id = $1")
    };
    let statement = statement
        .bind(id)
        .bind(state.as_str())
        .bind(Timestamp::now());
    session.execute(statement).await?;
    Ok(())
}
