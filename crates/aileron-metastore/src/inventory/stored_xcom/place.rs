//! Where an XCom lies.

use uuid::Uuid;

use crate::database::Statement;

/// The row of an XCom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum XComPlace {
    /// A row of Airflow 3.3, or one that an upgrade to 3.4 found.
    TaskInstance {
        /// `xcom`, or `xcom_v1` since Airflow 3.4.
        table: &'static str,
        /// The row of the run.
        dag_run_id: i64,
        /// The task.
        task_id: String,
        /// The instance of a mapped task; -1 for a task that is not mapped.
        map_index: i64,
        /// The key.
        key: String,
    },
    /// A row of `xcom_v2`, which belongs to a try.
    Try(Uuid),
}

impl XComPlace {
    /// The name of the table.
    pub(super) fn table(&self) -> &'static str {
        match self {
            Self::TaskInstance { table, .. } => table,
            Self::Try(_) => "xcom_v2",
        }
    }

    /// Adds the conditions for this row and no other.
    pub(super) fn restrict(&self, statement: Statement) -> Statement {
        match self {
            Self::TaskInstance {
                dag_run_id,
                task_id,
                map_index,
                key,
                ..
            } => statement
                .push(" where dag_run_id = ")
                .value(*dag_run_id)
                .push(" and task_id = ")
                .value(task_id)
                .push(" and map_index = ")
                .value(*map_index)
                .push(" and key = ")
                .value(key),
            Self::Try(id) => statement.push(" where id = ").value(*id),
        }
    }
}
