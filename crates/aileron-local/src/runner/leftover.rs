//! Task instances that an earlier run left `running`, because it was killed.

use std::time::{Duration, Instant};

use crate::error::RunError;
use crate::event::{Event, Listener};
use crate::orphan;
use crate::store::{Row, Store};

/// A task notices that its supervisor is gone, and ends; its hooks may take some seconds.
const PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(20);

/// Waits for the process of the instance to be gone, and then does what Airflow's scheduler does when heartbeats stop: the
/// instance is up for a retry, or has failed. Returns it as it is then.
pub(crate) async fn settle(
    store: &Store,
    row: Row,
    listener: &dyn Listener,
) -> Result<Row, RunError> {
    if let Some(pid) = row.pid {
        let start = Instant::now();
        while orphan::is_alive(pid) {
            if start.elapsed() > PATIENCE {
                return Err(RunError::StillThere {
                    task_id: row.task_id,
                    pid,
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }
    store
        .end_orphan(row.id, "the `aileron run` that ran it was killed")
        .await?;
    let row = store.row(&row.name()).await?;
    if let Some(state) = row.state {
        listener.on_event(&Event::Orphaned {
            instance: row.name(),
            state,
        });
    }
    Ok(row)
}
