//! Clearing a Dag run: all its tasks run again.
//!
//! Source: `clear_dag_run` in `routes/dag_runs.py`, `clear_task_instances` in
//! `models/taskinstance.py` and `DagRun.set_state` of Airflow 3.3.2.

use aileron_wire::json::RawJson;
use aileron_wire::message::{DagRunState, TaskInstanceState};
use jiff::Timestamp;
use serde_json::Value as JsonValue;
use uuid::Uuid;

use super::create::trace_carrier;
use super::dag_model;
use crate::dag::data::{self, DagData};
use crate::database::{Database, Row, Session, sql};
use crate::failure::Failure;
use crate::task_instance::{history, subject};

pub(crate) async fn clear(database: &Database, dag_id: &str, run_id: &str) -> Result<(), Failure> {
    let mut transaction = database.begin().await?;
    dag_model::usable(&mut transaction, dag_id).await?;
    let run = transaction
        .optional(
            sql("select id, state, created_dag_version_id from dag_run \
                 where dag_id = $1 and run_id = $2")
            .bind(dag_id)
            .bind(run_id),
        )
        .await?;
    let run =
        run.ok_or_else(|| Failure::not_found(format!("Dag {dag_id:?} has no run {run_id:?}")))?;
    if database.schema().keeps_tries() {
        return Err(Failure::unsupported(
            "clearing a run on a database of Airflow 3.4",
        ));
    }
    let dag = dag_of_run(&mut transaction, dag_id, &run).await?;
    let instances = transaction
        .all(
            sql("select id from task_instance where dag_id = $1 and run_id = $2")
                .bind(dag_id)
                .bind(run_id),
        )
        .await?;
    let carrier = trace_carrier();
    for instance in &instances {
        clear_instance(&mut transaction, instance.get("id")?, &dag, &carrier).await?;
    }
    if !instances.is_empty() {
        clear_run(&mut transaction, &run, &carrier).await?;
    }
    Ok(transaction.commit().await?)
}

/// The version of the Dag that the run was made of, which it keeps.
async fn dag_of_run(session: &mut Session, dag_id: &str, run: &Row) -> Result<DagData, Failure> {
    let version: Option<Uuid> = run.get("created_dag_version_id")?;
    let raw = data::latest_raw(session, dag_id).await?;
    let wants_latest = raw.as_ref().and_then(|data| {
        data.pointer("/dag/rerun_with_latest_version")
            .and_then(JsonValue::as_bool)
    });
    let found = match version {
        Some(version) => data::version(session, version).await?,
        None => None,
    };
    let latest = data::latest(session, dag_id).await?;
    let is_latest = latest.as_ref().map(|(latest, _)| *latest) == version;
    if wants_latest == Some(true) && !is_latest {
        return Err(Failure::unsupported(&format!(
            "clearing a run of Dag {dag_id:?} onto its latest version"
        )));
    }
    found.ok_or_else(|| {
        Failure::not_found(format!(
            "the version of Dag {dag_id:?} that the run was made of is gone"
        ))
    })
}

/// A try that is over goes to the history, and the row is made ready for the next one. A try that
/// runs is told to end; its supervisor then brings it to the next one.
async fn clear_instance(
    session: &mut Session,
    id: Uuid,
    dag: &DagData,
    carrier: &RawJson,
) -> Result<(), Failure> {
    let Some(subject) = subject::load(session, id).await? else {
        return Ok(());
    };
    history::archive(session, &subject).await?;
    let id = history::renew(session, &subject).await?;
    let now = Timestamp::now();
    if subject.is(TaskInstanceState::Running) {
        let statement = sql(
            "update task_instance set state = $2, updated_at = $3, context_carrier = $4 where id = $1",
        );
        let restarting = TaskInstanceState::Restarting.as_str();
        let statement = statement.bind(id).bind(restarting).bind(now);
        session.execute(statement.bind(carrier.clone())).await?;
        return Ok(());
    }
    let most = match dag.task(&subject.scope.task_id) {
        Some(task) => subject.try_number + task.options().retries,
        None => subject.max_tries.max(subject.try_number),
    };
    let statement = sql(
        "update task_instance set state = null, updated_at = $2, context_carrier = $3, \
         max_tries = $4, external_executor_id = null, next_method = null, next_kwargs = null \
         where id = $1",
    );
    let statement = statement.bind(id).bind(now).bind(carrier.clone());
    session.execute(statement.bind(most)).await?;
    Ok(())
}

/// A run that has ended is queued again.
async fn clear_run(session: &mut Session, run: &Row, carrier: &RawJson) -> Result<(), Failure> {
    let id: i64 = run.get("id")?;
    let state: Option<String> = run.get("state")?;
    let ended = [DagRunState::Success, DagRunState::Failed]
        .into_iter()
        .any(|ended| state.as_deref() == Some(ended.as_str()));
    let now = Timestamp::now();
    let statement = sql(
        "update dag_run set clear_number = clear_number + 1, queued_at = $2, updated_at = $2, \
         context_carrier = $3",
    )
    .bind(id)
    .bind(now)
    .bind(carrier.clone());
    let statement = match ended {
        true => statement
            .push(", end_date = null, start_date = null, last_scheduling_decision = null, state = ")
            .value(DagRunState::Queued.as_str()),
        false => statement,
    };
    session.execute(statement.push(" where id = $1")).await?;
    Ok(())
}
