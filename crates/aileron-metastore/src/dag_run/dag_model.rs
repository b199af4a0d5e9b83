//! Whether a task may start or clear runs of a Dag.

use aileron_execution_api::ErrorKind;
use aileron_wire::message::DagRunType;
use serde_json::Value as JsonValue;

use crate::database::{Row, Session, sql};
use crate::failure::Failure;

/// The row of a Dag that is in use and can be read.
pub(super) async fn usable(session: &mut Session, dag_id: &str) -> Result<Row, Failure> {
    let row = session
        .optional(
            sql(
                "select dag_id, has_import_errors, allowed_run_types, timetable_partitioned from dag \
                 where dag_id = $1 and is_stale = $2",
            )
            .bind(dag_id)
            .bind(false),
        )
        .await?;
    let row = row.ok_or_else(|| Failure::not_found(format!("there is no Dag {dag_id:?}")))?;
    let has_import_errors: Option<bool> = row.get("has_import_errors")?;
    if has_import_errors == Some(true) {
        return Err(Failure::because(
            ErrorKind::BadRequest,
            "import_errors",
            format!("Dag {dag_id:?} has import errors; its runs cannot be started or cleared"),
        ));
    }
    Ok(row)
}

/// Refuses when tasks may not start runs of the Dag.
pub(super) fn check_run_type(row: &Row, dag_id: &str) -> Result<(), Failure> {
    let asked = DagRunType::OperatorTriggered.as_str();
    let allowed: Option<JsonValue> = row.get("allowed_run_types")?;
    match allowed {
        Some(JsonValue::Array(allowed)) if !allowed.iter().any(|kind| kind == asked) => {
            Err(Failure::because(
                ErrorKind::BadRequest,
                "denied_run_type",
                format!("Dag {dag_id:?} does not allow runs that a task starts"),
            ))
        }
        _ => Ok(()),
    }
}
