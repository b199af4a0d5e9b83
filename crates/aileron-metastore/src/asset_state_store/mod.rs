//! The asset state store: values of an asset that outlive all runs, and who wrote them last.
//!
//! Source: `routes/asset_state_store.py` and `state/metastore.py` of Airflow 3.3.2.

use aileron_execution_api::AssetRef;
use aileron_wire::json::RawJson;
use jiff::Timestamp;
use uuid::Uuid;

use crate::database::{Database, Session, Statement, Value, sql};
use crate::failure::Failure;
use crate::scope::Scope;
use crate::{asset, state_value};

pub(crate) const STORE: &str = "the asset state store";

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

/// Who writes a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Writer {
    /// A task, in one of its tries.
    Task {
        /// Its names.
        scope: Scope,
        /// The id of the try.
        ti_id: Uuid,
        /// The number of the try.
        try_number: i64,
    },
    /// A watcher of the asset.
    Watcher,
    /// A person.
    Api,
}

impl Writer {
    /// A task, or with the id that is nobody's, a watcher.
    async fn of(session: &mut Session, ti_id: Uuid) -> Result<Self, Failure> {
        if ti_id.is_nil() {
            return Ok(Self::Watcher);
        }
        let scope = Scope::of(session, ti_id).await?;
        let row = session
            .one(sql("select try_number from task_instance where id = $1").bind(ti_id))
            .await?;
        Ok(Self::Task {
            scope,
            ti_id,
            try_number: row.get("try_number")?,
        })
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Task { .. } => "task",
            Self::Watcher => "watcher",
            Self::Api => "api",
        }
    }

    fn scope(&self) -> Option<&Scope> {
        match self {
            Self::Task { scope, .. } => Some(scope),
            Self::Watcher | Self::Api => None,
        }
    }

    /// Id, region, position in it, and number of the try, which are kept since Airflow 3.4.
    fn attempt(&self) -> [Value; 4] {
        match self {
            Self::Task {
                scope,
                ti_id,
                try_number,
            } => [
                (*ti_id).into(),
                scope.region_id.into(),
                scope.map_index.into(),
                (*try_number).into(),
            ],
            Self::Watcher | Self::Api => [
                None::<Uuid>.into(),
                None::<Uuid>.into(),
                None::<i64>.into(),
                None::<i64>.into(),
            ],
        }
    }
}

/// Columns about the try that wrote last, which there are since Airflow 3.4.
pub(crate) const ATTEMPT: [&str; 4] = [
    "last_updated_by_task_instance_id",
    "last_updated_by_region_id",
    "last_updated_by_region_index",
    "last_updated_by_try_number",
];

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
    let writer = Writer::of(&mut transaction, ti_id).await?;
    write(&mut transaction, asset_id, writer, key, value).await?;
    Ok(transaction.commit().await?)
}

/// Writes a value that was checked.
pub(crate) async fn write(
    session: &mut Session,
    asset_id: i64,
    writer: Writer,
    key: &str,
    value: RawJson,
) -> Result<(), Failure> {
    let scope = writer.scope();
    let (mut columns, mut values, mut updates) = (String::new(), String::new(), String::new());
    if session.schema().keeps_tries() {
        for (column, at) in ATTEMPT.iter().zip(10..) {
            columns += &format!(", {column}");
            values += &format!(", ${at}");
            updates += &format!(", {column} = excluded.{column}");
        }
    }
    let mut statement = sql(format!(
        "insert into asset_state_store (asset_id, key, value, updated_at, \
         last_updated_by_kind, last_updated_by_dag_id, last_updated_by_run_id, \
         last_updated_by_task_id, last_updated_by_map_index{columns}) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9{values}) \
         on conflict (asset_id, key) do update set \
         value = excluded.value, updated_at = excluded.updated_at, \
         last_updated_by_kind = excluded.last_updated_by_kind, \
         last_updated_by_dag_id = excluded.last_updated_by_dag_id, \
         last_updated_by_run_id = excluded.last_updated_by_run_id, \
         last_updated_by_task_id = excluded.last_updated_by_task_id, \
         last_updated_by_map_index = excluded.last_updated_by_map_index{updates}"
    ))
    .bind(asset_id)
    .bind(key)
    .bind(value.into_text())
    .bind(Timestamp::now())
    .bind(writer.kind())
    .bind(scope.map(|scope| scope.dag_id.clone()))
    .bind(scope.map(|scope| scope.run_id.clone()))
    .bind(scope.map(|scope| scope.task_id.clone()))
    .bind(scope.map(|scope| if scope.in_loop { -1 } else { scope.map_index }));
    if !columns.is_empty() {
        for value in writer.attempt() {
            statement = statement.bind(value);
        }
    }
    session.execute(statement).await?;
    Ok(())
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
