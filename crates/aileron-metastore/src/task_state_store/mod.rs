//! The state store of task instances.

use aileron_wire::json::RawJson;
use jiff::Timestamp;
use uuid::Uuid;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn get(
    _database: &Database,
    _ti_id: Uuid,
    _key: &str,
) -> Result<RawJson, Failure> {
    Err(Failure::unsupported("task state"))
}

pub(crate) async fn set(
    _database: &Database,
    _ti_id: Uuid,
    _key: &str,
    _value: RawJson,
    _expires_at: Option<Timestamp>,
) -> Result<(), Failure> {
    Err(Failure::unsupported("task state"))
}

pub(crate) async fn delete(_database: &Database, _ti_id: Uuid, _key: &str) -> Result<(), Failure> {
    Err(Failure::unsupported("task state"))
}

pub(crate) async fn clear(_database: &Database, _ti_id: Uuid) -> Result<(), Failure> {
    Err(Failure::unsupported("task state"))
}
