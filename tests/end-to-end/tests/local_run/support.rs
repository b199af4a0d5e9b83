//! `aileron run` in a directory of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::Deadline;
use end_to_end::bundle::executable;
use serde_json::Value;

/// A built executable of this workspace; each is built once.
fn built(package: &'static str, name: &'static str) -> Result<PathBuf> {
    static ALL: [OnceLock<PathBuf>; 5] = [const { OnceLock::new() }; 5];
    let place = match name {
        "aileron" => 0,
        "scenarios" => 1,
        "resumable" => 2,
        "local" => 3,
        _ => 4,
    };
    if let Some(path) = ALL[place].get() {
        return Ok(path.clone());
    }
    let path = executable(package, name)?;
    Ok(ALL[place].get_or_init(|| path).clone())
}

/// A directory with an `.aileron/`, and one program to run.
pub(crate) struct Local {
    pub(crate) directory: tempfile::TempDir,
    aileron: PathBuf,
    program: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a call of `aileron run --format json` gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    /// Null when it printed none.
    pub(crate) report: Value,
    pub(crate) stderr: String,
}

impl Local {
    pub(crate) fn new(program: &'static str) -> Result<Self> {
        Ok(Self {
            directory: tempfile::tempdir()?,
            aileron: built("aileron-cli", "aileron")?,
            program: built(program, program)?,
            variables: Vec::new(),
        })
    }

    pub(crate) fn variable(mut self, name: &str, value: String) -> Self {
        self.variables.push((name.to_owned(), value));
        self
    }

    /// The same with the program packed into a bundle.
    pub(crate) fn packed(mut self) -> Result<Self> {
        let bundle = self.directory.path().join("packed");
        let output = Command::new(&self.aileron)
            .arg("pack")
            .arg("--executable")
            .arg(&self.program)
            .arg("--output")
            .arg(&bundle)
            .output()?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        self.program = bundle;
        Ok(self)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.aileron);
        command
            .arg("run")
            .arg(&self.program)
            .args(["--format", "json"])
            .args(arguments)
            .current_dir(self.directory.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("AIRFLOW_HOME", self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs to the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Ran> {
        ran(self.command(arguments).output()?)
    }

    /// Starts, and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Result<Child> {
        Ok(self.command(arguments).spawn()?)
    }

    /// The log of a try.
    pub(crate) fn log(&self, dag_id: &str, run_id: &str, task_id: &str, attempt: u32) -> PathBuf {
        let path = format!(
            ".aileron/logs/dag_id={dag_id}/run_id={run_id}/task_id={task_id}/attempt={attempt}.log"
        );
        self.directory.path().join(path)
    }
}

/// What a child gave that was waited for.
pub(crate) fn ended(child: Child) -> Result<Ran> {
    ran(child.wait_with_output()?)
}

fn ran(output: Output) -> Result<Ran> {
    Ok(Ran {
        code: output.status.code(),
        report: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        stderr: String::from_utf8(output.stderr)?,
    })
}

impl Ran {
    /// `task: state, tries` for each instance, with the map index where there is one.
    pub(crate) fn instances(&self) -> Vec<String> {
        let instances = self.report["task_instances"].as_array();
        instances
            .into_iter()
            .flatten()
            .map(|instance| {
                let state = instance["state"].as_str().unwrap_or("-");
                let name = instance["task_id"].as_str().unwrap_or_default();
                let index = match instance["map_index"].as_i64() {
                    Some(index) if index >= 0 => format!("[{index}]"),
                    _ => String::new(),
                };
                format!("{name}{index}: {state}, {}", instance["try_number"])
            })
            .collect()
    }
}

/// Sends a signal.
pub(crate) fn signal(child: &Child, name: &str) -> Result<()> {
    let status = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(child.id().to_string())
        .status()?;
    ensure!(status.success(), "no process {}", child.id());
    Ok(())
}

/// Waits until a log has this text, and returns the log.
pub(crate) fn wait_for_log(log: &Path, text: &str) -> Result<String> {
    Deadline::after(Duration::from_secs(30))
        .wait_for(&format!("{text:?} in {}", log.display()), || {
            let found = std::fs::read_to_string(log).unwrap_or_default();
            Ok(found.contains(text).then_some(found))
        })
        .context("the task does not start")
}
