//! Connections.

use aileron_wire::message::ConnectionResponse;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn get(
    _database: &Database,
    _conn_id: &str,
) -> Result<ConnectionResponse, Failure> {
    Err(Failure::unsupported("Connections"))
}
