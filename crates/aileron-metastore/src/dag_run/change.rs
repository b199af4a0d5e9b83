//! Triggering and clearing Dag runs, and their notes.

use aileron_wire::message::TriggerDagRun;
use uuid::Uuid;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn trigger(
    _database: &Database,
    _ti_id: Uuid,
    _request: TriggerDagRun,
) -> Result<(), Failure> {
    Err(Failure::unsupported("triggering Dag runs"))
}

pub(crate) async fn clear(
    _database: &Database,
    _dag_id: &str,
    _run_id: &str,
) -> Result<(), Failure> {
    Err(Failure::unsupported("clearing Dag runs"))
}

pub(crate) async fn set_note(
    _database: &Database,
    _ti_id: Uuid,
    _note: Option<String>,
) -> Result<(), Failure> {
    Err(Failure::unsupported("notes of Dag runs"))
}
