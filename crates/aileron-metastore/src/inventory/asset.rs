//! Values of assets.

use aileron_execution_api::ApiError;
use aileron_wire::json::RawJson;
use jiff::Timestamp;

use super::Inventory;
use crate::asset_state_store::{self, Writer};
use crate::database::{DatabaseError, Row, Statement, sql};
use crate::failure::Failure;
use crate::state_value;

/// An asset, active or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAsset {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its URI.
    pub uri: String,
}

/// Which values of assets. What is not set does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssetFilter {
    /// Of the asset with this number.
    pub asset_id: Option<i64>,
    /// Under this key.
    pub key: Option<String>,
}

impl AssetFilter {
    pub(super) fn restrict(&self, mut statement: Statement) -> Statement {
        if let Some(asset_id) = self.asset_id {
            statement = statement.push(" and asset_id = ").value(asset_id);
        }
        match &self.key {
            Some(key) => statement.push(" and key = ").value(key),
            None => statement,
        }
    }
}

/// A value of an asset, without the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetEntry {
    /// The asset.
    pub asset: KnownAsset,
    /// The key.
    pub key: String,
    /// When it was written last.
    pub written_at: Timestamp,
    /// What wrote it last: `task`, `watcher` or `api`.
    pub written_by: Option<String>,
    /// The Dag of the task that wrote it last.
    pub dag_id: Option<String>,
    /// Its run.
    pub run_id: Option<String>,
    /// The task.
    pub task_id: Option<String>,
    /// Its map index.
    pub map_index: Option<i64>,
    /// The length of its JSON text in characters.
    pub length: i64,
}

impl AssetEntry {
    fn read(row: &Row) -> Result<Self, DatabaseError> {
        Ok(Self {
            asset: KnownAsset::read(row)?,
            key: row.get("key")?,
            written_at: row.get("updated_at")?,
            written_by: row.get("last_updated_by_kind")?,
            dag_id: row.get("last_updated_by_dag_id")?,
            run_id: row.get("last_updated_by_run_id")?,
            task_id: row.get("last_updated_by_task_id")?,
            map_index: row.get("last_updated_by_map_index")?,
            length: row.get("length")?,
        })
    }

    fn filter(&self) -> AssetFilter {
        AssetFilter {
            asset_id: Some(self.asset.id),
            key: Some(self.key.clone()),
        }
    }
}

impl KnownAsset {
    fn read(row: &Row) -> Result<Self, DatabaseError> {
        Ok(Self {
            id: row.get("asset_id")?,
            name: row.get("name")?,
            uri: row.get("uri")?,
        })
    }
}

impl Inventory<'_> {
    /// All assets, by name.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn assets(&self) -> Result<Vec<KnownAsset>, DatabaseError> {
        let statement = sql("select id as asset_id, name, uri from asset order by name, uri");
        let rows = self.store.database().read().await?.all(statement).await?;
        rows.iter().map(KnownAsset::read).collect()
    }

    /// What matches, at most `limit` entries.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn asset_entries(
        &self,
        filter: &AssetFilter,
        limit: i64,
    ) -> Result<Vec<AssetEntry>, DatabaseError> {
        let rows = self.select_assets(filter, limit, "").await?;
        rows.iter().map(AssetEntry::read).collect()
    }

    /// The same with the values: those of at most `longest` characters.
    ///
    /// # Errors
    ///
    /// Those of the database, and when what is stored is no JSON.
    pub async fn asset_entries_with_values(
        &self,
        filter: &AssetFilter,
        limit: i64,
        longest: i64,
    ) -> Result<Vec<(AssetEntry, Option<RawJson>)>, DatabaseError> {
        let value =
            format!("case when length(store.value) <= {longest} then store.value end as short, ");
        let rows = self.select_assets(filter, limit, &value).await?;
        rows.iter()
            .map(|row| Ok((AssetEntry::read(row)?, row.get("short")?)))
            .collect()
    }

    async fn select_assets(
        &self,
        filter: &AssetFilter,
        limit: i64,
        value: &str,
    ) -> Result<Vec<Row>, DatabaseError> {
        let columns = "store.asset_id, store.key, store.updated_at, store.last_updated_by_kind, \
                       store.last_updated_by_dag_id, store.last_updated_by_run_id, \
                       store.last_updated_by_task_id, store.last_updated_by_map_index";
        let statement = sql(format!(
            "select {value}{columns}, length(store.value) as length, \
             asset.name as name, asset.uri as uri from asset_state_store store \
             join asset on asset.id = store.asset_id where 1 = 1"
        ));
        let statement = filter
            .restrict(statement)
            .push(" order by asset.name, asset.uri, store.key limit ")
            .value(limit);
        self.store.database().read().await?.all(statement).await
    }

    /// The value of an entry; `None` when it has been deleted since.
    ///
    /// # Errors
    ///
    /// Those of the database, and when what is stored is no JSON.
    pub async fn asset_value(&self, entry: &AssetEntry) -> Result<Option<RawJson>, DatabaseError> {
        let statement = sql("select value from asset_state_store where 1 = 1");
        let statement = entry.filter().restrict(statement);
        let mut session = self.store.database().read().await?;
        let row = session.optional(statement).await?;
        row.map(|row| row.get("value")).transpose()
    }

    /// Stores a value for an asset. A person wrote it then, not a task.
    ///
    /// # Errors
    ///
    /// When the value is null, the key is empty or too long, and those of the database.
    pub async fn set_asset_state(
        &self,
        asset: &KnownAsset,
        key: &str,
        value: RawJson,
    ) -> Result<(), ApiError> {
        self.write(asset, key, value)
            .await
            .map_err(|failure| failure.of(format!("set state {key:?} of asset {:?}", asset.name)))
    }

    async fn write(&self, asset: &KnownAsset, key: &str, value: RawJson) -> Result<(), Failure> {
        state_value::check(asset_state_store::STORE, key, &value)?;
        let mut transaction = self.store.database().begin().await?;
        asset_state_store::write(&mut transaction, asset.id, Writer::Api, key, value).await?;
        Ok(transaction.commit().await?)
    }

    /// Deletes what matches, and says how many values that were.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn delete_asset_state(&self, filter: &AssetFilter) -> Result<u64, DatabaseError> {
        let statement = filter.restrict(sql("delete from asset_state_store where 1 = 1"));
        self.store.database().change(statement).await
    }
}
