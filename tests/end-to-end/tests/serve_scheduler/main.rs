//! A real Airflow 3.3.2 runs its own example Dags: once with its own Execution API, and once more with `aileron serve`.
//!
//! It is one Airflow: scheduler with LocalExecutor, triggerer, Dag processor, API server, PostgreSQL. Everything that the two
//! sets of runs have left is compared. The second set is counted too: each request of a worker came to `aileron serve`.

mod door;
mod examples;
mod set;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use door::Door;
use end_to_end::bundle::Built;
use end_to_end::{AileronServer, Airflow, AirflowVersion, Postgres, PostgresDatabase, Setup};
use examples::{Example, FIRST, MORE_FILES, THEN};
use set::Set;

const VERSION: AirflowVersion = AirflowVersion::V3_3_2;

/// An Airflow whose workers are sent through the door.
pub(crate) struct World {
    pub(crate) airflow: Airflow,
    pub(crate) server: std::sync::Arc<Postgres>,
    pub(crate) database: String,
    door: Door,
    /// What both servers have to know.
    variables: Vec<(String, String)>,
    orders: Built,
}

fn all() -> impl Iterator<Item = &'static Example> {
    FIRST.iter().chain(THEN)
}

impl World {
    fn start() -> Result<Self> {
        let server = Postgres::start()?;
        let database: PostgresDatabase = server.database(VERSION)?;
        let (name, url) = (database.name().to_owned(), database.sqlalchemy_url());
        let door = Door::make()?;
        let variables = [
            ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url),
            ("AIRFLOW__CORE__FERNET_KEY", URL_SAFE.encode([7; 32])),
            ("AIRFLOW__API_AUTH__JWT_SECRET", URL_SAFE.encode([8; 64])),
        ];
        let variables = variables
            .map(|(name, value)| (name.to_owned(), value))
            .to_vec();
        let mut setup = Setup::new(VERSION)
            .postgres(database)
            .triggerer()
            .schedules()
            .parallelism(6)
            .variable("AIRFLOW__CORE__EXECUTION_API_SERVER_URL", door.url())
            .variable("AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION", "True")
            // Each file is read once: the processors are for the tasks.
            .variable("AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL", "3600")
            .variable("AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL", "3600");
        for (name, value) in &variables {
            setup = setup.variable(name, value);
        }
        let package = package()?;
        let mut files: Vec<_> = all()
            .filter_map(|example| example.file)
            .chain(MORE_FILES.iter().copied())
            .collect();
        files.sort_unstable();
        files.dedup();
        for file in files {
            setup = setup.dags(package.join(file));
        }
        let orders = Built::package("orders")?;
        let stubs = tempfile::tempdir()?;
        let stub = stubs.path().join("orders.py");
        orders.write_stub(&stub)?;
        setup = setup.dags(stub).bundle(&orders.bundle);
        let world = Self {
            airflow: setup.start()?,
            server,
            database: name,
            door,
            variables,
            orders,
        };
        world.let_dags_run()?;
        Ok(world)
    }

    /// Waits until all Dags are there, and lets them run when they are asked for, or have an asset that they wait for.
    fn let_dags_run(&self) -> Result<()> {
        let mut dags: Vec<_> = all()
            .flat_map(|example| example.leads_to.iter().chain([&example.dag_id]))
            .collect();
        dags.sort_unstable();
        dags.dedup();
        for dag_id in &dags {
            self.airflow.api().wait_for_dag(dag_id, set::LIMIT)?;
        }
        // None that a clock asks for: it would be in one of the sets only.
        let names: Vec<_> = dags.iter().map(|dag_id| format!("'{dag_id}'")).collect();
        self.sql(&format!(
            "update dag set is_paused = false, next_dagrun_create_after = null where dag_id in ({})",
            names.join(", ")
        ))?;
        Ok(())
    }

    pub(crate) fn sql(&self, statement: &str) -> Result<String> {
        self.server.sql(&self.database, statement)
    }
}

/// The directory of the package `airflow`.
fn package() -> Result<PathBuf> {
    let python = VERSION.python()?;
    let libraries = python
        .parent()
        .and_then(|bin| bin.parent())
        .context("a Python has a directory")?
        .join("lib");
    let mut found = std::fs::read_dir(&libraries)?.flatten();
    found
        .find_map(|library| {
            let package = library.path().join("site-packages/airflow");
            package.is_dir().then_some(package)
        })
        .with_context(|| format!("no Airflow in {}", libraries.display()))
}

#[test]
fn airflows_example_dags_end_with_aileron_serve_as_with_airflows_own_server() -> Result<()> {
    let started = Instant::now();
    let world = World::start()?;
    eprintln!("Airflow is there after {:?}", started.elapsed());
    let result = compare(&world, started);
    result.with_context(|| world.airflow.component_logs())
}

fn compare(world: &World, started: Instant) -> Result<()> {
    let port_of = |url: &str| -> Result<u16> {
        let port = url
            .strip_prefix("http://127.0.0.1:")
            .and_then(|rest| rest.split('/').next());
        Ok(port.context("a port")?.parse()?)
    };
    let theirs = world.airflow.execution_url();
    world.door.lead_to(port_of(&theirs)?);
    let with_airflow = Set::run(world, "beside-1", "2026-03-02")?;
    eprintln!("the first set has ended after {:?}", started.elapsed());
    let before = world.airflow.requests_of_workers()?;
    ensure!(before > 0, "the first set was to be served by Airflow");

    // The same beginning: what is stored with an asset stays from run to run.
    world.sql("delete from asset_state_store")?;
    let aileron = AileronServer::start(
        &world.orders.aileron,
        &world.variables,
        &["--upstream", &theirs],
    )?;
    world.door.lead_to(aileron.port());
    let with_aileron = Set::run(world, "beside-2", "2026-03-09").with_context(|| aileron.log())?;
    eprintln!("the second set has ended after {:?}", started.elapsed());

    let requests = aileron.requests()?;
    eprintln!("{requests:?}, sent on: {}", aileron.delegated()?);
    ensure!(world.airflow.requests_of_workers()? as u64 == before as u64 + aileron.delegated()?);
    let started_tasks = requests.get(&("Run".to_owned(), 200)).copied();
    ensure!(
        started_tasks == Some(with_aileron.tries),
        "{started_tasks:?} of {} tries",
        with_aileron.tries
    );
    with_airflow.compare(&with_aileron)
}
