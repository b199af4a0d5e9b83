//! A real PostgreSQL for a test: a server of its own, on a port of the loopback interface.

mod bouncer;
mod installation;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::airflow::{migrate, port};
use crate::server_keeper::ServerKeeper;
use crate::{AirflowVersion, Deadline};
pub use bouncer::{PGBOUNCER, PgBouncer};
use installation::Installation;
pub use installation::POSTGRES;

/// The environment variable with the URL of a running server, for the tests of crates that cannot start one.
pub const POSTGRES_URL: &str = "AILERON_POSTGRES_URL";

/// The user of every database.
const USER: &str = "airflow";

/// Its password. No secret, but no error and no log may show it.
pub(crate) const PASSWORD: &str = "sesame-4711";

/// How long a server may take from its start to its first answer.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// How the server differs from one in earnest. It may lose data with the machine, but not with its process: a commit has
/// left the process before it is acknowledged.
const SETTINGS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=64MB",
    "max_connections=300",
    "logging_collector=off",
    // Far from UTC, and not by whole hours: who forgets the zone of a time gets another time.
    "timezone=Asia/Kathmandu",
];

/// A running PostgreSQL server. It ends with the value, and also when this process is killed.
#[derive(Debug)]
pub struct Postgres {
    keeper: Mutex<ServerKeeper>,
    installation: Installation,
    port: u16,
    databases: AtomicU32,
}

impl Postgres {
    /// Starts a server, which has a migrated database to clone: see [`database`](Self::database).
    ///
    /// # Errors
    /// When [`POSTGRES`] is not set, or the server does not answer in time.
    pub fn start() -> Result<Arc<Self>> {
        Self::start_installed(Installation::find()?)
    }

    /// Starts a server of the installation in this directory, whatever the environment says.
    ///
    /// # Errors
    /// When there is none, or the server does not answer in time.
    pub fn start_from(directory: &Path) -> Result<Arc<Self>> {
        Self::start_installed(Installation::at(directory)?)
    }

    fn start_installed(installation: Installation) -> Result<Arc<Self>> {
        let (directory, user) = installation::server_directory("postgres")?;
        installation::copy_tree(&installation.cluster(), &directory.join("data"), user)?;
        Self::start_in(installation, &directory, user).map(Arc::new)
    }

    fn start_in(installation: Installation, directory: &Path, user: Option<u32>) -> Result<Self> {
        let port = port::free()?;
        let text = |path: &Path| path.display().to_string();
        let mut command = vec![text(&installation.program("postgres"))];
        command.extend(["-D".to_owned(), text(&directory.join("data"))]);
        command.extend(["-p".to_owned(), port.to_string()]);
        command.extend(["-k".to_owned(), text(directory)]);
        for setting in SETTINGS {
            command.extend(["-c".to_owned(), (*setting).to_owned()]);
        }
        let keeper = ServerKeeper::start(
            Command::new(installation.python()),
            user,
            directory,
            &command,
        )?;
        let server = Self {
            keeper: Mutex::new(keeper),
            installation,
            port,
            databases: AtomicU32::new(0),
        };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&self) -> Result<()> {
        Deadline::after(READY_WITHIN)
            .wait_for("PostgreSQL answers", || {
                Ok(self.sql("postgres", "select 1").ok())
            })
            .map(|_| ())
            .with_context(|| self.keeper().log())
    }

    fn keeper(&self) -> std::sync::MutexGuard<'_, ServerKeeper> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new database, as `airflow db migrate` of this version makes it.
    ///
    /// # Errors
    /// When the server refuses, or has no database of this version.
    pub fn database(self: &Arc<Self>, version: AirflowVersion) -> Result<PostgresDatabase> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let template = template(version);
        self.sql(
            "postgres",
            &format!("create database {name} template {template}"),
        )?;
        Ok(PostgresDatabase {
            server: Arc::clone(self),
            name,
        })
    }

    /// Makes the database that [`database`](Self::database) clones.
    fn create_template(&self, version: AirflowVersion, python: &Path) -> Result<()> {
        let name = template(version);
        self.sql("postgres", &format!("create database {name}"))?;
        let home = tempfile::tempdir()?;
        let variables = [
            ("AIRFLOW_HOME", home.path().display().to_string()),
            ("AIRFLOW__CORE__LOAD_EXAMPLES", "False".to_owned()),
            (
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
                sqlalchemy_url(&self.url(name)),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        migrate(python, &variables)
            .with_context(|| format!("cannot make a database of Airflow {version}"))
    }

    /// A new database with nothing in it.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn empty_database(self: &Arc<Self>) -> Result<PostgresDatabase> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        self.sql("postgres", &format!("create database {name}"))?;
        Ok(PostgresDatabase {
            server: Arc::clone(self),
            name,
        })
    }

    /// The URL of one of its databases. `postgres` is there from the start.
    pub fn url(&self, database: &str) -> String {
        format!(
            "postgresql://{USER}:{PASSWORD}@127.0.0.1:{}/{database}",
            self.port
        )
    }

    /// Everything that it logged.
    pub fn log(&self) -> String {
        self.keeper().whole_log()
    }

    /// Ends all its processes with SIGKILL. What was committed is there again after [`start_again`](Self::start_again).
    ///
    /// # Errors
    /// When the keeper is gone.
    pub fn kill(&self) -> Result<()> {
        self.keeper().kill()
    }

    /// Starts it again on the same port, and waits until it answers.
    ///
    /// # Errors
    /// When it does not.
    pub fn start_again(&self) -> Result<()> {
        self.keeper().start_again()?;
        self.wait_until_ready()
    }

    /// Makes all its processes stand still: connections are there, and nobody answers.
    ///
    /// # Errors
    /// When the keeper is gone.
    pub fn pause(&self) -> Result<()> {
        self.keeper().pause()
    }

    /// Ends a [`pause`](Self::pause).
    ///
    /// # Errors
    /// When the keeper is gone.
    pub fn resume(&self) -> Result<()> {
        self.keeper().resume()
    }

    /// Runs statements with `psql`, and returns what it prints: a line for each row, columns separated by `|`.
    ///
    /// # Errors
    /// What the server says.
    pub fn sql(&self, database: &str, statements: &str) -> Result<String> {
        let output = Command::new(self.installation.program("psql"))
            .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
            .args(["--set", "ON_ERROR_STOP=1", "--command", statements])
            .args(["--host", "127.0.0.1", "--username", USER, "--dbname"])
            .arg(database)
            .args(["--port", &self.port.to_string()])
            .env("PGPASSWORD", PASSWORD)
            .output()
            .context("cannot run psql")?;
        ensure!(
            output.status.success(),
            "{statements}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// A database of a test's server. It goes with the value.
#[derive(Debug)]
pub struct PostgresDatabase {
    server: Arc<Postgres>,
    name: String,
}

impl PostgresDatabase {
    /// Its URL.
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// Its URL as Airflow's configuration has it.
    pub fn sqlalchemy_url(&self) -> String {
        sqlalchemy_url(&self.url())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server it is on.
    pub fn server(&self) -> &Arc<Postgres> {
        &self.server
    }

    /// Runs statements: see [`Postgres::sql`].
    ///
    /// # Errors
    /// What the server says.
    pub fn sql(&self, statements: &str) -> Result<String> {
        self.server.sql(&self.name, statements)
    }

    /// A copy of it as it is now. Connections to it are cut off, as PostgreSQL wants it.
    ///
    /// # Errors
    /// What the server says.
    pub fn copy(&self) -> Result<Self> {
        let name = format!("{}_copy", self.name);
        self.server.sql(
            "postgres",
            &format!(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'",
                self.name
            ),
        )?;
        self.server.sql(
            "postgres",
            &format!("create database {name} template {}", self.name),
        )?;
        Ok(Self {
            server: Arc::clone(&self.server),
            name,
        })
    }

    /// PostgreSQL's own load generator, `pgbench`, on this database; it still wants its options.
    pub fn pgbench(&self) -> Command {
        let mut command = Command::new(self.server.installation.program("pgbench"));
        command
            .args(["--host", "127.0.0.1", "--username", USER])
            .args(["--port", &self.server.port.to_string()])
            .env("PGDATABASE", &self.name)
            .env("PGPASSWORD", PASSWORD);
        command
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        let drop = format!("drop database if exists {} with (force)", self.name);
        if let Err(error) = self.server.sql("postgres", &drop) {
            eprintln!("a database is left over on a test's server: {error}");
        }
    }
}

/// SQLAlchemy wants to know which driver; without a word it takes another than the one that Airflow installs.
fn sqlalchemy_url(url: &str) -> String {
    url.replacen("postgresql://", "postgresql+psycopg2://", 1)
}

fn template(version: AirflowVersion) -> &'static str {
    match version {
        AirflowVersion::V3_3_2 => "airflow_332",
        AirflowVersion::V3_4_0b2 => "airflow_340b2",
    }
}

/// Makes the data directory that test servers start from, with a database of each of these versions, migrated by the
/// Airflow of this Python.
///
/// `directory` is a Python environment with PostgreSQL's programs.
///
/// # Errors
/// When the programs are not there or do not run, or a migration fails.
pub fn create_cluster(directory: &Path, airflows: &[(AirflowVersion, &Path)]) -> Result<()> {
    let installation = Installation::at(directory)?;
    let (temporary, user) = installation::server_directory("postgres")?;
    installation::initialize(&installation, &temporary, user)?;
    let server = Postgres::start_in(installation.clone(), &temporary, user)?;
    for (version, python) in airflows {
        server.create_template(*version, python)?;
    }
    // In order: what lies in the directory afterwards needs no recovery.
    server.keeper().stop()?;
    let cluster = installation.cluster();
    if cluster.exists() {
        fs::remove_dir_all(&cluster)?;
    }
    installation::copy_tree(&temporary.join("data"), &cluster, None)
}
