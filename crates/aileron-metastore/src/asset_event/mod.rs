//! Asset events.

use aileron_execution_api::AssetEventsQuery;
use aileron_wire::message::AssetEventResponse;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn query(
    _database: &Database,
    _query: AssetEventsQuery,
) -> Result<Vec<AssetEventResponse>, Failure> {
    Err(Failure::unsupported("asset events"))
}
