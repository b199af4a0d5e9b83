//! Calling a function of a module in `python/`.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::{AirflowVersion, workspace_root};

/// Calls a function of a module in `python/` with the Python of an Airflow, in a home of its own.
///
/// The function reads `input` as JSON from its standard input. Its last line of output is what comes back: warnings may stand before it.
/// It also sees the packages of a directory, and environment variables.
///
/// # Errors
/// When there is no such Python, or the function fails: with what it said.
pub fn call_python(
    version: AirflowVersion,
    (module, function): (&str, &str),
    input: &impl Serialize,
    packages: &Path,
    variables: &[(&str, &str)],
) -> Result<Vec<u8>> {
    let home = tempfile::tempdir()?;
    let path = [&workspace_root().join("tests/end-to-end/python"), packages];
    let mut child = Command::new(version.python()?)
        .args(["-c", &format!("import {module}; {module}.{function}()")])
        .env("PYTHONPATH", std::env::join_paths(path)?)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("AIRFLOW_HOME", home.path())
        .env("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
        .env("TZ", "UTC")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("Python does not start")?;
    let mut stdin = child.stdin.take().context("there is a pipe")?;
    serde_json::to_writer(&mut stdin, input)?;
    stdin.flush()?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(
        output.status.success(),
        "{module}.{function} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let start = output.stdout.iter().rposition(|byte| *byte == b'\n');
    Ok(output.stdout[start.map_or(0, |at| at + 1)..].to_vec())
}
