//! The states that the supervisor of a task instance puts it into.

use aileron_execution_api::{EnterRunning, Heartbeat, StateUpdate};
use aileron_wire::message::{SkippedTask, TIRunContext};
use uuid::Uuid;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn start(
    _database: &Database,
    _ti_id: Uuid,
    _start: EnterRunning,
) -> Result<TIRunContext, Failure> {
    Err(Failure::unsupported("starting tasks"))
}

pub(crate) async fn heartbeat(
    _database: &Database,
    _ti_id: Uuid,
    _heartbeat: Heartbeat,
) -> Result<(), Failure> {
    Err(Failure::unsupported("heartbeats"))
}

pub(crate) async fn update_state(
    _database: &Database,
    _ti_id: Uuid,
    _update: StateUpdate,
) -> Result<(), Failure> {
    Err(Failure::unsupported("states of tasks"))
}

pub(crate) async fn skip_downstream(
    _database: &Database,
    _ti_id: Uuid,
    _tasks: Vec<SkippedTask>,
) -> Result<(), Failure> {
    Err(Failure::unsupported("skipping tasks"))
}
