//! Assets.

use aileron_execution_api::AssetRef;
use aileron_wire::message::AssetResponse;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn get(_database: &Database, _asset: &AssetRef) -> Result<AssetResponse, Failure> {
    Err(Failure::unsupported("assets"))
}

pub(crate) async fn by_alias(
    _database: &Database,
    _alias: &str,
) -> Result<Vec<AssetResponse>, Failure> {
    Err(Failure::unsupported("asset aliases"))
}
