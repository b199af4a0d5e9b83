//! A Dag run on a real Airflow whose pods are made of the image.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::{AirflowVersion, Setup, workspace_root};
use serde_json::json;

use super::DAG;
use super::root::Root;
use crate::environment;
use crate::progress::say;

/// How long the run may take; it is a matter of seconds.
const LIMIT: Duration = Duration::from_secs(120);

pub(super) fn run(root: &Root) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let container = scratch.path().join("container");
    root.container(&container)?;
    let environment = environment::prepare(AirflowVersion::V3_3_2)?;
    let stub = scratch.path().join("orders.py");
    let bundle = root.path().join("bundles").join(DAG);
    let output = std::process::Command::new(root.path().join("aileron"))
        .arg("stub")
        .arg(&bundle)
        .arg("--output")
        .arg(&stub)
        .output()?;
    ensure!(
        output.status.success(),
        "aileron stub failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    say(format!("starting Airflow {}", environment.version));
    let python = workspace_root().join("tests/end-to-end/python");
    let airflow = Setup::new(environment.version)
        .python(environment.python)
        .variable("AIRFLOW__CORE__EXECUTOR", "pod_executor.PodExecutor")
        .variable("PYTHONPATH", python.display().to_string())
        .variable("AILERON", container.display().to_string())
        .variable("POD__AIRFLOW_HOME", "/airflow")
        .variable("POD__AIRFLOW__LOGGING__BASE_LOG_FOLDER", "/airflow/logs")
        .variable("POD__AILERON_BUNDLES", "/bundles")
        .dags(&stub)
        .start()?;
    let api = airflow.api();
    api.wait_for_dag(DAG, LIMIT)?;
    api.unpause(DAG)?;
    let run = api.wait_for_run(&api.trigger(DAG, &json!({}))?, LIMIT)?;
    ensure!(
        run.state == "success",
        "the run ended as {}\n{}",
        run.state,
        printed(airflow.home())?
    );
    let logs = root.path().join("airflow/logs");
    let written = fs::read_dir(&logs)
        .with_context(|| format!("the pods wrote no logs into {}", logs.display()))?
        .count();
    ensure!(written > 0, "{} is empty", logs.display());
    Ok(())
}

/// What the pods have printed.
fn printed(home: &Path) -> Result<String> {
    let mut text = String::new();
    for entry in fs::read_dir(home)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("pod-") {
            text.push_str(&fs::read_to_string(entry.path())?);
        }
    }
    Ok(text)
}
