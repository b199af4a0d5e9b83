//! Questions about Dag runs.

use aileron_wire::message::{
    DagRun, DagRunState, GetDRCount, GetPreviousDagRun, PrevSuccessfulDagRunResult,
};
use uuid::Uuid;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn get(
    _database: &Database,
    _dag_id: &str,
    _run_id: &str,
) -> Result<DagRun, Failure> {
    Err(Failure::unsupported("Dag runs"))
}

pub(crate) async fn state(
    _database: &Database,
    _dag_id: &str,
    _run_id: &str,
) -> Result<DagRunState, Failure> {
    Err(Failure::unsupported("Dag runs"))
}

pub(crate) async fn count(_database: &Database, _query: GetDRCount) -> Result<i64, Failure> {
    Err(Failure::unsupported("Dag runs"))
}

pub(crate) async fn previous(
    _database: &Database,
    _query: GetPreviousDagRun,
) -> Result<Option<DagRun>, Failure> {
    Err(Failure::unsupported("Dag runs"))
}

pub(crate) async fn previous_successful(
    _database: &Database,
    _ti_id: Uuid,
) -> Result<PrevSuccessfulDagRunResult, Failure> {
    Err(Failure::unsupported("Dag runs"))
}
