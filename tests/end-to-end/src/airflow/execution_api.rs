//! The Execution API of a real Airflow, without the rest of it.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::Value;

use super::configuration::random_bytes;
use super::home::Home;
use super::keeper::clean_command;
use super::port;
use crate::{AirflowVersion, Deadline, PostgresDatabase};

const SCRIPT: &str = include_str!("../../python/execution_api.py");
const DAG: &str = include_str!("../../python/execution_api_dag.py");

/// How long it may take from its start to its first connection.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// The Execution API of a real Airflow, on a SQLite file unless it is given a database, with the Dag `execution_api`: `python/execution_api_dag.py`.
///
/// There is no scheduler: who has a task instance's workload plays its worker. It ends with the value.
#[derive(Debug)]
pub struct ExecutionApiServer {
    child: Child,
    runs: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    port: u16,
    fernet_key: String,
    jwt_secret: String,
    // Removed after the process has ended.
    home: Home,
    // Goes after the process that is connected to it.
    postgres: Option<PostgresDatabase>,
}

impl ExecutionApiServer {
    /// The Dag that there is.
    pub const DAG_ID: &str = "execution_api";

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// When the version's Python is not known, or the server does not start; it says why on standard error.
    pub fn start(version: AirflowVersion) -> Result<Self> {
        Self::start_with(version, &[])
    }

    /// As [`start`](Self::start), with more environment variables.
    ///
    /// # Errors
    /// Those of [`start`](Self::start).
    pub fn start_with(version: AirflowVersion, more: &[(&str, &str)]) -> Result<Self> {
        Self::start_on(version, more, None)
    }

    /// As [`start_with`](Self::start_with), on a database of PostgreSQL.
    ///
    /// # Errors
    /// Those of [`start`](Self::start).
    pub fn start_on_postgres(
        version: AirflowVersion,
        more: &[(&str, &str)],
        database: PostgresDatabase,
    ) -> Result<Self> {
        Self::start_on(version, more, Some(database))
    }

    fn start_on(
        version: AirflowVersion,
        more: &[(&str, &str)],
        postgres: Option<PostgresDatabase>,
    ) -> Result<Self> {
        let python = version.python()?;
        let home = Home::create(None)?;
        let fernet_key = URL_SAFE.encode(random_bytes());
        // As long as HS512 wants it.
        let jwt_secret = URL_SAFE.encode([random_bytes(), random_bytes()].concat());
        std::fs::write(home.dags().join("execution_api_dag.py"), DAG)?;
        let variables: Vec<(String, String)> = [
            ("AIRFLOW_HOME", home.path().display().to_string()),
            (
                "AIRFLOW__CORE__DAGS_FOLDER",
                home.dags().display().to_string(),
            ),
            ("AIRFLOW__CORE__LOAD_EXAMPLES", "False".to_owned()),
            ("AIRFLOW__CORE__FERNET_KEY", fernet_key.clone()),
            ("AIRFLOW__API_AUTH__JWT_SECRET", jwt_secret.clone()),
            ("AIRFLOW__API__SECRET_KEY", URL_SAFE.encode(random_bytes())),
            ("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR".to_owned()),
            (
                "AIRFLOW_CONN_SHOP",
                "postgres://ada:hunter2@db:5432/shop".to_owned(),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .chain(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        )
        .chain(postgres.iter().map(|database| {
            (
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN".to_owned(),
                database.sqlalchemy_url(),
            )
        }))
        .collect();
        if postgres.is_none() {
            home.prepare_database(&python, &variables)?;
        }
        let port = port::free()?;
        let mut child = clean_command(&python, &variables)
            .args(["-c", SCRIPT])
            .arg(port.to_string())
            .arg(if home.temporary() { "remove" } else { "keep" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", python.display()))?;
        let runs = child.stdin.take();
        let answers = child.stdout.take().context("no standard output")?;
        let mut server = Self {
            child,
            runs,
            answers: BufReader::new(answers),
            port,
            fernet_key,
            jwt_secret,
            home,
            postgres,
        };
        server.wait_until_it_listens()?;
        Ok(server)
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let address = (Ipv4Addr::LOCALHOST, self.port);
        let child = &mut self.child;
        Deadline::after(READY_WITHIN).wait_for("the Execution API listens", || {
            if let Some(status) = child.try_wait()? {
                bail!("it ended with {status}");
            }
            Ok(TcpStream::connect(address).ok().map(|_| ()))
        })
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/execution/", self.port)
    }

    /// What it encrypts Variables and Connections with.
    pub fn fernet_key(&self) -> &str {
        &self.fernet_key
    }

    /// What its tokens are signed with.
    pub fn jwt_secret(&self) -> &str {
        &self.jwt_secret
    }

    /// Its database, when that is one of PostgreSQL.
    pub fn postgres(&self) -> Option<&PostgresDatabase> {
        self.postgres.as_ref()
    }

    /// Its home directory.
    pub fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// Makes a run. The answer has the workload of each task instance by task, or by task and map index: `mapped[0]`.
    ///
    /// # Errors
    /// When the server cannot make the run; it says why on standard error.
    pub fn make_run(&mut self, run_id: &str) -> Result<BTreeMap<String, Value>> {
        let runs = self.runs.as_mut().context("the server has ended")?;
        let mut answer = String::new();
        let asked = writeln!(runs, "{run_id}").and_then(|()| runs.flush());
        if asked.is_err() || self.answers.read_line(&mut answer)? == 0 {
            bail!("the Execution API ended instead of making run {run_id}");
        }
        let workloads: Vec<Value> = serde_json::from_str(&answer)
            .with_context(|| format!("the Execution API answered {answer}"))?;
        let named = workloads.into_iter().map(|workload| {
            let ti = &workload["ti"];
            let task_id = ti["task_id"].as_str().unwrap_or_default();
            let name = match ti["map_index"].as_i64() {
                Some(index) if index >= 0 => format!("{task_id}[{index}]"),
                _ => task_id.to_owned(),
            };
            (name, workload)
        });
        Ok(named.collect())
    }
}

impl Drop for ExecutionApiServer {
    fn drop(&mut self) {
        // It ends with its standard input. One that hangs is ended.
        drop(self.runs.take());
        let ended = Deadline::after(Duration::from_secs(10))
            .wait_for("the Execution API ends", || {
                Ok(self.child.try_wait()?.map(|_| ()))
            });
        if ended.is_err() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
