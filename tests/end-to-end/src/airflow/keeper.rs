//! Airflow's processes, which end with their owner whatever happens to it.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use super::home::Home;
use crate::Deadline;

const KEEPER: &str = include_str!("../../python/keeper.py");

/// The keeper process (`python/keeper.py`), which ends Airflow when its standard input is closed: on drop, and also when
/// this process is killed.
#[derive(Debug)]
pub(super) struct Keeper {
    child: Child,
}

impl Keeper {
    pub(super) fn start(
        python: &Path,
        home: &Home,
        variables: &[(String, String)],
        components: &[Vec<String>],
    ) -> Result<Self> {
        let mut command = clean_command(python, variables);
        command.args(["-c", KEEPER]).arg(home.path());
        command.arg(if home.temporary() { "remove" } else { "keep" });
        command.args(components.iter().map(|component| component.join("\x1f")));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = command
            .spawn()
            .with_context(|| format!("cannot run {}", python.display()))?;
        Ok(Self { child })
    }

    /// How Airflow ended, when it ended by itself.
    pub(super) fn ended(&mut self) -> Result<Option<String>> {
        if self.child.try_wait()?.is_none() {
            return Ok(None);
        }
        let mut said = String::new();
        if let Some(stdout) = &mut self.child.stdout {
            stdout.read_to_string(&mut said)?;
        }
        Ok(Some(said.trim().to_owned()))
    }

    /// The ids of Airflow's processes: those of the keeper's session, without the keeper.
    pub(super) fn processes(&self) -> Result<Vec<u32>> {
        let keeper = self.child.id();
        let entries = std::fs::read_dir("/proc").context("cannot read /proc")?;
        let ids = entries.flatten().filter_map(|entry| {
            let id: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // The name of the program stands in parentheses and may hold anything.
            let (_, fields) = stat.rsplit_once(')')?;
            let session = fields.split_whitespace().nth(3)?.parse().ok();
            (id != keeper && session == Some(keeper)).then_some(id)
        });
        Ok(ids.collect())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let ended = Deadline::after(Duration::from_secs(30))
            .wait_for("the keeper ends", || Ok(self.child.try_wait()?.map(|_| ())));
        if let Err(error) = ended {
            eprintln!("Airflow's processes may be left over: {error}");
        }
    }
}

/// The `airflow` command of this Python.
pub(super) fn airflow_command(python: &Path, variables: &[(String, String)]) -> Result<Command> {
    let airflow = python.with_file_name("airflow");
    anyhow::ensure!(
        airflow.is_file(),
        "there is no {}: is Airflow installed for this Python?",
        airflow.display()
    );
    let mut command = clean_command(python, variables);
    command.arg(airflow);
    Ok(command)
}

/// Python without what the machine's environment says about Airflow and Python.
pub(crate) fn clean_command(python: &Path, variables: &[(String, String)]) -> Command {
    let mut command = Command::new(python);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("AIRFLOW") || text.starts_with("PYTHON") {
            command.env_remove(&name);
        }
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    command
}
