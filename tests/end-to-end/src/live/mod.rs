//! A deployment to look at: a metadata database that a real Airflow has filled.

mod rest;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};

use crate::airflow::{clean_command, migrate};
use crate::{AirflowVersion, Postgres, PostgresDatabase, workspace_root};
pub use rest::RestServer;

/// The environment variable that names the Python with Airflow 2.11.
pub const AIRFLOW_2_PYTHON: &str = "AILERON_AIRFLOW_211_PYTHON";

/// The Dag whose runs there are.
const DAG: &str = "tests/end-to-end/dags/diagnostic.py";
/// What fills the database.
const SCRIPT: &str = "tests/end-to-end/python/live_xcoms.py";

/// Which Airflow has filled the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveAirflow {
    /// 2.11.2.
    V2,
    /// 3.3.2.
    V3,
}

impl LiveAirflow {
    /// Its Python.
    ///
    /// # Errors
    /// When the variable that names it is not set.
    pub fn python(self) -> Result<PathBuf> {
        match self {
            Self::V3 => AirflowVersion::V3_3_2.python(),
            Self::V2 => std::env::var_os(AIRFLOW_2_PYTHON).map(PathBuf::from).with_context(|| {
                format!("{AIRFLOW_2_PYTHON} is not set: `cargo xtask test` prepares it and sets it, `cargo xtask env` prints it")
            }),
        }
    }
}

/// What becomes of the XComs of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// JSON in the database.
    Plain,
    /// Pickled in the database, which Airflow 2 alone can do.
    Pickled,
    /// In an object storage, when they are large.
    Offloaded,
}

/// A deployment to look at: the Dag `diagnostic`, on a SQLite file or on PostgreSQL.
#[derive(Debug)]
pub struct Live {
    airflow: LiveAirflow,
    home: tempfile::TempDir,
    url: String,
    postgres: Option<PostgresDatabase>,
}

impl Live {
    /// An empty database of this Airflow: of a server, or a SQLite file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(airflow: LiveAirflow, server: Option<&Arc<Postgres>>) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let dags = home.path().join("dags");
        std::fs::create_dir(&dags)?;
        std::fs::copy(workspace_root().join(DAG), dags.join("diagnostic.py"))?;
        // Airflow 2 wants it in its own place, whether it is there or not.
        let postgres = match (server, airflow) {
            (None, _) => None,
            (Some(server), LiveAirflow::V3) => Some(server.database(AirflowVersion::V3_3_2)?),
            (Some(server), LiveAirflow::V2) => Some(server.empty_database()?),
        };
        let url = match &postgres {
            Some(database) => database.sqlalchemy_url(),
            None => format!("sqlite:///{}", home.path().join("airflow.db").display()),
        };
        let live = Self {
            airflow,
            home,
            url,
            postgres,
        };
        match (server, airflow) {
            (Some(_), LiveAirflow::V3) => {}
            (None, LiveAirflow::V3) => {
                let python = airflow.python()?;
                let ready = python
                    .ancestors()
                    .nth(2)
                    .map(|place| place.join("metadata.db"));
                let ready = ready
                    .filter(|path| path.is_file())
                    .context("there is no empty metadata database")?;
                std::fs::copy(ready, live.home.path().join("airflow.db"))?;
            }
            (_, LiveAirflow::V2) => migrate(&airflow.python()?, &live.variables(Kept::Plain))?,
        }
        Ok(live)
    }

    /// Makes real runs with these dates, and one with so many cells of a mapped task unless that is none. Returns the run ids.
    ///
    /// # Errors
    /// When a run does not succeed; the text holds what Airflow printed.
    pub fn fill(&self, kept: Kept, dates: &[&str], cells: usize) -> Result<Vec<String>> {
        let output = clean_command(&self.airflow.python()?, &self.variables(kept))
            .arg(workspace_root().join(SCRIPT))
            .arg(cells.to_string())
            .args(dates)
            .output()?;
        ensure!(
            output.status.success(),
            "the Dag did not run:\n{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout)?;
        serde_json::from_str(text.lines().last().unwrap_or_default())
            .context("the last line is no list of run ids")
    }

    /// The environment of its processes.
    pub fn variables(&self, kept: Kept) -> Vec<(String, String)> {
        let mut variables = vec![
            ("AIRFLOW_HOME", self.home.path().display().to_string()),
            ("AIRFLOW__CORE__LOAD_EXAMPLES", "False".to_owned()),
            (
                "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS",
                "True".to_owned(),
            ),
            ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", self.url.clone()),
            ("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR".to_owned()),
        ];
        match kept {
            Kept::Plain => {}
            Kept::Pickled => {
                variables.push(("AIRFLOW__CORE__ENABLE_XCOM_PICKLING", "True".to_owned()))
            }
            Kept::Offloaded => variables.extend([
                (
                    "AIRFLOW__CORE__XCOM_BACKEND",
                    "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend".to_owned(),
                ),
                (
                    "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH",
                    format!("file://{}", self.objects().display()),
                ),
                (
                    "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_THRESHOLD",
                    "1000".to_owned(),
                ),
                (
                    "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_COMPRESSION",
                    "gzip".to_owned(),
                ),
            ]),
        }
        variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Where large values lie.
    pub fn objects(&self) -> PathBuf {
        self.home.path().join("objects")
    }

    /// The Airflow.
    pub fn airflow(&self) -> LiveAirflow {
        self.airflow
    }

    /// The connection string of SQLAlchemy.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its database, when that is one of PostgreSQL.
    pub fn postgres(&self) -> Option<&PostgresDatabase> {
        self.postgres.as_ref()
    }

    /// Its home directory.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A command in the environment of its processes, beside nothing else of Airflow's.
    ///
    /// # Errors
    /// When its Python is not known.
    pub fn python(&self, kept: Kept) -> Result<Command> {
        Ok(clean_command(
            &self.airflow.python()?,
            &self.variables(kept),
        ))
    }
}
