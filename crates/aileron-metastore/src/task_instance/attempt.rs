//! Tries that are rows of their own, since Airflow 3.4.
//!
//! A try that is over keeps its row and its id. The next one gets a row of its own, which is the
//! only one with `working_set`.
//!
//! Source: `TaskInstance.archive`, `prepare_db_for_next_try` and `complete_restart` of Airflow
//! 3.4.0b2.

use aileron_execution_api::{ErrorKind, ServerTerminated};
use aileron_wire::message::TaskInstanceState;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::subject::{self, Subject, seconds};
use crate::dag::data;
use crate::database::{Database, DatabaseError, Session, sql};
use crate::failure::Failure;

/// Columns that the next try takes over as they are.
const KEPT: &str = "task_id, dag_id, run_id, region_index, region_id, start_date, end_date, \
    duration, max_tries, hostname, unixname, pool, pool_slots, queue, priority_weight, operator, \
    custom_operator_name, queued_dttm, scheduled_dttm, queued_by_job_id, last_heartbeat_at, pid, \
    executor, executor_config, updated_at, rendered_map_index, context_carrier, trigger_timeout, \
    next_method, next_kwargs, task_display_name, dag_version_id, retry_delay_override, retry_reason";

/// The states in which a try stays when it is archived.
const ENDED: [TaskInstanceState; 5] = [
    TaskInstanceState::Success,
    TaskInstanceState::Failed,
    TaskInstanceState::Skipped,
    TaskInstanceState::UpstreamFailed,
    TaskInstanceState::Removed,
];

/// Archives the latest try, and makes the row of the next one, in this state. A try that has not
/// ended has failed now. Returns the id of the next try.
pub(super) async fn follow(
    session: &mut Session,
    subject: &Subject,
    state: Option<TaskInstanceState>,
) -> Result<Uuid, DatabaseError> {
    let id = Uuid::now_v7();
    let now = Timestamp::now();
    let archive = sql(
        "update task_instance set working_set = null, archived_reason = 'retry', trigger_id = null, \
         updated_at = $2, state = case when state in ",
    )
    .bind(subject.id)
    .bind(now)
    .list(ENDED.map(TaskInstanceState::as_str))
    .push(" then state else 'failed' end, duration = case when end_date is null then ")
    .value(subject.start_date.map(|start| seconds(start, now)))
    .push(" else duration end, end_date = coalesce(end_date, $2) where id = $1");
    session.execute(archive).await?;
    let next = sql(format!(
        "insert into task_instance (id, try_number, state, working_set, {KEPT}) \
         select $2, try_number + 1, $3, true, {KEPT} from task_instance where id = $1"
    ));
    let next = next.bind(subject.id).bind(id);
    session
        .execute(next.bind(state.map(TaskInstanceState::as_str)))
        .await?;
    let note = sql(
        "insert into task_instance_note (ti_id, user_id, content, created_at, updated_at) \
         select $2, user_id, content, created_at, updated_at from task_instance_note where ti_id = $1",
    );
    session.execute(note.bind(subject.id).bind(id)).await?;
    Ok(id)
}

/// Refuses when the task instance is not there, or another try has followed.
pub(crate) async fn check(
    database: &Database,
    ti_id: Uuid,
    or_callback: bool,
) -> Result<(), Failure> {
    let mut session = database.read().await?;
    if !session.schema().keeps_tries() {
        return Ok(());
    }
    let statement = sql("select working_set from task_instance where id = $1");
    let Some(row) = session.optional(statement.bind(ti_id)).await? else {
        let callback = sql("select id from callback where id = $1").bind(ti_id);
        return match session.optional(callback).await? {
            Some(_) if or_callback => Ok(()),
            _ => Err(subject::missing()),
        };
    };
    let latest: Option<bool> = row.get("working_set")?;
    match latest {
        Some(true) => Ok(()),
        _ => Err(followed()),
    }
}

/// The answer where another try has followed.
pub(crate) fn followed() -> Failure {
    Failure::because(
        ErrorKind::Gone,
        "not_found",
        "Task Instance not found in the working set; its attempt has been archived",
    )
}

/// A process has ended because its task instance was cleared, or was given a state by a person.
pub(crate) async fn server_terminated(
    database: &Database,
    ti_id: Uuid,
    ended: ServerTerminated,
) -> Result<(), Failure> {
    let mut transaction = database.begin().await?;
    if !transaction.schema().keeps_tries() {
        return Err(Failure::unsupported(
            "the report of a process that the server had ended, on a database before Airflow 3.4",
        ));
    }
    let Some(subject) = subject::load(&mut transaction, ti_id).await? else {
        return match check(database, ti_id, false).await {
            Err(Failure::Refused(refusal)) if refusal.kind() == ErrorKind::Gone => Ok(()),
            Err(failure) => Err(failure),
            Ok(()) => Err(subject::missing()),
        };
    };
    let is_known = ended.hostname.is_some() && ended.pid.is_some();
    if !is_known || subject.hostname != ended.hostname || subject.pid != ended.pid {
        return Err(conflict("running_elsewhere"));
    }
    if !subject.is(TaskInstanceState::Restarting) {
        return match ENDED.into_iter().any(|state| subject.is(state)) {
            true => Ok(()),
            false => Err(conflict("invalid_state")),
        };
    }
    if subject.scope.in_loop || subject.scope.map_index >= 0 || !subject.scope.region_id.is_nil() {
        return Err(Failure::unsupported(
            "the end of a mapped task instance that was cleared while it ran",
        ));
    }
    let end = sql("update task_instance set end_date = $2, duration = $3 where id = $1")
        .bind(ti_id)
        .bind(ended.end_date)
        .bind(
            subject
                .start_date
                .map(|start| seconds(start, ended.end_date)),
        );
    transaction.execute(end).await?;
    let id = follow(&mut transaction, &subject, None).await?;
    let (version, retries) = run_version(&mut transaction, &subject).await?;
    let most = match retries {
        Some(retries) => subject.try_number + retries,
        None => subject.max_tries.max(subject.try_number),
    };
    let next = sql(
        "update task_instance set max_tries = $2, next_method = null, next_kwargs = null, \
         dag_version_id = coalesce($3, dag_version_id) where id = $1",
    );
    transaction
        .execute(next.bind(id).bind(most).bind(version))
        .await?;
    Ok(transaction.commit().await?)
}

fn conflict(reason: &str) -> Failure {
    Failure::detailed(ErrorKind::Conflict, reason, json!({"reason": reason}))
}

/// The version of the Dag that the run goes on with, and the retries of the task there.
async fn run_version(
    session: &mut Session,
    subject: &Subject,
) -> Result<(Option<Uuid>, Option<i64>), DatabaseError> {
    let scope = &subject.scope;
    let run = sql(
        "select created_dag_version_id, bundle_version from dag_run \
         where dag_id = $1 and run_id = $2",
    )
    .bind(&scope.dag_id)
    .bind(&scope.run_id);
    let row = session.one(run).await?;
    let pinned: Option<String> = row.get("bundle_version")?;
    let created: Option<Uuid> = row.get("created_dag_version_id")?;
    // A bundle without versions has only what is there now.
    let (version, dag) = match (pinned, created) {
        (Some(_), Some(version)) => (Some(version), data::version(session, version).await?),
        _ => match data::latest(session, &scope.dag_id).await? {
            Some((version, dag)) => (Some(version), Some(dag)),
            None => (None, None),
        },
    };
    let retries = dag
        .as_ref()
        .and_then(|dag| dag.task(&scope.task_id))
        .map(|task| task.options().retries);
    Ok((version, retries))
}
