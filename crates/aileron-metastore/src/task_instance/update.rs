//! A supervisor says how its process ended.
//!
//! Source: `ti_update_state` in `routes/task_instances.py` of Airflow 3.3.2.

use aileron_execution_api::{ErrorKind, StateUpdate, TerminalUpdate};
use aileron_wire::message::{RescheduleTask, RetryTask, SucceedTask, TaskInstanceState};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::history::EndedTry;
use super::subject::{Subject, seconds};
use super::{attempt, fail_fast, history, log, subject, wait};
use crate::asset_event::{self, Producer};
use crate::database::{DatabaseError, Session, sql};
use crate::failure::{Failure, Refusal};
use crate::{Metastore, Settings, task_state_store};

/// The longest reason of a retry, in characters.
const REASON: usize = 500;

/// Puts a task instance that runs into another state. Saying the same again changes nothing.
///
/// A success whose asset events make no sense is a failure, as Airflow has it.
pub(crate) async fn update_state(
    store: &Metastore,
    ti_id: Uuid,
    update: StateUpdate,
) -> Result<(), Failure> {
    let database = store.database();
    let mut transaction = database.begin().await?;
    let Some(subject) = subject::load(&mut transaction, ti_id).await? else {
        // Before 3.4 nobody is told that another try has followed.
        attempt::check(database, ti_id, false).await?;
        return Err(subject::missing());
    };
    let subject = subject.with_team(store.settings());
    // The gate of a loop decides whether there is another pass, which its Dag says how to do.
    subject.scope.refuse_in_loop()?;
    if subject.is(update.state()) {
        return Ok(());
    }
    refuse_unless_running(&subject)?;
    match apply(&mut transaction, &subject, &update, store.settings()).await {
        Ok(state) => {
            log_state(&mut transaction, &subject, state).await?;
            if state == TaskInstanceState::Success && store.settings().clear_on_success {
                task_state_store::remove_of(&mut transaction, &subject.scope, None).await?;
            }
        }
        Err(Failure::Refused(refusal)) if !is_answer(&refusal) => {
            transaction.rollback().await?;
            transaction = database.begin().await?;
            let why = Some(refusal.message());
            log::write(&mut transaction, &subject, "asset events refused", why).await?;
            fail(&mut transaction, &subject, Timestamp::now(), None).await?;
            log_state(&mut transaction, &subject, TaskInstanceState::Failed).await?;
        }
        Err(failure) => return Err(failure),
    }
    Ok(transaction.commit().await?)
}

/// Whether a refusal is an answer to the request. All others make the task instance fail: it has
/// succeeded, and its asset events are nonsense.
fn is_answer(refusal: &Refusal) -> bool {
    refusal.kind() == ErrorKind::Unsupported || refusal.reason() == Some("invalid_partition_key")
}

fn refuse_unless_running(subject: &Subject) -> Result<(), Failure> {
    if subject.is(TaskInstanceState::Running) {
        return Ok(());
    }
    let message = "TI was not in the running state so it cannot be updated";
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

async fn log_state(
    session: &mut Session,
    subject: &Subject,
    state: TaskInstanceState,
) -> Result<(), DatabaseError> {
    log::write_state(session, subject, state, subject.hostname.as_deref()).await
}

/// Returns the state that the task instance is in now.
async fn apply(
    session: &mut Session,
    subject: &Subject,
    update: &StateUpdate,
    settings: &Settings,
) -> Result<TaskInstanceState, Failure> {
    match update {
        StateUpdate::Terminal(end) => terminal(session, subject, end, update.state()).await?,
        StateUpdate::UpstreamFailed(end) => {
            let label = end.rendered_map_index.as_deref();
            end_try(session, subject, update.state(), end.end_date, label).await?;
        }
        StateUpdate::Success(success) => {
            succeed(session, subject, success, settings.multi_team).await?;
        }
        StateUpdate::Retry(retry) => retry_later(session, subject, retry).await?,
        StateUpdate::Rescheduled(again) => reschedule(session, subject, again).await?,
        StateUpdate::Deferred(defer) => wait::defer(session, subject, defer).await?,
        StateUpdate::AwaitingInput(input) => {
            return wait::await_input(session, subject, input).await;
        }
    }
    Ok(update.state())
}

async fn terminal(
    session: &mut Session,
    subject: &Subject,
    end: &TerminalUpdate,
    state: TaskInstanceState,
) -> Result<(), Failure> {
    let label = end.rendered_map_index.as_deref();
    if state == TaskInstanceState::Failed {
        fail(session, subject, end.end_date, label).await?;
        if let Some(reason) = shortened(end.retry_reason.as_deref()) {
            let statement = sql("update task_instance set retry_reason = $2 where id = $1");
            session
                .execute(statement.bind(subject.id).bind(reason))
                .await?;
        }
    } else {
        end_try(session, subject, state, end.end_date, label).await?;
    }
    Ok(())
}

/// Fails a task instance, and stops the others of its run if the Dag wants that.
pub(crate) async fn fail(
    session: &mut Session,
    subject: &Subject,
    end_date: Timestamp,
    label: Option<&str>,
) -> Result<(), DatabaseError> {
    fail_fast::stop_others(session, subject).await?;
    end_try(session, subject, TaskInstanceState::Failed, end_date, label).await
}

async fn succeed(
    session: &mut Session,
    subject: &Subject,
    success: &SucceedTask,
    multi_team: bool,
) -> Result<(), Failure> {
    let producer = Producer {
        ti_id: subject.id,
        teams: multi_team.then(|| subject.team.clone()),
        scope: subject.scope.clone(),
        try_number: subject.try_number,
        partition_key: subject.partition_key.clone(),
    };
    let outlets = success.task_outlets.as_deref().unwrap_or_default();
    let events = success.outlet_events.as_deref().unwrap_or_default();
    asset_event::register(session, &producer, outlets, events).await?;
    let label = success.rendered_map_index.as_deref();
    let state = TaskInstanceState::Success;
    Ok(end_try(session, subject, state, success.end_date, label).await?)
}

async fn retry_later(
    session: &mut Session,
    subject: &Subject,
    retry: &RetryTask,
) -> Result<(), Failure> {
    let reason = shortened(retry.retry_reason.as_deref());
    let ended = EndedTry {
        end_date: retry.end_date,
        retry_delay_override: retry.retry_delay_seconds,
        retry_reason: reason.as_deref(),
        rendered_map_index: retry.rendered_map_index.as_deref(),
    };
    if session.schema().keeps_tries() {
        wait_for_retry(session, subject, &ended).await?;
        attempt::follow(session, subject, Some(TaskInstanceState::UpForRetry)).await?;
        return Ok(());
    }
    history::record(session, subject, &ended).await?;
    wait_for_retry(session, subject, &ended).await?;
    history::renew(session, subject).await?;
    Ok(())
}

/// As much of a reason as is kept; none when it is empty.
fn shortened(reason: Option<&str>) -> Option<String> {
    let reason = reason.filter(|reason| !reason.is_empty())?;
    Some(reason.chars().take(REASON).collect())
}

/// Puts a task instance into `up_for_retry`.
pub(crate) async fn wait_for_retry(
    session: &mut Session,
    subject: &Subject,
    ended: &EndedTry<'_>,
) -> Result<(), DatabaseError> {
    let state = TaskInstanceState::UpForRetry;
    let label = ended.rendered_map_index;
    end_try(session, subject, state, ended.end_date, label).await?;
    let statement =
        sql("update task_instance set retry_delay_override = $2, retry_reason = $3 where id = $1")
            .bind(subject.id)
            .bind(ended.retry_delay_override)
            .bind(ended.retry_reason);
    session.execute(statement).await?;
    Ok(())
}

async fn reschedule(
    session: &mut Session,
    subject: &Subject,
    again: &RescheduleTask,
) -> Result<(), Failure> {
    let now = Timestamp::now();
    // Airflow counts from now, so that the duration is below zero or nought. It is part of the
    // row, and nothing reads it.
    let duration = seconds(now, again.end_date) as i64;
    let statement = sql(
        "insert into task_reschedule (ti_id, start_date, end_date, duration, reschedule_date) \
         values ($1, $2, $3, $4, $5)",
    )
    .bind(subject.id)
    .bind(now)
    .bind(again.end_date)
    .bind(duration)
    .bind(again.reschedule_date);
    session.execute(statement).await?;
    let state = TaskInstanceState::UpForReschedule;
    Ok(end_try(session, subject, state, again.end_date, None).await?)
}

/// Ends a try. It does not wait for anything any more.
pub(crate) async fn end_try(
    session: &mut Session,
    subject: &Subject,
    state: TaskInstanceState,
    end_date: Timestamp,
    label: Option<&str>,
) -> Result<(), DatabaseError> {
    let statement = sql(
        "update task_instance set state = $2, end_date = $3, duration = $4, next_method = null, \
         next_kwargs = null, rendered_map_index = coalesce($5, rendered_map_index), \
         updated_at = $6 where id = $1",
    )
    .bind(subject.id)
    .bind(state.as_str())
    .bind(end_date)
    .bind(subject.start_date.map(|start| seconds(start, end_date)))
    .bind(label)
    .bind(Timestamp::now());
    session.execute(statement).await?;
    Ok(())
}
