//! The retries of Dags.

use super::Inventory;
use crate::dag::{self, TaskRetries};
use crate::database::{DatabaseError, sql};

/// The tasks of a Dag that are tried again.
#[derive(Debug)]
pub struct DagRetries {
    /// The Dag.
    pub dag_id: String,
    /// Its tasks with retries, or why the Dag cannot be read.
    pub tasks: Result<Vec<TaskRetries>, DatabaseError>,
}

impl Inventory<'_> {
    /// The retries of the latest version of each Dag that is in use, or of the one that is named.
    ///
    /// # Errors
    ///
    /// Those of the database. A Dag that cannot be read is no error: it says so itself.
    pub async fn retries(&self, dag_id: Option<&str>) -> Result<Vec<DagRetries>, DatabaseError> {
        let mut session = self.store.database().read().await?;
        let mut statement = sql("select dag_id from dag where is_stale = ").value(false);
        if let Some(dag_id) = dag_id {
            statement = statement.push(" and dag_id = ").value(dag_id);
        }
        let rows = session.all(statement.push(" order by dag_id")).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let dag_id: String = row.get("dag_id")?;
            // One at a time: a Dag may be large, and its retries are not.
            let tasks = match dag::latest_raw(&mut session, &dag_id).await {
                Ok(data) => Ok(data.as_ref().map(dag::retries).unwrap_or_default()),
                Err(error @ DatabaseError::Column { .. }) => Err(error),
                Err(error) => return Err(error),
            };
            found.push(DagRetries { dag_id, tasks });
        }
        Ok(found)
    }
}
