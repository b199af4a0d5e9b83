//! Starting a Dag run from a task.
//!
//! Source: `trigger_dag_run` in `routes/dag_runs.py` and `api/common/trigger_dag.py` of Airflow
//! 3.3.2.

use aileron_execution_api::ErrorKind;
use aileron_wire::json::JsonMap;
use aileron_wire::message::{DagRunType, TriggerDagRun};
use jiff::Timestamp;
use serde_json::Value as JsonValue;
use uuid::Uuid;

use super::create::{DagRunRequest, TriggeredBy, create};
use super::dag_model;
use crate::StoreError;
use crate::dag::data;
use crate::database::{Database, Session, sql};
use crate::failure::Failure;

/// The longest id of a run.
const RUN_ID_LENGTH: usize = 250;

pub(crate) async fn trigger(
    database: &Database,
    ti_id: Uuid,
    request: TriggerDagRun,
) -> Result<(), Failure> {
    let (dag_id, run_id) = (request.dag_id.clone(), request.run_id.clone());
    let mut transaction = database.begin().await?;
    let dag = dag_model::usable(&mut transaction, &dag_id).await?;
    dag_model::check_run_type(&dag, &dag_id)?;
    refuse_known(&mut transaction, &dag_id, &run_id).await?;
    check_run_id(&run_id)?;
    if database.schema().keeps_tries() {
        return Err(Failure::unsupported(
            "starting a run on a database of Airflow 3.4",
        ));
    }
    check_partition(&dag_id, dag.get("timetable_partitioned")?, &request)?;
    let conf = request.conf.unwrap_or_default();
    let Some(data) = data::latest_raw(&mut transaction, &dag_id).await? else {
        return Err(Failure::not_found(format!(
            "Dag {dag_id:?} has no version that could run"
        )));
    };
    check_params(&dag_id, &data, &conf)?;
    let run_after = request.run_after.unwrap_or_else(Timestamp::now);
    let data_interval = match request.logical_date {
        Some(_) => Some(data_interval(&dag_id, &data, run_after)?),
        None => None,
    };
    let new = DagRunRequest {
        dag_id,
        run_id,
        logical_date: request.logical_date,
        data_interval,
        run_after,
        conf,
        run_type: DagRunType::OperatorTriggered,
        triggered_by: TriggeredBy::Operator,
        triggering_user_name: user(&mut transaction, ti_id).await?,
        note: request.note,
    };
    create(&mut transaction, &new).await.map_err(refusal)?;
    Ok(transaction.commit().await?)
}

fn refusal(error: StoreError) -> Failure {
    match error {
        StoreError::Database(error) => Failure::Database(error),
        StoreError::RunTaken { .. } => {
            Failure::because(ErrorKind::Conflict, "already_exists", error.to_string())
        }
        StoreError::LogicalDateTaken { .. } => Failure::because(
            ErrorKind::Conflict,
            "Unique constraint violation",
            error.to_string(),
        ),
        other => Failure::not_found(other.to_string()),
    }
}

async fn refuse_known(session: &mut Session, dag_id: &str, run_id: &str) -> Result<(), Failure> {
    let known = session
        .optional(
            sql("select id from dag_run where dag_id = $1 and run_id = $2")
                .bind(dag_id)
                .bind(run_id),
        )
        .await?;
    if known.is_some() {
        return Err(Failure::because(
            ErrorKind::Conflict,
            "already_exists",
            format!("Dag {dag_id:?} has a run {run_id:?} already"),
        ));
    }
    Ok(())
}

fn refused(message: String) -> Failure {
    Failure::because(ErrorKind::BadRequest, "value_error", message)
}

/// What Airflow takes for a run id, unless it is configured otherwise.
fn check_run_id(run_id: &str) -> Result<(), Failure> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.~:+-".contains(c);
    let length = run_id.chars().count();
    if !(1..=RUN_ID_LENGTH).contains(&length) || !run_id.chars().all(is_allowed) {
        return Err(refused(format!(
            "a run id has 1 to {RUN_ID_LENGTH} letters, digits and _.~:+-; {run_id:?} is none"
        )));
    }
    if run_id.contains("..") {
        return Err(refused(format!(
            "a run id has no two dots in a row, as it becomes a path; {run_id:?} has"
        )));
    }
    Ok(())
}

fn check_partition(
    dag_id: &str,
    partitioned: bool,
    request: &TriggerDagRun,
) -> Result<(), Failure> {
    match (&request.partition_key, partitioned) {
        (None, _) => Ok(()),
        (Some(_), false) => Err(Failure::because(
            ErrorKind::BadRequest,
            "not_partitioned",
            format!(
                "Dag {dag_id:?} is not scheduled by partition, so its runs have no partition key"
            ),
        )),
        // What date a partition stands for is told by a timetable, which is Python.
        (Some(_), true) => Err(Failure::unsupported(&format!(
            "starting a run of Dag {dag_id:?} for a partition"
        ))),
    }
}

/// Params with a schema are checked by Airflow when they are set, and so may not pass here unchecked.
fn check_params(dag_id: &str, data: &JsonValue, conf: &JsonMap) -> Result<(), Failure> {
    let params = data.pointer("/dag/params").and_then(JsonValue::as_array);
    for param in params.into_iter().flatten() {
        let (Some(name), Some(fields)) = (param.get(0).and_then(JsonValue::as_str), param.get(1))
        else {
            continue;
        };
        let schema = fields.get("schema").unwrap_or(&JsonValue::Null);
        let schema = schema.get("__var").unwrap_or(schema);
        let is_free = schema.as_object().is_none_or(JsonMap::is_empty);
        let is_given = conf.contains_key(name);
        let has_default = fields.get("default").is_some_and(|value| !value.is_null());
        if !is_free && (is_given || !has_default) {
            return Err(Failure::unsupported(&format!(
                "starting a run of Dag {dag_id:?} with param {name:?}, which has a schema to check it by"
            )));
        }
    }
    Ok(())
}

/// The interval of a run with a logical date. Timetables that have no intervals of their own take
/// the moment from which on it may run.
fn data_interval(
    dag_id: &str,
    data: &JsonValue,
    run_after: Timestamp,
) -> Result<(Timestamp, Timestamp), Failure> {
    const OF_A_MOMENT: [&str; 4] = [
        "airflow.timetables.simple.NullTimetable",
        "airflow.timetables.simple.OnceTimetable",
        "airflow.timetables.simple.ContinuousTimetable",
        "airflow.timetables.simple.AssetTriggeredTimetable",
    ];
    let timetable = data.pointer("/dag/timetable/__type");
    let timetable = timetable.and_then(JsonValue::as_str).unwrap_or("none");
    if OF_A_MOMENT.contains(&timetable) {
        return Ok((run_after, run_after));
    }
    Err(Failure::unsupported(&format!(
        "starting a run of Dag {dag_id:?} with a logical date: its timetable {timetable} is Python; \
         without a logical date it can be started"
    )))
}

/// Who started the run of the task that asks: that person has started this one, too.
async fn user(session: &mut Session, ti_id: Uuid) -> Result<Option<String>, Failure> {
    let row = session
        .optional(
            sql(
                "select dag_run.triggering_user_name from task_instance join dag_run \
                 on dag_run.dag_id = task_instance.dag_id \
                 and dag_run.run_id = task_instance.run_id where task_instance.id = $1",
            )
            .bind(ti_id),
        )
        .await?;
    match row {
        Some(row) => Ok(row.get("triggering_user_name")?),
        None => Ok(None),
    }
}
