//! `aileron run` on a Dag of a thousand tasks that do nothing.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::Bench;
use super::numbers::median;
use super::row::Row;

/// Tasks of the Dag `thousand`.
const TASKS: usize = 1000;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..bench.repetitions(1, 3) {
        ours.push(dag(&bench.programs.aileron, &bench.programs.bundle)?);
        bare.push(processes(&bench.programs.bundle)?);
    }
    let peer = ("the process alone, one by one", median(bare)?);
    Ok(vec![Row::new(
        "aileron run, each of 1,000 empty tasks",
        "ms",
        median(ours)?,
        peer,
    )])
}

/// Milliseconds for each task, the start of the command and its summary included.
fn dag(aileron: &Path, bundle: &Path) -> Result<f64> {
    let place = tempfile::tempdir()?;
    let started = Instant::now();
    let output = Command::new(aileron)
        .arg("run")
        .arg(bundle)
        .args(["--dag", "thousand", "--format", "json"])
        .current_dir(place.path())
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .context("cannot start aileron")?;
    let elapsed = started.elapsed();
    ensure!(
        output.status.success(),
        "aileron run failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let result: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let tasks = result["task_instances"].as_array();
    let succeeded = tasks
        .into_iter()
        .flatten()
        .filter(|task| task["state"] == "success")
        .count();
    ensure!(
        succeeded == TASKS,
        "{succeeded} tasks of {TASKS} succeeded; the run is {}",
        result["state"]
    );
    Ok(elapsed.as_secs_f64() * 1000.0 / TASKS as f64)
}

/// Milliseconds to start the program and see its end, with nothing around it.
fn processes(bundle: &Path) -> Result<f64> {
    let started = Instant::now();
    for _ in 0..TASKS {
        let status = Command::new(bundle)
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        ensure!(
            status.code().is_some(),
            "the bundle was ended by a signal: {status}"
        );
    }
    Ok(started.elapsed().as_secs_f64() * 1000.0 / TASKS as f64)
}
