//! Which task instance it is, by the names that do not change from try to try.

use uuid::Uuid;

use crate::database::{Session, sql};
use crate::failure::Failure;

/// A task instance by its names. Its id is another one in every try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) dag_id: String,
    pub(crate) run_id: String,
    pub(crate) task_id: String,
    pub(crate) map_index: i64,
}

impl Scope {
    /// The names of the task instance with this id.
    pub(crate) async fn of(session: &mut Session, ti_id: Uuid) -> Result<Self, Failure> {
        let row = session
            .optional(
                sql("select dag_id, run_id, task_id, map_index from task_instance where id = $1")
                    .bind(ti_id),
            )
            .await?;
        let row = row.ok_or_else(|| missing(ti_id))?;
        Ok(Self {
            dag_id: row.get("dag_id")?,
            run_id: row.get("run_id")?,
            task_id: row.get("task_id")?,
            map_index: row.get("map_index")?,
        })
    }
}

/// The answer where there is no such task instance.
pub(crate) fn missing(ti_id: Uuid) -> Failure {
    Failure::not_found(format!("there is no task instance {ti_id}"))
}
