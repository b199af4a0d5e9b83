//! Which database, and talking to it.

use std::path::{Path, PathBuf};

use aileron_local::Home;
use aileron_metastore::Metastore;
use aileron_metastore::database::{Missing, PostgresOptions};
use anyhow::anyhow;

use super::WriteArguments;
use crate::outcome::UsageError;

/// The environment variable that says which database when `--db` does not.
const VARIABLE: &str = "AILERON_DB";

/// Which database.
#[derive(clap::Args)]
pub(crate) struct DatabaseArguments {
    /// The metadata database: a SQLite file, or the URL of a PostgreSQL. [default: AILERON_DB, which
    /// keeps a password off the command line, then .aileron/airflow.db]
    #[arg(long, value_name = "PATH|URL", global = true)]
    db: Option<String>,
}

/// There may be a password in it.
impl std::fmt::Debug for DatabaseArguments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseArguments").finish_non_exhaustive()
    }
}

/// Where a database is, and whose.
enum Place {
    /// The file that `aileron run` writes.
    Embedded(PathBuf),
    /// The SQLite file of an Airflow.
    File(PathBuf),
    /// A PostgreSQL server of an Airflow, by its URL.
    Server(String),
}

/// What is to be done with a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing is changed. A database of an Airflow is opened so that nothing can be.
    Read,
    /// Something may be changed.
    Write,
}

/// An open database.
pub(crate) struct Opened {
    /// The database.
    pub(crate) store: Metastore,
    /// Whether it is the file of `aileron run`, and not the database of an Airflow.
    pub(crate) embedded: bool,
}

impl Opened {
    /// Asks whether to do something, in words such as `delete 3 values`.
    pub(crate) fn ask(&self, write: WriteArguments, what: &str) -> anyhow::Result<()> {
        write.ask(self.embedded, self.store.database().name(), what)
    }
}

impl DatabaseArguments {
    /// What `--db` says.
    pub(crate) fn given(&self) -> Option<String> {
        self.db.clone()
    }

    /// Whether a database was named.
    pub(crate) fn is_given(&self) -> bool {
        self.named().is_some()
    }

    /// What `--db` says, or else the environment.
    fn named(&self) -> Option<String> {
        let variable = || std::env::var(VARIABLE).ok();
        self.given()
            .or_else(variable)
            .filter(|named| !named.is_empty())
    }

    /// Opens the database that is there. None is made.
    pub(crate) async fn open(&self, access: Access) -> anyhow::Result<Opened> {
        self.open_or(None, access).await
    }

    /// The same, with another database than that of `aileron run` where none was named.
    pub(crate) async fn open_or(
        &self,
        otherwise: Option<String>,
        access: Access,
    ) -> anyhow::Result<Opened> {
        let place = match self.named().or(otherwise) {
            Some(named) => place(&named)?,
            None => Place::Embedded(Path::new(Home::NAME).join(Home::DATABASE)),
        };
        let store = match (&place, access) {
            (Place::Embedded(path), _) => Metastore::open(path, Missing::Fail).await?,
            (Place::File(path), Access::Read) => Metastore::look(path).await?,
            (Place::File(path), Access::Write) => Metastore::attach(path).await?,
            (Place::Server(url), access) => {
                let options = PostgresOptions {
                    max_connections: 2,
                    read_only: access == Access::Read,
                    ..PostgresOptions::default()
                };
                // The text has all of its causes.
                Metastore::connect_with(url, &options)
                    .await
                    .map_err(|error| anyhow!("{error}"))?
            }
        };
        Ok(Opened {
            store,
            embedded: matches!(place, Place::Embedded(_)),
        })
    }
}

/// Reads a path or a URL. A URL is never shown: there may be a password in it.
fn place(given: &str) -> anyhow::Result<Place> {
    let Some((scheme, rest)) = given.split_once("://") else {
        let path = PathBuf::from(given);
        // Only `aileron run` keeps locks beside its database.
        return Ok(match Home::of_database(&path).locks().is_dir() {
            true => Place::Embedded(path),
            false => Place::File(path),
        });
    };
    match scheme.split('+').next().unwrap_or_default() {
        "postgresql" | "postgres" => Ok(Place::Server(given.to_owned())),
        "sqlite" => {
            // Three slashes and a relative path, or four and an absolute one.
            let path = rest.strip_prefix('/').unwrap_or(rest);
            place(path.split('?').next().unwrap_or_default())
        }
        other => Err(UsageError(format!(
            "--db: a URL of {other:?} is not read here; it is the path of a SQLite file, or \
             postgresql://USER:PASSWORD@HOST:PORT/NAME"
        ))
        .into()),
    }
}

/// Waits for what talks to the database.
pub(crate) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_file_or_a_server_and_a_url_is_not_shown() {
        assert!(matches!(place("x.db").unwrap(), Place::File(_)));
        for url in ["postgresql+psycopg2://u:sesame@h/d", "postgres://h/d"] {
            assert!(matches!(place(url).unwrap(), Place::Server(_)), "{url}");
        }
        let Place::File(path) = place("sqlite:////var/airflow.db?mode=ro").unwrap() else {
            panic!("no file");
        };
        assert_eq!(path, Path::new("/var/airflow.db"));
        let error = place("mysql://u:sesame@h/d").err().unwrap().to_string();
        assert!(
            error.contains("mysql") && !error.contains("sesame"),
            "{error}"
        );
        let shown = format!(
            "{:?}",
            DatabaseArguments {
                db: Some("sesame".to_owned())
            }
        );
        assert!(!shown.contains("sesame"), "{shown}");
    }

    #[test]
    fn a_file_beside_locks_is_that_of_aileron_run() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mine.db");
        let text = path.to_str().unwrap();
        assert!(matches!(place(text).unwrap(), Place::File(_)));
        std::fs::create_dir(directory.path().join("locks")).unwrap();
        assert!(matches!(place(text).unwrap(), Place::Embedded(_)));
    }
}
