//! Assets and what aliases stand for.
//!
//! Source: `routes/assets.py` and `models/asset.py` of Airflow 3.3.2. An asset is active while
//! `asset_active` has its name and URI.

use aileron_execution_api::AssetRef;
use aileron_wire::message::AssetResponse;

use crate::database::{Database, DatabaseError, Row, Session, Statement, sql};
use crate::failure::Failure;

/// `select {columns}` of the active asset.
fn select_active(columns: &str, asset: &AssetRef) -> Statement {
    let statement = sql("select ").push(columns).push(
        " from asset join asset_active on asset_active.name = asset.name \
         and asset_active.uri = asset.uri where ",
    );
    match asset {
        AssetRef::Name(name) => statement.push("asset.name = ").value(name),
        AssetRef::Uri(uri) => statement.push("asset.uri = ").value(uri),
    }
}

fn missing(asset: &AssetRef) -> Failure {
    Failure::not_found(format!("there is no active asset with {asset}"))
}

/// The id of an active asset.
pub(crate) async fn active_id(session: &mut Session, asset: &AssetRef) -> Result<i64, Failure> {
    let row = session
        .optional(select_active("asset.id as id", asset))
        .await?;
    Ok(row.ok_or_else(|| missing(asset))?.get("id")?)
}

const COLUMNS: &str =
    "asset.name as name, asset.uri as uri, asset.\"group\" as asset_group, asset.extra as extra";

pub(crate) async fn get(database: &Database, asset: &AssetRef) -> Result<AssetResponse, Failure> {
    let statement = select_active(COLUMNS, asset);
    let row = database.read().await?.optional(statement).await?;
    Ok(response(&row.ok_or_else(|| missing(asset))?)?)
}

/// Active or not. An alias that nobody knows stands for nothing.
pub(crate) async fn by_alias(
    database: &Database,
    alias: &str,
) -> Result<Vec<AssetResponse>, Failure> {
    let statement = sql("select ")
        .push(COLUMNS)
        .push(
            " from asset join asset_alias_asset on asset_alias_asset.asset_id = asset.id \
             join asset_alias on asset_alias.id = asset_alias_asset.alias_id \
             where asset_alias.name = ",
        )
        .value(alias)
        .push(" order by asset.id");
    let rows = database.read().await?.all(statement).await?;
    Ok(rows.iter().map(response).collect::<Result<_, _>>()?)
}

fn response(row: &Row) -> Result<AssetResponse, DatabaseError> {
    Ok(AssetResponse {
        name: row.get("name")?,
        uri: row.get("uri")?,
        group: row.get("asset_group")?,
        extra: row.get("extra")?,
    })
}
