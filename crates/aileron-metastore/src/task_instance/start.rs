//! A supervisor takes a task instance.
//!
//! Source: `ti_run` in `routes/task_instances.py` of Airflow 3.3.2.

use aileron_execution_api::{EnterRunning, ErrorKind};
use aileron_wire::message::{Kwargs, TIRunContext, TaskInstanceState};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::subject::{self, Subject};
use super::{arguments, log};
use crate::database::{DatabaseError, Session, sql};
use crate::failure::Failure;
use crate::{Metastore, dag_run, xcom};

/// Puts a task instance that is queued, or was cleared while it ran, into `running`. The same
/// supervisor may ask again: it may not have heard the answer.
pub(crate) async fn start(
    store: &Metastore,
    ti_id: Uuid,
    start: EnterRunning,
) -> Result<TIRunContext, Failure> {
    let mut transaction = store.database().begin().await?;
    let subject = subject::load(&mut transaction, ti_id)
        .await?
        .ok_or_else(subject::missing)?
        .with_team(store.settings());
    subject.scope.refuse_in_loop()?;
    if !is_same_start(&subject, &start) {
        match transaction.schema().keeps_tries() {
            false => refuse_other_states(&subject)?,
            true => refuse_unless_queued(&subject, &start)?,
        }
        let running = TaskInstanceState::Running;
        log::write_state(&mut transaction, &subject, running, Some(&start.hostname)).await?;
    }
    update(&mut transaction, &subject, &start).await?;
    let mut context = context(&mut transaction, &subject).await?;
    context.multi_team = store.settings().multi_team;
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
    Err(not_startable(subject))
}

fn not_startable(subject: &Subject) -> Failure {
    let message = "TI was not in a state where it could be marked as running";
    Failure::detailed(
        ErrorKind::Conflict,
        message,
        json!({
            "reason": "invalid_state",
            "message": message,
            "previous_state": subject.state,
        }),
    )
}

/// What was cleared while it ran has a row of its own for its next try since 3.4, so a start is only
/// of what is queued. Who did not start the try that is ending is told so in another way.
fn refuse_unless_queued(subject: &Subject, start: &EnterRunning) -> Result<(), Failure> {
    let started_here = subject.hostname.as_ref() == Some(&start.hostname)
        && subject.unixname.as_ref() == Some(&start.unixname)
        && subject.pid == Some(start.pid.into());
    if subject.is(TaskInstanceState::Restarting) && !started_here {
        return Err(Failure::detailed(
            ErrorKind::Conflict,
            "TI is being restarted, and was started elsewhere",
            json!({"reason": "running_elsewhere", "previous_state": subject.state}),
        ));
    }
    if subject.is(TaskInstanceState::Restarting) {
        return Err(not_startable(subject));
    }
    refuse_other_states(subject)
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
    let mut started = dag_run::query::for_start(session, &subject.scope, subject.id).await?;
    started.run.team_name.clone_from(&subject.team);
    let mut context = TIRunContext::new(started.run, subject.max_tries);
    context.task_reschedule_count = started.reschedules;
    if session.schema().keeps_tries() {
        context.first_task_reschedule_start_date = started.first_reschedule;
        context.arg_bindings = arguments::bindings(session, subject).await?;
    }
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
///
/// Since 3.4 a try has XComs of its own: there are some already when its process was replaced.
async fn xcom_keys(session: &mut Session, subject: &Subject) -> Result<Vec<String>, DatabaseError> {
    if session.schema().keeps_tries() {
        return xcom::keys_of_try(session, subject.id).await;
    }
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
