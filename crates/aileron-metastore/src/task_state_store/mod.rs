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
use crate::scope::Scope;
use crate::state_value;

const STORE: &str = "the task state store";

pub(crate) async fn get(database: &Database, ti_id: Uuid, key: &str) -> Result<RawJson, Failure> {
    let mut session = database.read().await?;
    let scope = Scope::of(&mut session, ti_id).await?;
    let row = session
        .optional(
            sql(
                "select value from task_state_store \
                 where dag_id = $1 and run_id = $2 and task_id = $3 and map_index = $4 and key = $5 \
                 and (expires_at is null or expires_at > $6)",
            )
            .bind(scope.dag_id)
            .bind(scope.run_id)
            .bind(scope.task_id)
            .bind(scope.map_index)
            .bind(key)
            .bind(Timestamp::now()),
        )
        .await?;
    let row = row.ok_or_else(|| Failure::not_found(format!("{STORE} has no key {key:?}")))?;
    state_value::read(STORE, key, row.get("value")?)
}

pub(crate) async fn set(
    database: &Database,
    ti_id: Uuid,
    key: &str,
    value: RawJson,
    expires_at: Option<Timestamp>,
) -> Result<(), Failure> {
    state_value::check(STORE, key, &value)?;
    let mut transaction = database.begin().await?;
    let scope = Scope::of(&mut transaction, ti_id).await?;
    transaction
        .execute(
            sql(
                "insert into task_state_store \
                 (dag_run_id, task_id, map_index, key, dag_id, run_id, value, updated_at, expires_at) \
                 select id, $1, $2, $3, dag_id, run_id, $4, $5, $6 from dag_run \
                 where dag_id = $7 and run_id = $8 \
                 on conflict (dag_run_id, task_id, map_index, key) do update set \
                 value = excluded.value, updated_at = excluded.updated_at, \
                 expires_at = excluded.expires_at",
            )
            .bind(scope.task_id)
            .bind(scope.map_index)
            .bind(key)
            .bind(value.into_text())
            .bind(Timestamp::now())
            .bind(expires_at)
            .bind(scope.dag_id)
            .bind(scope.run_id),
        )
        .await?;
    Ok(transaction.commit().await?)
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
    let mut statement = sql("delete from task_state_store \
         where dag_id = $1 and run_id = $2 and task_id = $3 and map_index = $4")
    .bind(&scope.dag_id)
    .bind(&scope.run_id)
    .bind(&scope.task_id)
    .bind(scope.map_index);
    if let Some(key) = key {
        statement = statement.push(" and key = ").value(key);
    }
    session.execute(statement).await?;
    Ok(())
}
