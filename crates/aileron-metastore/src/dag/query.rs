//! Questions about Dags.

use aileron_wire::message::DagResult;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn get(_database: &Database, _dag_id: &str) -> Result<DagResult, Failure> {
    Err(Failure::unsupported("Dags"))
}
