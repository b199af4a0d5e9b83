//! A task that is ended from outside.

use std::path::Path;

use anyhow::{Context, Result};
use end_to_end::{Airflow, Deadline, LogLine};
use serde_json::json;

use super::{LIMIT, log_file};

pub(super) fn runs_its_hook_and_ends(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    api.wait_for_dag("terminated", LIMIT)?;
    let run = api.trigger("terminated", &json!({}))?;
    let wait_for_line = |text: &str| -> Result<LogLine> {
        Deadline::after(LIMIT).wait_for(&format!("{text:?} stands in the log"), || {
            // The file is not there at first, and its last line may be half written.
            Ok(log_file(airflow, &run, "wait_long", 1)
                .ok()
                .and_then(|log| log.find(text).cloned()))
        })
    };
    let line = wait_for_line("waiting in process")?;
    let process = line
        .event()
        .rsplit(' ')
        .next()
        .context("no process id in the line")?
        .to_owned();
    // The next heartbeat tells the supervisor, which sends SIGTERM.
    api.set_state(&run, "wait_long", "failed")?;
    wait_for_line("the task was cancelled")?;
    wait_for_line("the on-kill hook ran")?;
    let process = Path::new("/proc").join(process);
    Deadline::after(LIMIT).wait_for("the process is gone", || {
        Ok((!process.exists()).then_some(()))
    })?;
    assert_eq!(
        api.task_instance(&run, "wait_long")?.state.as_deref(),
        Some("failed")
    );
    Ok(())
}
