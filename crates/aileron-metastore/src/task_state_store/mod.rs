//! The task state store: values of a task instance that stay from try to try.
//!
//! Source: `routes/task_state_store.py` and `state/metastore.py` of Airflow 3.3.2.
//!
//! A value that has expired is not there. Airflow gives it out until its cleanup has run, and
//! nobody runs that on the database of one machine.

use aileron_wire::json::RawJson;
use jiff::Timestamp;
use uuid::Uuid;

use crate::database::{Database, DatabaseError, Session, sql};
use crate::failure::Failure;
use crate::schema::Schema;
use crate::scope::{self, Scope};
use crate::state_value;

const STORE: &str = "the task state store";

pub(crate) async fn get(database: &Database, ti_id: Uuid, key: &str) -> Result<RawJson, Failure> {
    let statement = sql(match database.schema() {
        Schema::Airflow332 => {
            "select store.value as value from task_instance ti left join task_state_store store \
             on store.dag_id = ti.dag_id and store.run_id = ti.run_id \
             and store.task_id = ti.task_id and store.map_index = ti.map_index \
             and store.key = $2 and (store.expires_at is null or store.expires_at > $3) \
             where ti.id = $1"
        }
        Schema::Airflow340b2 => {
            "select store.value as value from task_instance ti left join task_state_store store \
             on store.dag_id = ti.dag_id and store.run_id = ti.run_id \
             and store.task_id = ti.task_id and store.region_index = ti.region_index \
             and store.region_id = ti.region_id \
             and store.key = $2 and (store.expires_at is null or store.expires_at > $3) \
             where ti.id = $1 and ti.working_set"
        }
    })
    .bind(ti_id)
    .bind(key)
    .bind(Timestamp::now());
    let row = database.read().await?.optional(statement).await?;
    let value: Option<String> = row.ok_or_else(|| scope::missing(ti_id))?.get("value")?;
    // A value that is there is not null.
    let value = value.ok_or_else(|| Failure::not_found(format!("{STORE} has no key {key:?}")))?;
    state_value::read(STORE, key, value)
}

pub(crate) async fn set(
    database: &Database,
    ti_id: Uuid,
    key: &str,
    value: RawJson,
    expires_at: Option<Timestamp>,
) -> Result<(), Failure> {
    state_value::check(STORE, key, &value)?;
    let statement = sql(match database.schema() {
        Schema::Airflow332 => {
            "insert into task_state_store \
             (dag_run_id, task_id, map_index, key, dag_id, run_id, value, updated_at, expires_at) \
             select dag_run.id, ti.task_id, ti.map_index, $2, ti.dag_id, ti.run_id, $3, $4, $5 \
             from task_instance ti \
             join dag_run on dag_run.dag_id = ti.dag_id and dag_run.run_id = ti.run_id \
             where ti.id = $1 \
             on conflict (dag_run_id, task_id, map_index, key) do update set \
             value = excluded.value, updated_at = excluded.updated_at, \
             expires_at = excluded.expires_at"
        }
        Schema::Airflow340b2 => {
            "insert into task_state_store (dag_run_id, task_id, region_index, region_id, key, \
             dag_id, run_id, value, updated_at, expires_at) \
             select dag_run.id, ti.task_id, ti.region_index, ti.region_id, $2, ti.dag_id, \
             ti.run_id, $3, $4, $5 from task_instance ti \
             join dag_run on dag_run.dag_id = ti.dag_id and dag_run.run_id = ti.run_id \
             where ti.id = $1 and ti.working_set \
             on conflict (dag_run_id, task_id, region_id, region_index, key) do update set \
             value = excluded.value, updated_at = excluded.updated_at, \
             expires_at = excluded.expires_at"
        }
    })
    .bind(ti_id)
    .bind(key)
    .bind(value.into_text())
    .bind(Timestamp::now())
    .bind(expires_at);
    if database.change(statement).await? == 0 {
        return Err(scope::missing(ti_id));
    }
    Ok(())
}

pub(crate) async fn delete(database: &Database, ti_id: Uuid, key: &str) -> Result<(), Failure> {
    remove(database, ti_id, Some(key)).await
}

pub(crate) async fn clear(database: &Database, ti_id: Uuid) -> Result<(), Failure> {
    remove(database, ti_id, None).await
}

/// One key, or all of them.
async fn remove(database: &Database, ti_id: Uuid, key: Option<&str>) -> Result<(), Failure> {
    let mut transaction = database.begin().await?;
    let scope = Scope::of(&mut transaction, ti_id).await?;
    remove_of(&mut transaction, &scope, key).await?;
    Ok(transaction.commit().await?)
}

/// One key of a task instance, or all of them.
pub(crate) async fn remove_of(
    session: &mut Session,
    scope: &Scope,
    key: Option<&str>,
) -> Result<(), DatabaseError> {
    let mut statement = sql("delete from task_state_store where dag_id = ")
        .value(&scope.dag_id)
        .push(" and run_id = ")
        .value(&scope.run_id)
        .push(" and task_id = ")
        .value(&scope.task_id);
    statement = match session.schema() {
        Schema::Airflow332 => statement.push(" and map_index = ").value(scope.map_index),
        Schema::Airflow340b2 => statement
            .push(" and region_index = ")
            .value(scope.map_index)
            .push(" and region_id = ")
            .value(scope.region_id),
    };
    if let Some(key) = key {
        statement = statement.push(" and key = ").value(key);
    }
    session.execute(statement).await?;
    Ok(())
}
