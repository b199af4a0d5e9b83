//! Runs that have not ended.

use std::collections::HashMap;

use jiff::Timestamp;

use super::Inventory;
use crate::database::{DatabaseError, sql};

/// A run that is queued or running.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedRun {
    /// The Dag.
    pub dag_id: String,
    /// The run.
    pub run_id: String,
    /// `queued` or `running`.
    pub state: String,
    /// When it may begin.
    pub run_after: Timestamp,
    /// How many of its task instances run now.
    pub running: u64,
    /// The runs whose asset events began this one, as far as they are unfinished too: Dag and run.
    pub fed_by: Vec<(String, String)>,
}

impl Inventory<'_> {
    /// The runs that are queued or running, the oldest first.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn unfinished_runs(&self) -> Result<Vec<UnfinishedRun>, DatabaseError> {
        let mut session = self.store.database().read().await?;
        let rows = session
            .all(
                "select r.dag_id, r.run_id, r.state, r.run_after, (select count(*) from task_instance ti \
                 where ti.dag_id = r.dag_id and ti.run_id = r.run_id and ti.state = 'running') as running \
                 from dag_run r where r.state in ('queued', 'running') order by r.run_after, r.id",
            )
            .await?;
        let mut runs = Vec::with_capacity(rows.len());
        let mut positions = HashMap::with_capacity(rows.len());
        for row in &rows {
            let run = UnfinishedRun {
                dag_id: row.get("dag_id")?,
                run_id: row.get("run_id")?,
                state: row.get("state")?,
                run_after: row.get("run_after")?,
                running: row.get::<i64>("running")?.unsigned_abs(),
                fed_by: Vec::new(),
            };
            positions.insert((run.dag_id.clone(), run.run_id.clone()), runs.len());
            runs.push(run);
        }
        let feeds = session
            .all(sql(
                "select distinct r.dag_id, r.run_id, e.source_dag_id, e.source_run_id from dag_run r \
                 join dagrun_asset_event d on d.dag_run_id = r.id join asset_event e on e.id = d.event_id \
                 join dag_run s on s.dag_id = e.source_dag_id and s.run_id = e.source_run_id \
                 where r.state in ('queued', 'running') and s.state in ('queued', 'running') \
                 order by e.source_dag_id, e.source_run_id",
            ))
            .await?;
        for row in &feeds {
            let run: (String, String) = (row.get("dag_id")?, row.get("run_id")?);
            if let Some(position) = positions.get(&run) {
                let source = (row.get("source_dag_id")?, row.get("source_run_id")?);
                runs[*position].fed_by.push(source);
            }
        }
        Ok(runs)
    }
}
