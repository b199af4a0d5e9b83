//! What the arguments of a stub are, since Airflow 3.4.
//!
//! Source: `services/task_instances.py` of the Execution API of Airflow 3.4.0b2.

use aileron_wire::message::TaskArgBinding;
use serde::Deserialize as _;

use super::subject::Subject;
use crate::dag::data;
use crate::database::{DatabaseError, Session};

/// The operator of `@task.stub`, the only one whose arguments are written down.
const STUB: &str = "_StubOperator";

/// The arguments of a stub, as its Dag file gives them; `None` for every other task.
pub(super) async fn bindings(
    session: &mut Session,
    subject: &Subject,
) -> Result<Option<Vec<TaskArgBinding>>, DatabaseError> {
    let (Some(STUB), Some(version)) = (subject.operator.as_deref(), subject.dag_version_id) else {
        return Ok(None);
    };
    let Some(dag) = data::version(session, version).await? else {
        return Ok(None);
    };
    let bindings = dag
        .task(&subject.scope.task_id)
        .and_then(data::TaskData::arg_bindings);
    let Some(bindings) = bindings else {
        return Ok(None);
    };
    match Vec::deserialize(bindings) {
        Ok(bindings) => Ok(Some(bindings)),
        Err(error) => Err(DatabaseError::Column {
            column: "serialized_dag.data".to_owned(),
            problem: format!("the arguments of task {:?}: {error}", subject.scope.task_id),
        }),
    }
}
