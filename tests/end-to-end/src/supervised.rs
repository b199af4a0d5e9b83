//! Tasks under Airflow's own supervisor code, without the rest of Airflow: a few milliseconds each.
//!
//! [`Supervisor`] is a Python process that runs one task after the other with the coordinator code of the installed
//! Airflow. The API server behind it is made of the maps in [`Task`].

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::airflow::clean_command;
use crate::{AirflowVersion, LogLine};

const SCRIPT: &str = include_str!("../python/run_under_supervisor.py");

/// A task to run, and the Airflow it finds.
#[derive(Debug, Clone, Serialize)]
pub struct Task {
    /// The executable with its arguments, without `--comm` and `--logs`. Empty for a Python task of [`Self::dag_file`].
    pub command: Vec<String>,
    /// The supervisor schema that the executable speaks.
    pub schema_version: String,
    /// The Dag file, relative to the Dags folder. Only a Python task reads it.
    pub dag_file: String,
    /// The Dag.
    pub dag_id: String,
    /// The task.
    pub task_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The try; tries count from 1.
    pub try_number: u32,
    /// The most tries there will be.
    pub max_tries: u32,
    /// Whether Airflow would try again after a failure.
    pub should_retry: bool,
    /// The run's configuration.
    pub conf: Value,
    /// XComs by `task_id/key`.
    pub xcoms: BTreeMap<String, Value>,
    /// Variables.
    pub variables: BTreeMap<String, String>,
    /// Connections by id, each with the fields of the Execution API.
    pub connections: BTreeMap<String, Value>,
    /// What earlier tries have stored: `value` and `expires_at` by key.
    pub task_state_store: BTreeMap<String, Value>,
    /// The XComs of this task that it has to delete before it starts.
    pub xcom_keys_to_clear: Vec<String>,
    /// What Airflow 3.4 says about the task's arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arg_bindings: Option<Value>,
    /// How long the supervisor waits for the executable's connections, in seconds.
    pub startup_timeout: f64,
    /// After so many seconds the API server says that the task should not run any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminated_by_server_after: Option<f64>,
    /// A signal to send to the executable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<Signal>,
    /// Whether the log goes to a file, as on a worker: into [`Outcome::log_file`] and not into [`Outcome::logs`].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub log_to_file: bool,
    /// A request at which the executable is killed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kill_at: Option<KillAt>,
}

impl Task {
    /// The first try of a task of the executable, with nothing around it.
    pub fn of(executable: &Path, dag_id: &str, task_id: &str) -> Self {
        Self {
            command: vec![executable.display().to_string()],
            ..Self::python("unused.py", dag_id, task_id)
        }
    }

    /// The first try of a Python task, with nothing around it.
    pub fn python(dag_file: &str, dag_id: &str, task_id: &str) -> Self {
        Self {
            command: Vec::new(),
            schema_version: "2026-06-16".to_owned(),
            dag_file: dag_file.to_owned(),
            dag_id: dag_id.to_owned(),
            task_id: task_id.to_owned(),
            run_id: "manual__test".to_owned(),
            try_number: 1,
            max_tries: 0,
            should_retry: false,
            conf: Value::Null,
            xcoms: BTreeMap::new(),
            variables: BTreeMap::new(),
            connections: BTreeMap::new(),
            task_state_store: BTreeMap::new(),
            xcom_keys_to_clear: Vec::new(),
            arg_bindings: None,
            startup_timeout: 10.0,
            terminated_by_server_after: None,
            signal: None,
            kill_at: None,
            log_to_file: false,
        }
    }
}

/// A signal that is sent to the task's process when a log line comes.
#[derive(Debug, Clone, Serialize)]
pub struct Signal {
    /// The signal, 15 for SIGTERM.
    pub number: i32,
    /// The line holds this text.
    pub at_line_with: String,
}

/// A SIGKILL of the task's process at a request to the API server.
#[derive(Debug, Clone, Serialize)]
pub struct KillAt {
    /// The HTTP method of the request.
    pub method: String,
    /// Its path holds this text.
    pub path_with: String,
    /// Its body holds this text.
    pub body_with: String,
    /// Before or after the request is carried out.
    pub moment: KillMoment,
}

/// When a request kills the task's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KillMoment {
    /// It has arrived, and nothing was done.
    Arrived,
    /// It was done, and the task does not know.
    Done,
}

/// How a task ended, as its supervisor saw it.
#[derive(Debug, Clone, Deserialize)]
pub struct Outcome {
    /// The exit code; negative for the signal that ended the process. Absent when it was not started.
    pub exit_code: Option<i64>,
    /// The state the supervisor came to.
    pub final_state: Option<String>,
    /// Why the task was not run to its end.
    pub error: Option<String>,
    /// From before the process started until it had ended.
    pub seconds: f64,
    /// From before the process started until the API server had the task's final state.
    pub seconds_to_terminal_request: Option<f64>,
    /// Every request that reached the API server, in order.
    pub requests: Vec<Request>,
    /// The XComs after the task.
    pub xcoms: BTreeMap<String, Value>,
    /// The task state store after the task.
    pub task_state_store: BTreeMap<String, Value>,
    /// The lines of the task's log.
    pub logs: Vec<LogLine>,
    /// The task's log file, where there was one.
    pub log_file: Option<String>,
}

impl Outcome {
    /// The first line of the log whose event holds this text.
    pub fn log_line(&self, text: &str) -> Option<&LogLine> {
        self.logs.iter().find(|line| line.event().contains(text))
    }
}

/// A request to the Execution API.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The path, without the first slash.
    pub path: String,
    /// The query parameters.
    pub query: BTreeMap<String, String>,
    /// How many bytes the body had.
    pub length: usize,
    /// The body, when it is small.
    pub body: Option<Value>,
}

/// A Python process with Airflow's supervisor code. It ends with the value.
#[derive(Debug)]
pub struct Supervisor {
    child: Child,
    tasks: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Supervisor {
    /// Starts the supervisor code of this version; Python tasks are looked up in `dags`.
    ///
    /// # Errors
    /// When the version's Python is not known or does not start.
    pub fn start(version: AirflowVersion, dags: Option<&Path>) -> Result<Self> {
        let python = version.python()?;
        let mut variables = vec![
            (
                "AIRFLOW__CORE__LOAD_EXAMPLES".to_owned(),
                "False".to_owned(),
            ),
            (
                "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL".to_owned(),
                "1".to_owned(),
            ),
            // 3.4.0b2 misses the end of a connection when it ends a task, and waits for it that long: a minute by itself.
            (
                "AIRFLOW__WORKERS__SOCKET_CLEANUP_TIMEOUT".to_owned(),
                "10".to_owned(),
            ),
            // Dag files lie in the repository.
            ("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned()),
        ];
        if let Some(dags) = dags {
            variables.push((
                "AIRFLOW__CORE__DAGS_FOLDER".to_owned(),
                dags.display().to_string(),
            ));
        }
        let mut command = clean_command(&python, &variables);
        command
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot run {}", python.display()))?;
        let tasks = child.stdin.take();
        let answers = child
            .stdout
            .take()
            .context("the supervisor has no standard output")?;
        Ok(Self {
            child,
            tasks,
            answers: BufReader::new(answers),
        })
    }

    /// Runs one task to its end.
    ///
    /// # Errors
    /// When the supervisor code itself fails; it says why on standard error.
    pub fn run(&mut self, task: &Task) -> Result<Outcome> {
        let tasks = self.tasks.as_mut().context("the supervisor has ended")?;
        let line = serde_json::to_string(task)?;
        let mut answer = String::new();
        let asked = writeln!(tasks, "{line}").and_then(|()| tasks.flush());
        if asked.is_err() || self.answers.read_line(&mut answer)? == 0 {
            bail!("the supervisor ended instead of running {}", task.task_id);
        }
        serde_json::from_str(&answer).with_context(|| format!("the supervisor answered {answer}"))
    }
}

impl Supervisor {
    /// The process.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // It ends when there are no more tasks; one that hangs is ended.
        drop(self.tasks.take());
        let ended = crate::Deadline::after(std::time::Duration::from_secs(5))
            .wait_for("the supervisor ends", || {
                Ok(self.child.try_wait()?.map(|_| ()))
            });
        if ended.is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
