//! Human in the loop: questions of tasks, and the answers of people.

use aileron_wire::json::JsonMap;
use aileron_wire::message::{CreateHITLDetailPayload, HITLDetailRequestResult, UpdateHITLDetail};
use uuid::Uuid;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn create(
    _database: &Database,
    _request: CreateHITLDetailPayload,
) -> Result<HITLDetailRequestResult, Failure> {
    Err(Failure::unsupported("questions to people"))
}

pub(crate) async fn update(
    _database: &Database,
    _request: UpdateHITLDetail,
) -> Result<JsonMap, Failure> {
    Err(Failure::unsupported("questions to people"))
}

pub(crate) async fn get(_database: &Database, _ti_id: Uuid) -> Result<JsonMap, Failure> {
    Err(Failure::unsupported("questions to people"))
}
