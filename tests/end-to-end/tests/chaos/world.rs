//! `aileron run` on a bundle, in a directory of its own.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::Deadline;
use end_to_end::bundle::executable;
use serde_json::Value;

use crate::process::{self, Process};
use crate::record::{self, Line};

/// How long anything may take that is not about to hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A directory with an `.aileron/`, the records of the tasks, and one program to run.
pub(crate) struct World {
    directory: tempfile::TempDir,
    aileron: PathBuf,
    program: PathBuf,
    variables: Vec<(String, String)>,
}

/// What a call of `aileron run --format json` gave.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    /// Null when it printed none.
    pub(crate) report: Value,
    pub(crate) stderr: String,
}

impl World {
    pub(crate) fn new(program: &str) -> Result<Self> {
        static BUILD: Mutex<()> = Mutex::new(());
        let build = BUILD.lock().expect("a build does not panic");
        let (aileron, program) = (
            executable("aileron-cli", "aileron")?,
            executable(program, program)?,
        );
        drop(build);
        let directory = tempfile::tempdir()?;
        fs::create_dir(directory.path().join("record"))?;
        Ok(Self {
            directory,
            aileron,
            program,
            variables: Vec::new(),
        })
    }

    pub(crate) fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    /// The program that has the tasks.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// What a supervisor gives to the tasks of this world.
    pub(crate) fn task_variables(&self) -> Vec<(OsString, Option<OsString>)> {
        vec![("CHAOS_RECORD".into(), Some(self.record().into()))]
    }

    /// The directory of the records.
    pub(crate) fn record(&self) -> PathBuf {
        self.directory.path().join("record")
    }

    /// The database, unless a call says another.
    pub(crate) fn database(&self) -> PathBuf {
        self.directory.path().join(".aileron/airflow.db")
    }

    /// What a task has written of itself.
    pub(crate) fn lines(&self, task: &str) -> Result<Vec<Line>> {
        record::read(&self.record().join(format!("{task}.jsonl")))
    }

    /// Lets the tasks come to their end.
    pub(crate) fn enough(&self) -> Result<()> {
        fs::write(self.record().join("enough"), "")?;
        Ok(())
    }

    /// All processes that belong to it.
    pub(crate) fn processes(&self) -> Vec<Process> {
        process::all(&self.record())
    }

    /// The processes of tasks.
    pub(crate) fn tasks(&self) -> Vec<Process> {
        let mut all = self.processes();
        all.retain(Process::is_task);
        all
    }

    /// Starts a run, or goes on with it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Result<Running<'_>> {
        let report = self.directory.path().join("report.json");
        let errors = self.directory.path().join("errors.txt");
        let child = Command::new(&self.aileron)
            .arg("run")
            .arg(&self.program)
            .args(["--format", "json"])
            .args(arguments)
            .current_dir(self.directory.path())
            .env("AIRFLOW_HOME", self.directory.path())
            .env("CHAOS_RECORD", self.record())
            .env_remove("AIRFLOW__CORE__FERNET_KEY")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            // Files: a killed run may leave processes behind that would hold a pipe open.
            .stdout(File::create(&report)?)
            .stderr(File::create(&errors)?)
            .spawn()
            .context("cannot run aileron")?;
        Ok(Running {
            child,
            report,
            errors,
            world: self,
        })
    }

    /// Runs to the end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Result<Ran> {
        self.start(arguments)?.ended()
    }

    /// Waits until no process is left.
    pub(crate) fn wait_until_deserted(&self) -> Result<()> {
        let limit = Duration::from_secs(10);
        let left = Deadline::after(limit).wait_for("no process is left", || {
            Ok(self.processes().is_empty().then_some(()))
        });
        left.with_context(|| format!("left behind: {:?}", self.processes()))
    }
}

/// Nothing of a test that failed stays behind.
impl Drop for World {
    fn drop(&mut self) {
        for process in self.processes() {
            process::signal(process.id, "KILL");
        }
    }
}

/// A run that goes on. It is killed with the value.
pub(crate) struct Running<'a> {
    child: Child,
    report: PathBuf,
    errors: PathBuf,
    world: &'a World,
}

impl Running<'_> {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it is still there.
    pub(crate) fn is_there(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, name: &str) -> bool {
        process::signal(self.id(), name)
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Result<Ran> {
        let status = Deadline::after(PATIENCE)
            .wait_for("the run ends", || Ok(self.child.try_wait()?))
            .with_context(|| {
                let said = fs::read_to_string(&self.errors).unwrap_or_default();
                format!("it said:\n{said}\n{:?}", self.world.processes())
            })?;
        Ok(Ran {
            code: status.code(),
            report: serde_json::from_slice(&fs::read(&self.report)?).unwrap_or_default(),
            stderr: fs::read_to_string(&self.errors)?,
        })
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ran {
    /// What it says of its outcome is what its exit code says.
    pub(crate) fn check_code(&self) -> Result<()> {
        let expected: &[i32] = match self.report["outcome"].as_str() {
            Some("success") => &[0],
            Some("failed") | None => &[1],
            Some("interrupted") => &[130, 143],
            other => anyhow::bail!("what is {other:?}? {}", self.stderr),
        };
        ensure!(
            self.code.is_some_and(|code| expected.contains(&code)),
            "exit code {:?}, and it reports {}\n{}",
            self.code,
            self.report,
            self.stderr
        );
        Ok(())
    }
}
