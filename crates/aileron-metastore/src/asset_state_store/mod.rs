//! The state store of assets.

use aileron_execution_api::AssetRef;
use aileron_wire::json::RawJson;
use uuid::Uuid;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn get(
    _database: &Database,
    _asset: &AssetRef,
    _key: &str,
) -> Result<RawJson, Failure> {
    Err(Failure::unsupported("asset state"))
}

pub(crate) async fn set(
    _database: &Database,
    _ti_id: Uuid,
    _asset: &AssetRef,
    _key: &str,
    _value: RawJson,
) -> Result<(), Failure> {
    Err(Failure::unsupported("asset state"))
}

pub(crate) async fn delete(
    _database: &Database,
    _asset: &AssetRef,
    _key: &str,
) -> Result<(), Failure> {
    Err(Failure::unsupported("asset state"))
}

pub(crate) async fn clear(_database: &Database, _asset: &AssetRef) -> Result<(), Failure> {
    Err(Failure::unsupported("asset state"))
}
