//! The tries of a task instance that are over.
//!
//! A task instance has one row, which is its latest try. When a try ends and another follows, the
//! row is copied to the history, and gets a new id: whoever holds the old one is told that it is
//! gone.
//!
//! Source: `TaskInstanceHistory.record_ti` and `TaskInstance.prepare_db_for_next_try` of Airflow
//! 3.3.2.

use aileron_wire::message::TaskInstanceState;
use jiff::Timestamp;
use uuid::Uuid;

use super::subject::{Subject, seconds};
use crate::database::{DatabaseError, Session, sql};

/// Columns that the history takes over as they are.
const KEPT: &str = "task_id, dag_id, run_id, map_index, try_number, start_date, max_tries, \
    hostname, unixname, pool, pool_slots, queue, priority_weight, operator, \
    custom_operator_name, queued_dttm, scheduled_dttm, queued_by_job_id, pid, executor, \
    executor_config, updated_at, context_carrier, span_status, external_executor_id, trigger_id, \
    trigger_timeout, next_method, next_kwargs, dag_version_id";

/// How the instance of a mapped task is called when it has no label.
const LABEL: &str = "coalesce(rendered_map_index, \
    case when map_index >= 0 then cast(map_index as varchar(20)) end)";

/// Columns of a question to a person, but for its task instance.
const QUESTION: &str = "options, subject, body, defaults, multiple, params, assignees, \
    created_at, responded_at, responded_by, chosen_options, params_input";

/// The states of a try that has ended.
const ENDED: [TaskInstanceState; 5] = [
    TaskInstanceState::Success,
    TaskInstanceState::Failed,
    TaskInstanceState::Skipped,
    TaskInstanceState::UpstreamFailed,
    TaskInstanceState::Removed,
];

/// How a try ended that another follows.
#[derive(Debug)]
pub(crate) struct EndedTry<'a> {
    pub(crate) end_date: Timestamp,
    pub(crate) retry_delay_override: Option<f64>,
    pub(crate) retry_reason: Option<&'a str>,
    pub(crate) rendered_map_index: Option<&'a str>,
}

/// Copies the row to the history, as a try that failed, unless this try is there already.
pub(crate) async fn record(
    session: &mut Session,
    subject: &Subject,
    ended: &EndedTry<'_>,
) -> Result<(), DatabaseError> {
    let statement = sql(format!(
        "insert into task_instance_history (task_instance_id, state, end_date, duration, \
         retry_delay_override, retry_reason, rendered_map_index, task_display_name, {KEPT}) \
         select id, 'failed', $2, $3, $4, $5, coalesce($6, {LABEL}), \
         coalesce(task_display_name, task_id), {KEPT} \
         from task_instance where id = $1 \
         on conflict (dag_id, task_id, run_id, map_index, try_number) do nothing"
    ))
    .bind(subject.id)
    .bind(ended.end_date)
    .bind(
        subject
            .start_date
            .map(|start| seconds(start, ended.end_date)),
    )
    .bind(ended.retry_delay_override)
    .bind(ended.retry_reason)
    .bind(ended.rendered_map_index);
    if session.execute(statement).await? == 0 {
        return Ok(());
    }
    keep_question(session, subject).await
}

/// Copies the row to the history as it is, unless this try is there already. A try that had not
/// ended has failed now.
pub(crate) async fn archive(session: &mut Session, subject: &Subject) -> Result<(), DatabaseError> {
    let scope = &subject.scope;
    let known = sql(
        "select try_number from task_instance_history where dag_id = $1 and run_id = $2 \
         and task_id = $3 and map_index = $4 and try_number = $5",
    )
    .bind(&scope.dag_id)
    .bind(&scope.run_id)
    .bind(&scope.task_id)
    .bind(scope.map_index)
    .bind(subject.try_number);
    if session.optional(known).await?.is_some() {
        return Ok(());
    }
    let ended = ENDED.into_iter().find(|state| subject.is(*state));
    if ended.is_none() {
        let now = Timestamp::now();
        let end = sql(
            "update task_instance set end_date = $2, duration = $3 where id = $1 and end_date is null",
        )
        .bind(subject.id)
        .bind(now)
        .bind(subject.start_date.map(|start| seconds(start, now)));
        session.execute(end).await?;
    }
    let state = ended.unwrap_or(TaskInstanceState::Failed).as_str();
    let statement = sql(format!(
        "insert into task_instance_history (task_instance_id, state, end_date, duration, \
         retry_delay_override, retry_reason, rendered_map_index, task_display_name, {KEPT}) \
         select id, $2, end_date, duration, retry_delay_override, retry_reason, {LABEL}, \
         coalesce(task_display_name, task_id), {KEPT} from task_instance where id = $1"
    ));
    session
        .execute(statement.bind(subject.id).bind(state))
        .await?;
    keep_question(session, subject).await
}

async fn keep_question(session: &mut Session, subject: &Subject) -> Result<(), DatabaseError> {
    let question = sql(format!(
        "insert into hitl_detail_history (ti_history_id, {QUESTION}) \
         select ti_id, {QUESTION} from hitl_detail where ti_id = $1"
    ));
    session.execute(question.bind(subject.id)).await?;
    Ok(())
}

/// Gives the row a new id, and forgets how often the try was rescheduled.
pub(crate) async fn renew(session: &mut Session, subject: &Subject) -> Result<Uuid, DatabaseError> {
    let forget = sql("delete from task_reschedule where ti_id = $1");
    session.execute(forget.bind(subject.id)).await?;
    let id = Uuid::now_v7();
    let renew = sql("update task_instance set id = $2 where id = $1");
    session.execute(renew.bind(subject.id).bind(id)).await?;
    Ok(id)
}
