//! `aileron run` is killed at any moment, and called again.

use std::time::Duration;

use anyhow::{Result, ensure};
use end_to_end::JobService;

use crate::support::{Local, ended, signal};

/// How long after its start it is killed, in milliseconds; afterwards it is left alone.
const MOMENTS: [u64; 10] = [15, 40, 60, 80, 100, 130, 170, 220, 300, 400];

#[test]
fn a_run_that_is_killed_again_and_again_comes_to_its_end_and_repeats_nothing() -> Result<()> {
    let service = JobService::start()?;
    let connection = service.connection();
    let uri = format!("http://127.0.0.1:{}", connection["port"]);
    let local = Local::new("resumable")?.variable("AIRFLOW_CONN_JOB_SERVICE", uri);
    let arguments = ["--run-id", "killed", "--conf", r#"{"milliseconds": 150}"#];
    let mut finished: Vec<String> = Vec::new();
    let mut kills = 0;
    for moment in MOMENTS {
        let child = local.start(&arguments)?;
        std::thread::sleep(Duration::from_millis(moment));
        if signal(&child, "KILL").is_ok() {
            kills += 1;
        }
        ended(child)?;
    }
    ensure!(kills > 0, "it was never killed");
    let ran = local.run(&arguments)?;
    for instance in ran.instances() {
        // One that must not submit twice may give up instead; all others come to their end.
        let allowed = instance.starts_with("at_most_once: failed");
        ensure!(
            allowed || instance.contains(": success"),
            "{instance}\n{}",
            ran.stderr
        );
        finished.push(instance);
    }
    assert_eq!(finished.len(), 6);
    for task in ["idempotent", "searchable", "at_most_once"] {
        let jobs = service.jobs(&format!("killed/{task}"))?;
        assert!(jobs.len() <= 1, "{task}: {jobs:?}");
    }
    // Called once more, nothing runs.
    let again = local.run(&arguments)?;
    assert_eq!(again.instances(), finished);
    Ok(())
}
