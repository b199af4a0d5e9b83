//! What an earlier run left behind, because it was killed: processes, and task instances that are `running`.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::error::RunError;
use crate::event::{Event, Listener};
use crate::orphan::{self, Orphan};
use crate::store::{Row, Store};

/// A task notices that its supervisor is gone, and ends; its hooks may take some seconds.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a process that was killed may take to be gone.
const LAST_PATIENCE: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(20);

/// Waits for the processes of tasks to end, and ends what they have started; kills a task that does not end, such as one that
/// is stopped. A process that has left the process group of its task wants to outlive it, and may.
pub(crate) async fn clear_away(lock: &Path, rows: &[Row]) -> Result<(), RunError> {
    let start = Instant::now();
    let groups: HashSet<u32> = rows.iter().filter_map(|row| row.pid).collect();
    loop {
        let hidden = rows
            .iter()
            .filter_map(|row| row.pid)
            .find(|pid| orphan::is_hidden(*pid));
        let mut left = orphan::of_run(lock);
        left.retain(|it| it.is_task || groups.contains(&it.group));
        let Some(pid) = hidden.or(left.first().map(|it| it.pid)) else {
            return Ok(());
        };
        let tasks_end = left.iter().any(|it| it.is_task) && start.elapsed() < PATIENCE;
        if !tasks_end {
            left.iter().for_each(kill);
        }
        if start.elapsed() > LAST_PATIENCE {
            return Err(RunError::StillThere { pid });
        }
        tokio::time::sleep(POLL).await;
    }
}

fn kill(orphan: &Orphan) {
    let pid = i32::try_from(orphan.pid).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It has ended meanwhile: that is what the signal is for.
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// Does what Airflow's scheduler does when heartbeats stop: the instance is up for a retry, or has failed. Returns it as it is
/// then.
pub(crate) async fn settle(
    store: &Store,
    row: Row,
    listener: &dyn Listener,
) -> Result<Row, RunError> {
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
