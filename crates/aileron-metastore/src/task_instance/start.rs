//! A supervisor takes a task instance.
//!
//! Source: `ti_run` in `routes/task_instances.py` of Airflow 3.3.2.

use aileron_execution_api::{EnterRunning, ErrorKind};
use aileron_wire::message::{Kwargs, TIRunContext, TaskInstanceState};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::log;
use super::subject::{self, Subject};
use crate::dag_run;
use crate::database::{Database, DatabaseError, Session, sql};
use crate::failure::Failure;

/// Puts a task instance that is queued, or was cleared while it ran, into `running`. The same
/// supervisor may ask again: it may not have heard the answer.
pub(crate) async fn start(
    database: &Database,
    ti_id: Uuid,
    start: EnterRunning,
) -> Result<TIRunContext, Failure> {
    let mut transaction = database.begin().await?;
    let subject = subject::load(&mut transaction, ti_id)
        .await?
        .ok_or_else(subject::missing)?;
    if !is_same_start(&subject, &start) {
        refuse_other_states(&subject)?;
        let running = TaskInstanceState::Running;
        log::write_state(&mut transaction, &subject, running, Some(&start.hostname)).await?;
    }
    update(&mut transaction, &subject, &start).await?;
    let context = context(&mut transaction, &subject).await?;
    transaction.commit().await?;
    Ok(context)
}

fn is_same_start(subject: &Subject, start: &EnterRunning) -> bool {
    subject.is(TaskInstanceState::Running)
        && subject.hostname.as_ref() == Some(&start.hostname)
        && subject.unixname.as_ref() == Some(&start.unixname)
        && subject.pid == Some(start.pid.into())
}

fn refuse_other_states(subject: &Subject) -> Result<(), Failure> {
    if subject.is(TaskInstanceState::Queued) || subject.is(TaskInstanceState::Restarting) {
        return Ok(());
    }
    let message = "TI was not in a state where it could be marked as running";
    Err(Failure::detailed(
        ErrorKind::Conflict,
        message,
        json!({
            "reason": "invalid_state",
            "message": message,
            "previous_state": subject.state,
        }),
    ))
}

async fn update(
    session: &mut Session,
    subject: &Subject,
    start: &EnterRunning,
) -> Result<(), DatabaseError> {
    // A task that goes on after it waited started when it first did.
    let start_date = if is_resumed(subject) {
        subject.start_date
    } else {
        Some(start.start_date)
    };
    let statement = sql(
        "update task_instance set state = 'running', start_date = $2, end_date = null, \
         hostname = $3, unixname = $4, pid = $5, last_heartbeat_at = $6, updated_at = $6, \
         retry_delay_override = null, retry_reason = null where id = $1",
    )
    .bind(subject.id)
    .bind(start_date)
    .bind(&start.hostname)
    .bind(&start.unixname)
    .bind(start.pid)
    .bind(Timestamp::now());
    session.execute(statement).await?;
    Ok(())
}

/// As Python sees it: no arguments and an empty map of them are the same.
fn is_resumed(subject: &Subject) -> bool {
    match &subject.next_kwargs {
        None | Some(Value::Null) => false,
        Some(Value::Object(map)) => !map.is_empty(),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

async fn context(session: &mut Session, subject: &Subject) -> Result<TIRunContext, Failure> {
    let started = dag_run::query::for_start(session, &subject.scope, subject.id).await?;
    let mut context = TIRunContext::new(started.run, subject.max_tries);
    context.task_reschedule_count = started.reschedules;
    context.should_retry = should_retry(subject);
    match &subject.next_method {
        Some(method) => {
            context.next_method = Some(method.clone());
            context.next_kwargs = subject.next_kwargs.as_ref().and_then(kwargs);
            context.start_date = subject.start_date;
        }
        None if started.has_xcoms => {
            context.xcom_keys_to_clear = xcom_keys(session, subject).await?;
        }
        None => {}
    }
    Ok(context)
}

fn should_retry(subject: &Subject) -> bool {
    subject.is(TaskInstanceState::Restarting)
        || (subject.max_tries != 0 && subject.try_number <= subject.max_tries)
}

fn kwargs(value: &Value) -> Option<Kwargs> {
    match value {
        Value::Object(map) => Some(Kwargs::Map(map.clone())),
        Value::String(text) => Some(Kwargs::Encrypted(text.clone())),
        _ => None,
    }
}

/// The XComs of earlier tries. An instance without a map index clears those of all indexes.
async fn xcom_keys(session: &mut Session, subject: &Subject) -> Result<Vec<String>, DatabaseError> {
    let scope = &subject.scope;
    let mut statement = sql("select key from xcom where dag_id = ")
        .value(&scope.dag_id)
        .push(" and task_id = ")
        .value(&scope.task_id)
        .push(" and run_id = ")
        .value(&scope.run_id);
    if scope.map_index >= 0 {
        statement = statement.push(" and map_index = ").value(scope.map_index);
    }
    let rows = session
        .all(statement.push(" order by map_index, key"))
        .await?;
    rows.iter().map(|row| row.get("key")).collect()
}
