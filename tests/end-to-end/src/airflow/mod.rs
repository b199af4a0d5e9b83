//! A real Airflow, started for a test.

mod api_worker;
mod configuration;
mod database;
mod execution_apart;
mod execution_api;
mod home;
mod keeper;
pub(crate) mod port;

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::{AileronServer, AirflowVersion, Api, Deadline, PostgresDatabase, workspace_root};
pub use api_worker::ApiWorker;
pub use database::{rows, rows_of_all};
pub use execution_api::ExecutionApiServer;
pub use home::create_database;
pub(crate) use home::migrate;

use configuration::Ports;
use execution_apart::ExecutionApart;
use home::Home;
use keeper::Keeper;
pub(crate) use keeper::clean_command;
pub(crate) use port::free as free_port;

/// How long Airflow may take from its start to its first healthy answer.
const READY_WITHIN: Duration = Duration::from_secs(180);

/// How an Airflow is to be started.
#[derive(Debug, Clone)]
pub struct Setup {
    version: AirflowVersion,
    python: Option<PathBuf>,
    home: Option<PathBuf>,
    dags: Vec<PathBuf>,
    bundles: Vec<PathBuf>,
    variables: Vec<(String, String)>,
    parallelism: u32,
    triggerer: bool,
    schedules: bool,
    execution_apart: bool,
    served_by: Option<PathBuf>,
    postgres: Option<Arc<PostgresDatabase>>,
}

impl Setup {
    /// An Airflow without Dags and bundles.
    pub fn new(version: AirflowVersion) -> Self {
        Self {
            version,
            python: None,
            home: None,
            dags: Vec::new(),
            bundles: Vec::new(),
            variables: Vec::new(),
            parallelism: 4,
            triggerer: false,
            schedules: false,
            execution_apart: false,
            served_by: None,
            postgres: None,
        }
    }

    /// The Python to use, instead of the one [`AirflowVersion::python`] finds.
    pub fn python(mut self, python: impl Into<PathBuf>) -> Self {
        self.python = Some(python.into());
        self
    }

    /// Keeps everything in this directory and leaves it in place at the end, instead of a temporary one.
    pub fn home(mut self, home: impl Into<PathBuf>) -> Self {
        self.home = Some(home.into());
        self
    }

    /// Adds a Dag file, or every Python file of a directory.
    pub fn dags(mut self, path: impl Into<PathBuf>) -> Self {
        self.dags.push(path.into());
        self
    }

    /// Adds a bundle file: tasks of queue `rust` find it.
    pub fn bundle(mut self, path: impl Into<PathBuf>) -> Self {
        self.bundles.push(path.into());
        self
    }

    /// Sets an environment variable of Airflow's processes, after those of the harness.
    pub fn variable(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Starts a process for each task of queue `rust`, as KubernetesExecutor starts a pod, and hands it to the
    /// `execute-workload` of this `aileron` command. `python/pod_executor.py` says how.
    pub fn pods(self, aileron: &Path) -> Self {
        let folder = workspace_root().join("tests/end-to-end/python");
        self.variable("AIRFLOW__CORE__EXECUTOR", "pod_executor.PodExecutor")
            .variable("PYTHONPATH", folder.display().to_string())
            .variable("AILERON", aileron.display().to_string())
    }

    /// How many tasks run at once; 4 when not said.
    pub fn parallelism(mut self, tasks: u32) -> Self {
        self.parallelism = tasks;
        self
    }

    /// Also starts a triggerer, which only deferred tasks need.
    pub fn triggerer(mut self) -> Self {
        self.triggerer = true;
        self
    }

    /// Also starts the runs that the Dags' schedules ask for, not only triggered ones.
    pub fn schedules(mut self) -> Self {
        self.schedules = true;
        self
    }

    /// Keeps the API server of the workers apart from the rest, so that [`Airflow::kill_execution_api`] can end it.
    pub fn execution_api_apart(mut self) -> Self {
        self.execution_apart = true;
        self
    }

    /// Has the workers' requests answered by `aileron serve` of this command instead of Airflow's own server, which still runs.
    /// Needs [`Self::postgres`].
    pub fn served_by(mut self, aileron: &Path) -> Self {
        self.served_by = Some(aileron.to_owned());
        self
    }

    /// Keeps the metadata in this database instead of a SQLite file.
    pub fn postgres(mut self, database: PostgresDatabase) -> Self {
        self.postgres = Some(Arc::new(database));
        self
    }

    /// Starts Airflow and waits until it is healthy.
    ///
    /// # Errors
    /// When it does not get healthy in time or a component ends; the text holds the last lines of each component's log.
    pub fn start(self) -> Result<Airflow> {
        Airflow::start(self)
    }
}

/// A running Airflow: API server, scheduler with the LocalExecutor, Dag processor, and a triggerer when asked for.
///
/// Its metadata database is a SQLite file in its home, unless it was given another. Dropping it ends every process it started, tasks included, and
/// removes its temporary home unless `AILERON_KEEP_HOME` is set.
#[derive(Debug)]
pub struct Airflow {
    api: Api,
    // Dropped before the home: no process may still write there.
    keeper: Keeper,
    execution: Option<ExecutionApart>,
    aileron: Option<AileronServer>,
    home: Home,
    version: AirflowVersion,
    ports: Ports,
    // Goes after the processes that use it.
    postgres: Option<Arc<PostgresDatabase>>,
}

impl Airflow {
    fn start(setup: Setup) -> Result<Self> {
        let python = match &setup.python {
            Some(python) => python.clone(),
            None => setup.version.python()?,
        };
        let home = Home::create(setup.home.as_deref())?;
        home.place_dags(&setup.dags)?;
        home.place_bundles(&setup.bundles)?;
        let ports = Ports {
            public: port::free()?,
            execution: port::free()?,
        };
        let mut variables = configuration::variables(&setup, &home, ports)?;
        if setup.postgres.is_none() {
            home.prepare_database(&python, &variables)?;
        }
        let aileron = setup.served_by.as_deref();
        let aileron = aileron
            .map(|aileron| AileronServer::start(aileron, &variables, &[]))
            .transpose()?;
        if let Some(aileron) = &aileron {
            let name = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL".to_owned();
            variables.push((name, aileron.url()));
        }
        let components = configuration::components(&setup, ports);
        let execution = match setup.execution_apart {
            true => Some(ExecutionApart::start(&python, &home, &variables, ports)?),
            false => None,
        };
        let triggerer = setup.triggerer;
        let keeper = Keeper::start(&python, &home, &variables, &components)?;
        let api = Api::new(ports.public);
        let mut airflow = Self {
            api,
            keeper,
            execution,
            aileron,
            home,
            version: setup.version,
            ports,
            postgres: setup.postgres,
        };
        airflow.wait_until_healthy(triggerer)?;
        airflow.wait_for_execution_api()?;
        airflow.api.log_in()?;
        Ok(airflow)
    }

    fn wait_until_healthy(&mut self, triggerer: bool) -> Result<()> {
        let api = &self.api;
        let keeper = &mut self.keeper;
        let result = Deadline::after(READY_WITHIN).wait_for("Airflow gets healthy", || {
            if let Some(end) = keeper.ended()? {
                bail!("Airflow did not stay up: {end}");
            }
            Ok(api.is_healthy(triggerer).then_some(()))
        });
        result.with_context(|| self.component_logs())
    }

    fn wait_for_execution_api(&mut self) -> Result<()> {
        let address = (Ipv4Addr::LOCALHOST, self.ports.execution);
        let listening = Deadline::after(READY_WITHIN).wait_for("the Execution API listens", || {
            self.check_alive()?;
            Ok(TcpStream::connect(address).ok().map(|_| ()))
        });
        listening.with_context(|| self.component_logs())
    }

    /// Fails when Airflow has ended by itself.
    ///
    /// # Errors
    /// The text says which component ended, and holds the last lines of each component's log.
    pub fn check_alive(&mut self) -> Result<()> {
        match self.keeper.ended()? {
            Some(end) => Err(anyhow!("Airflow ended: {end}").context(self.component_logs())),
            None => Ok(()),
        }
    }

    /// The REST API of this Airflow.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// The version that runs.
    pub fn version(&self) -> AirflowVersion {
        self.version
    }

    /// Its home directory (`AIRFLOW_HOME`).
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The URL of its web interface.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.public)
    }

    /// The URL of its Execution API, whatever its workers were told to use.
    pub fn execution_url(&self) -> String {
        format!("http://127.0.0.1:{}/execution/", self.ports.execution)
    }

    /// The `aileron serve` that answers its workers, if one does.
    pub fn aileron_server(&self) -> Option<&AileronServer> {
        self.aileron.as_ref()
    }

    /// How many requests its own Execution API has answered.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn requests_of_workers(&self) -> Result<usize> {
        let log = std::fs::read_to_string(self.home().join("api-server-execution.log"))?;
        let requests = log.lines().filter(|line| line.contains("/execution/"));
        Ok(requests.count())
    }

    /// Where its metadata are: a SQLite file, or the URL of a database of PostgreSQL.
    pub fn database(&self) -> PathBuf {
        match &self.postgres {
            Some(database) => PathBuf::from(database.url()),
            None => self.home().join("airflow.db"),
        }
    }

    /// Where the log of a try of a task without mapping lies. Tries count from 1.
    pub fn task_log_path(
        &self,
        dag_id: &str,
        run_id: &str,
        task_id: &str,
        try_number: u32,
    ) -> PathBuf {
        self.home
            .path()
            .join("logs")
            .join(format!("dag_id={dag_id}"))
            .join(format!("run_id={run_id}"))
            .join(format!("task_id={task_id}"))
            .join(format!("attempt={try_number}.log"))
    }

    /// The last lines of each component's log, for an error text.
    pub fn component_logs(&self) -> String {
        self.home.component_logs()
    }
}
