//! A supervisor says that its task is alive.
//!
//! Source: `ti_heartbeat` in `routes/task_instances.py` of Airflow 3.3.2.

use aileron_execution_api::{ErrorKind, Heartbeat};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::subject;
use crate::database::{Database, DatabaseError, Row, Session, sql};
use crate::failure::Failure;

pub(crate) async fn heartbeat(
    database: &Database,
    ti_id: Uuid,
    heartbeat: Heartbeat,
) -> Result<(), Failure> {
    let latest = database.schema().latest_try();
    let update = sql(format!(
        "update task_instance as ti set last_heartbeat_at = $4, updated_at = $4 \
         where ti.id = $1 and ti.state = 'running' and ti.hostname = $2 and ti.pid = $3{latest}"
    ))
    .bind(ti_id)
    .bind(&heartbeat.hostname)
    .bind(heartbeat.pid)
    .bind(Timestamp::now());
    if database.change(update).await? > 0 {
        return Ok(());
    }
    let mut session = database.read().await?;
    let select = sql(format!(
        "select ti.state, ti.hostname, ti.pid from task_instance ti where ti.id = $1{latest}"
    ))
    .bind(ti_id);
    match session.optional(select).await? {
        Some(row) => Err(refusal(&row, &heartbeat)?),
        None => Err(gone(&mut session, ti_id).await?),
    }
}

fn refusal(row: &Row, heartbeat: &Heartbeat) -> Result<Failure, DatabaseError> {
    let hostname: Option<String> = row.get("hostname")?;
    let pid: Option<i64> = row.get("pid")?;
    let state: Option<String> = row.get("state")?;
    if hostname.as_ref() != Some(&heartbeat.hostname) || pid != Some(heartbeat.pid.into()) {
        let message = "TI is already running elsewhere";
        return Ok(Failure::detailed(
            ErrorKind::Conflict,
            message,
            json!({
                "reason": "running_elsewhere",
                "message": message,
                "current_hostname": hostname,
                "current_pid": pid,
            }),
        ));
    }
    let message = "TI is no longer in the running state and task should terminate";
    Ok(Failure::detailed(
        ErrorKind::Conflict,
        message,
        json!({"reason": "not_running", "message": message, "current_state": state}),
    ))
}

/// What to say about a task instance that is not there: it never was, or a later try took its place.
pub(crate) async fn gone(session: &mut Session, ti_id: Uuid) -> Result<Failure, DatabaseError> {
    let statement = sql(if session.schema().keeps_tries() {
        "select count(*) as n from task_instance where id = $1 and working_set is null"
    } else {
        "select count(*) as n from task_instance_history where task_instance_id = $1"
    });
    if session.one(statement.bind(ti_id)).await?.get::<i64>("n")? == 0 {
        return Ok(subject::missing());
    }
    Ok(Failure::because(
        ErrorKind::Gone,
        "not_found",
        "Task Instance not found, it may have been moved to the Task Instance History table",
    ))
}
