//! Questions about task instances.

use aileron_wire::json::JsonMap;
use aileron_wire::message::{
    AssetProfile, GetPreviousTI, GetTICount, GetTaskRescheduleStartDate, GetTaskStates,
    PreviousTIResponse,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn count(_database: &Database, _query: GetTICount) -> Result<i64, Failure> {
    Err(Failure::unsupported("task instances"))
}

pub(crate) async fn states(
    _database: &Database,
    _query: GetTaskStates,
) -> Result<JsonMap, Failure> {
    Err(Failure::unsupported("task instances"))
}

pub(crate) async fn breadcrumbs(
    _database: &Database,
    _dag_id: &str,
    _run_id: &str,
) -> Result<Vec<JsonMap>, Failure> {
    Err(Failure::unsupported("task instances"))
}

pub(crate) async fn previous(
    _database: &Database,
    _query: GetPreviousTI,
) -> Result<Option<PreviousTIResponse>, Failure> {
    Err(Failure::unsupported("task instances"))
}

pub(crate) async fn reschedule_start_date(
    _database: &Database,
    _query: GetTaskRescheduleStartDate,
) -> Result<Option<Timestamp>, Failure> {
    Err(Failure::unsupported("task instances"))
}

pub(crate) async fn inactive_assets(
    _database: &Database,
    _ti_id: Uuid,
) -> Result<Vec<AssetProfile>, Failure> {
    Err(Failure::unsupported("inactive assets"))
}
