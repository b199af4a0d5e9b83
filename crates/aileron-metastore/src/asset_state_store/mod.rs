//! The asset state store: values of an asset that outlive all runs, and who wrote them last.
//!
//! Source: `routes/asset_state_store.py` and `state/metastore.py` of Airflow 3.3.2.

use aileron_execution_api::AssetRef;
use aileron_wire::json::RawJson;
use jiff::Timestamp;
use uuid::Uuid;

use crate::database::{Database, Session, Statement, sql};
use crate::failure::Failure;
use crate::scope::Scope;
use crate::{asset, state_value};

const STORE: &str = "the asset state store";

pub(crate) async fn get(
    database: &Database,
    asset: &AssetRef,
    key: &str,
) -> Result<RawJson, Failure> {
    let mut session = database.read().await?;
    let asset_id = asset::active_id(&mut session, asset).await?;
    let row = session
        .optional(
            sql("select value from asset_state_store where asset_id = $1 and key = $2")
                .bind(asset_id)
                .bind(key),
        )
        .await?;
    let row = row.ok_or_else(|| {
        Failure::not_found(format!(
            "{STORE} has no key {key:?} for the asset with {asset}"
        ))
    })?;
    state_value::read(STORE, key, row.get("value")?)
}

/// Who writes: a task, or with the id that is nobody's, a watcher.
async fn writer(session: &mut Session, ti_id: Uuid) -> Result<Option<Scope>, Failure> {
    if ti_id.is_nil() {
        return Ok(None);
    }
    Scope::of(session, ti_id).await.map(Some)
}

pub(crate) async fn set(
    database: &Database,
    ti_id: Uuid,
    asset: &AssetRef,
    key: &str,
    value: RawJson,
) -> Result<(), Failure> {
    state_value::check(STORE, key, &value)?;
    let mut transaction = database.begin().await?;
    let asset_id = asset::active_id(&mut transaction, asset).await?;
    let writer = writer(&mut transaction, ti_id).await?;
    let kind = if writer.is_some() { "task" } else { "watcher" };
    let (dag_id, run_id, task_id, map_index) = match writer {
        Some(scope) => (
            Some(scope.dag_id),
            Some(scope.run_id),
            Some(scope.task_id),
            Some(scope.map_index),
        ),
        None => (None, None, None, None),
    };
    transaction
        .execute(
            sql(
                "insert into asset_state_store (asset_id, key, value, updated_at, \
                 last_updated_by_kind, last_updated_by_dag_id, last_updated_by_run_id, \
                 last_updated_by_task_id, last_updated_by_map_index) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                 on conflict (asset_id, key) do update set \
                 value = excluded.value, updated_at = excluded.updated_at, \
                 last_updated_by_kind = excluded.last_updated_by_kind, \
                 last_updated_by_dag_id = excluded.last_updated_by_dag_id, \
                 last_updated_by_run_id = excluded.last_updated_by_run_id, \
                 last_updated_by_task_id = excluded.last_updated_by_task_id, \
                 last_updated_by_map_index = excluded.last_updated_by_map_index",
            )
            .bind(asset_id)
            .bind(key)
            .bind(value.into_text())
            .bind(Timestamp::now())
            .bind(kind)
            .bind(dag_id)
            .bind(run_id)
            .bind(task_id)
            .bind(map_index),
        )
        .await?;
    Ok(transaction.commit().await?)
}

pub(crate) async fn delete(
    database: &Database,
    asset: &AssetRef,
    key: &str,
) -> Result<(), Failure> {
    remove(database, asset, |asset_id| {
        sql("delete from asset_state_store where asset_id = $1 and key = $2")
            .bind(asset_id)
            .bind(key)
    })
    .await
}

pub(crate) async fn clear(database: &Database, asset: &AssetRef) -> Result<(), Failure> {
    remove(database, asset, |asset_id| {
        sql("delete from asset_state_store where asset_id = $1").bind(asset_id)
    })
    .await
}

async fn remove(
    database: &Database,
    asset: &AssetRef,
    statement: impl FnOnce(i64) -> Statement,
) -> Result<(), Failure> {
    let mut transaction = database.begin().await?;
    let asset_id = asset::active_id(&mut transaction, asset).await?;
    transaction.execute(statement(asset_id)).await?;
    Ok(transaction.commit().await?)
}
