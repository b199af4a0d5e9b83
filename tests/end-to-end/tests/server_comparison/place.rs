//! The databases of the two servers.

use std::path::{Path, PathBuf};

use aileron_metastore::Metastore;
use aileron_metastore::database::{Database, Missing};
use end_to_end::{AirflowVersion, ExecutionApiServer, PostgresDatabase, rows_of_all};
use serde_json::Value;

/// A database.
pub(crate) enum Place {
    File(PathBuf),
    /// One of PostgreSQL, by its URL.
    Server(String),
}

/// A database that is there for one test.
pub(crate) enum Copy {
    File(tempfile::TempDir),
    Server(PostgresDatabase),
}

impl Place {
    /// The database of Airflow's server.
    pub(crate) fn of(airflow: &ExecutionApiServer) -> Self {
        match airflow.postgres() {
            Some(database) => Self::Server(database.url()),
            None => Self::File(airflow.home().join("airflow.db")),
        }
    }

    /// To look into it, whatever schema it has.
    pub(crate) async fn open(&self) -> Database {
        match self {
            Self::File(path) => Database::sqlite(path, Missing::Fail).await.unwrap(),
            Self::Server(url) => Database::postgres(url).await.unwrap(),
        }
    }

    /// To serve it.
    pub(crate) async fn metastore(&self) -> Metastore {
        match self {
            Self::File(path) => Metastore::attach(path).await.unwrap(),
            Self::Server(url) => Metastore::connect(url).await.unwrap(),
        }
    }

    /// The rows of each query.
    pub(crate) fn rows(&self, version: AirflowVersion, queries: &[&str]) -> Vec<Vec<Value>> {
        let place = match self {
            Self::File(path) => path.as_path(),
            Self::Server(url) => Path::new(url),
        };
        rows_of_all(version, place, queries).unwrap()
    }
}

impl Copy {
    /// A copy of the database of Airflow's server.
    pub(crate) fn of(version: AirflowVersion, airflow: &ExecutionApiServer) -> Self {
        if let Some(database) = airflow.postgres() {
            return Self::Server(database.copy().unwrap());
        }
        let directory = tempfile::tempdir().unwrap();
        // A copy of the file alone would miss what is still in the log beside it.
        let copy = format!(
            "vacuum into '{}'",
            directory.path().join("airflow.db").display()
        );
        Place::of(airflow).rows(version, &[&copy]);
        Self::File(directory)
    }

    pub(crate) fn place(&self) -> Place {
        match self {
            Self::File(directory) => Place::File(directory.path().join("airflow.db")),
            Self::Server(database) => Place::Server(database.url()),
        }
    }
}
