//! Rendered template fields and labels.
//!
//! Source: `ti_put_rtif` and `ti_patch_rendered_map_index` in `routes/task_instances.py`, and
//! `models/renderedtifields.py` of Airflow 3.3.2.

use aileron_execution_api::ErrorKind;
use aileron_wire::json::{JsonMap, RawJson};
use jiff::Timestamp;
use uuid::Uuid;

use super::heartbeat::gone;
use crate::database::{Database, DatabaseError, Session, sql};
use crate::failure::Failure;
use crate::scope::Scope;

/// Stores rendered template fields in place of earlier ones, and drops those of old runs:
/// `keep_runs` is `[core] num_dag_runs_to_retain_rendered_fields`, where 0 keeps all.
pub(crate) async fn set_fields(
    database: &Database,
    ti_id: Uuid,
    fields: JsonMap,
    keep_runs: i64,
) -> Result<(), Failure> {
    let mut transaction = database.begin().await?;
    let scope = match Scope::of(&mut transaction, ti_id).await {
        Ok(scope) => scope,
        Err(Failure::Refused(_)) => return Err(gone(&mut transaction, ti_id).await?),
        Err(failure) => return Err(failure),
    };
    let fields = RawJson::of(&fields).map_err(|error| DatabaseError::Encode(error.into()))?;
    if transaction.schema().keeps_tries() {
        write_fields_of_try(&mut transaction, ti_id, fields).await?;
    } else {
        write_fields(&mut transaction, &scope, fields).await?;
    }
    if keep_runs > 0 {
        drop_old_fields(&mut transaction, &scope, keep_runs).await?;
    }
    Ok(transaction.commit().await?)
}

async fn write_fields(
    session: &mut Session,
    scope: &Scope,
    fields: RawJson,
) -> Result<(), DatabaseError> {
    let statement = sql("insert into rendered_task_instance_fields \
         (dag_id, task_id, run_id, map_index, rendered_fields, k8s_pod_yaml) \
         values ($1, $2, $3, $4, $5, $6) \
         on conflict (dag_id, task_id, run_id, map_index) do update \
         set rendered_fields = $5, k8s_pod_yaml = $6")
    .bind(&scope.dag_id)
    .bind(&scope.task_id)
    .bind(&scope.run_id)
    .bind(scope.map_index)
    .bind(fields)
    .bind(RawJson::null());
    session.execute(statement).await?;
    Ok(())
}

/// Since 3.4 the fields belong to a try.
async fn write_fields_of_try(
    session: &mut Session,
    ti_id: Uuid,
    fields: RawJson,
) -> Result<(), DatabaseError> {
    let statement = sql(
        "insert into rtif_v2 (id, task_instance_id, rendered_fields, k8s_pod_yaml) \
         values ($1, $2, $3, $4) on conflict (task_instance_id) do update \
         set rendered_fields = $3, k8s_pod_yaml = $4",
    )
    .bind(Uuid::now_v7())
    .bind(ti_id)
    .bind(fields)
    .bind(RawJson::null());
    session.execute(statement).await?;
    Ok(())
}

async fn drop_old_fields(
    session: &mut Session,
    scope: &Scope,
    keep_runs: i64,
) -> Result<(), DatabaseError> {
    const BEFORE_TRIES: &[&str] = &[
        "delete from rendered_task_instance_fields where dag_id = $1 and task_id = $2 \
         and run_id not in (select run_id from dag_run where dag_id = $1 \
         order by run_after desc limit $3)",
    ];
    const OF_TRIES: &[&str] = &[
        "delete from rtif_v1 where dag_id = $1 and task_id = $2 \
         and run_id not in (select run_id from dag_run where dag_id = $1 \
         order by run_after desc limit $3)",
        "delete from rtif_v2 where exists (select 1 from task_instance ti \
         where ti.id = rtif_v2.task_instance_id and ti.working_set \
         and ti.dag_id = $1 and ti.task_id = $2 \
         and ti.run_id not in (select run_id from dag_run where dag_id = $1 \
         order by run_after desc limit $3))",
    ];
    let statements = match session.schema().keeps_tries() {
        false => BEFORE_TRIES,
        true => OF_TRIES,
    };
    for statement in statements {
        let statement = sql(*statement)
            .bind(&scope.dag_id)
            .bind(&scope.task_id)
            .bind(keep_runs);
        session.execute(statement).await?;
    }
    Ok(())
}

/// Stores the label that the web page shows in place of the map index.
pub(crate) async fn set_map_index(
    database: &Database,
    ti_id: Uuid,
    label: String,
) -> Result<(), Failure> {
    if label.is_empty() {
        return Err(Failure::refused(
            ErrorKind::Invalid,
            "rendered_map_index cannot be empty",
        ));
    }
    let mut transaction = database.begin().await?;
    let latest = transaction.schema().latest_try();
    let statement =
        sql(format!("update task_instance as ti set rendered_map_index = $2, updated_at = $3 where ti.id = $1{latest}"))
            .bind(ti_id)
            .bind(label)
            .bind(Timestamp::now());
    if transaction.execute(statement).await? == 0 {
        return Err(Failure::refused(
            ErrorKind::NotFound,
            "Task Instance not found",
        ));
    }
    Ok(transaction.commit().await?)
}
