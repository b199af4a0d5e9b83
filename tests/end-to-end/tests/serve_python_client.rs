//! Airflow's own Python client and supervisor get from `aileron serve` what they get from Airflow's server.
//!
//! Both servers have a copy of one database. Compared is what each call of the client returned or raised, and afterwards what
//! is in the tables.

#![allow(clippy::unwrap_used)]

#[path = "server_comparison/tables.rs"]
mod tables;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

use end_to_end::{
    AileronServer, AirflowVersion, ExecutionApiServer, bundle, normal, rows, workspace_root,
};
use serde_json::{Value, json};

const VERSION: AirflowVersion = AirflowVersion::V3_3_2;
const SHOP: (&str, &str) = ("AIRFLOW_CONN_SHOP", "postgres://ada:hunter2@db:5432/shop");

/// The run whose tasks the client speaks for, and the one whose tasks are really run.
const RUNS: [&str; 2] = ["asked", "supervised"];

/// Python takes seconds to import Airflow, so the tests share the servers.
static BOTH: LazyLock<Mutex<Both>> = LazyLock::new(|| Mutex::new(Both::start()));

/// Airflow's server and ours, each with its database.
struct Both {
    airflow: ExecutionApiServer,
    aileron: AileronServer,
    copy: PathBuf,
    /// By run and task.
    workloads: BTreeMap<&'static str, BTreeMap<String, Value>>,
    _directory: tempfile::TempDir,
}

impl Both {
    fn start() -> Self {
        let mut airflow = ExecutionApiServer::start(VERSION).unwrap();
        let workloads = RUNS.map(|run_id| (run_id, airflow.make_run(run_id).unwrap()));
        let directory = tempfile::tempdir().unwrap();
        let copy = directory.path().join("airflow.db");
        // A copy of the file alone would miss what is still in the log beside it.
        let statement = format!("vacuum into '{}'", copy.display());
        rows(VERSION, &airflow.home().join("airflow.db"), &statement).unwrap();
        let url = format!("sqlite:///{}", copy.display());
        let variables = [
            ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url.as_str()),
            ("AIRFLOW__CORE__FERNET_KEY", airflow.fernet_key()),
            ("AIRFLOW__API_AUTH__JWT_SECRET", airflow.jwt_secret()),
            SHOP,
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let program = bundle::executable("aileron-cli", "aileron").unwrap();
        let aileron = AileronServer::start(&program, &variables, &[]).unwrap();
        Self {
            airflow,
            aileron,
            copy,
            workloads: workloads.into(),
            _directory: directory,
        }
    }

    /// Runs a script with Airflow's Python, and gives what it printed.
    fn python(&self, script: &str, arguments: &[&str], input: &Value) -> String {
        let home = self.airflow.home();
        let mut child = Command::new(VERSION.python().unwrap())
            .arg(
                workspace_root()
                    .join("tests/end-to-end/python")
                    .join(script),
            )
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AIRFLOW_HOME", home)
            .env("AIRFLOW__CORE__DAGS_FOLDER", home.join("dags"))
            .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
            .env("AIRFLOW__LOGGING__LOGGING_LEVEL", "CRITICAL")
            // A refusal is an answer here, and nobody is away.
            .env("AIRFLOW__WORKERS__EXECUTION_API_RETRIES", "1")
            // The first answer of a Python server takes its time on a busy machine.
            .env("AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT", "60")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.to_string().as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{script}: {}\n{}",
            output.status,
            self.aileron.log()
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Where the tables differ.
    fn differing_tables(&self) -> Vec<String> {
        let of = |database: &Path, query: &str| {
            let rows = rows(VERSION, database, query).unwrap();
            let mut rows: Vec<Value> = rows.into_iter().map(comparable).collect();
            // The queries are made for one run, and say nothing about the order of several.
            rows.sort_by_key(Value::to_string);
            json!(rows)
        };
        let original = self.airflow.home().join("airflow.db");
        let queries = tables::of(VERSION);
        let tables = queries.iter().filter_map(|query| {
            // No two processes of workers have one number.
            let query = query.replace(" pid,", " pid > 0,");
            let (theirs, ours) = (of(&original, &query), of(&self.copy, &query));
            (theirs != ours).then(|| format!("{query}\n  Airflow {theirs}\n  ours    {ours}"))
        });
        tables.collect()
    }
}

#[test]
fn every_operation_of_the_python_client_gives_what_airflows_server_gives() {
    let both = BOTH.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = json!({
        "servers": [both.airflow.url(), both.aileron.url()],
        "run_id": RUNS[0],
        "workloads": both.workloads[RUNS[0]],
    });
    let answer = both.python("python_client.py", &[], &asked);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer["not_called"], json!([]));
    let of = |server: usize| answer["answers"][server].as_array().unwrap().clone();
    let (theirs, ours) = (of(0), of(1));
    assert_eq!(theirs.len(), ours.len());
    println!("{} calls", ours.len());
    let mut wrong = both.differing_tables();
    for (theirs, ours) in theirs.into_iter().zip(ours) {
        let called = ours["called"].as_str().unwrap().to_owned();
        let (theirs, ours) = (comparable(theirs), comparable(ours));
        if theirs != ours {
            wrong.push(format!("{called}\n  Airflow {theirs}\n  ours    {ours}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn airflows_supervisor_runs_python_tasks_with_it() {
    let both = BOTH.lock().unwrap_or_else(PoisonError::into_inner);
    let tasks = ["two", "one", "after", "mapped[0]", "mapped[1]", "mapped[2]"];
    let workloads = &both.workloads[RUNS[1]];
    let workloads: Value = tasks.iter().map(|task| workloads[*task].clone()).collect();
    let started = || {
        let requests = both.aileron.requests().unwrap();
        let count = requests.get(&("Run".to_owned(), 200)).copied();
        count.unwrap_or_default()
    };
    let before = started();
    for url in [both.airflow.url(), both.aileron.url()] {
        both.python("run_workloads.py", &[&url], &workloads);
    }
    assert_eq!(started() - before, 6);
    let wrong = both.differing_tables();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let query = format!(
        "select task_id, state from task_instance where run_id = '{}' order by task_id, map_index",
        RUNS[1]
    );
    let expected = json!([
        ["after", "success"],
        ["mapped", "success"],
        ["mapped", "success"],
        ["mapped", "success"],
        // An asset among its inlets is not active.
        ["one", "failed"],
        ["two", "success"],
    ]);
    assert_eq!(json!(rows(VERSION, &both.copy, &query).unwrap()), expected);
}

/// Without what is new in every run, and without sentences for people.
fn comparable(mut value: Value) -> Value {
    if let Some(Value::String(message)) = value.pointer_mut("/detail/message") {
        "a sentence".clone_into(message);
    }
    for cell in value.as_array_mut().into_iter().flatten() {
        // JSON text in a column is written with other spaces. A JSON null and none at all read alike.
        let json = |text: &&str| *text == "null" || text.starts_with(['{', '[']);
        if let Some(text) = cell.as_str().filter(json) {
            *cell = serde_json::from_str(text).unwrap_or_else(|_| cell.clone());
        }
    }
    normal(value, RUNS[0])
}
