//! The audit log: who did what to which task instance.

use aileron_wire::message::TaskInstanceState;
use jiff::Timestamp;
use serde_json::json;

use super::subject::Subject;
use crate::database::{DatabaseError, Session, sql};

/// Writes that a task instance has come into a state on a host.
pub(crate) async fn write_state(
    session: &mut Session,
    subject: &Subject,
    state: TaskInstanceState,
    hostname: Option<&str>,
) -> Result<(), DatabaseError> {
    // The space is Python's.
    let extra = hostname
        .filter(|hostname| !hostname.is_empty())
        .map(|hostname| format!("{{\"host_name\": {}}}", json!(hostname)));
    write(session, subject, state.as_str(), extra.as_deref()).await
}

/// Writes an event.
pub(crate) async fn write(
    session: &mut Session,
    subject: &Subject,
    event: &str,
    extra: Option<&str>,
) -> Result<(), DatabaseError> {
    let (column, value) = match session.schema().keeps_tries() {
        true => (", task_instance_id, team_name", ", $11, $12"),
        false => ("", ""),
    };
    let statement = sql(format!(
        "insert into log (dttm, dag_id, task_id, run_id, map_index, event, logical_date, owner, \
         extra, try_number{column}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10{value})"
    ))
    .bind(Timestamp::now())
    .bind(&subject.scope.dag_id)
    .bind(&subject.scope.task_id)
    .bind(&subject.scope.run_id)
    .bind(subject.scope.map_index)
    .bind(event)
    .bind(subject.logical_date)
    .bind(subject.owners.as_deref())
    .bind(extra)
    .bind(subject.try_number);
    let statement = match column {
        "" => statement,
        _ => statement.bind(subject.id).bind(subject.team.as_deref()),
    };
    session.execute(statement).await?;
    Ok(())
}
