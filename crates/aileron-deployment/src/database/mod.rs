//! The metadata database itself, read-only.

mod postgres;
mod sqlite;
mod statement;

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::time::timeout;

use crate::xcom::{DagRuns, RunQuery, XComQuery, XComs};
use crate::{Failure, Limits};

/// How long a server may take to let somebody in.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// The metadata database itself: a SQLite file, or a PostgreSQL server.
///
/// Nothing is made and nothing is changed: a file is opened for reading, a server is asked in a transaction that is read-only.
#[derive(Debug, Clone)]
pub struct Database {
    name: String,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Sqlite(PathBuf),
    Postgres(Box<PgConnectOptions>),
}

/// Shows no URL.
impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite(_) => "Sqlite",
            Self::Postgres(_) => "Postgres",
        })
    }
}

impl Database {
    /// A SQLite file.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn file(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        if !path.is_file() {
            return Err(Failure::Database {
                place: name,
                problem: "there is no such file".to_owned(),
            });
        }
        Ok(Self {
            name,
            kind: Kind::Sqlite(path.to_owned()),
        })
    }

    /// A URL as Airflow's configuration has it: `postgresql://..`, with or without `+psycopg2`, or `sqlite:////path`. What it does not
    /// say about PostgreSQL comes from `PGPASSWORD`, `PGHOST`.. and `~/.pgpass`.
    ///
    /// # Errors
    /// When it is no URL, or of another database. The text does not show it.
    pub fn url(url: &str) -> Result<Self, Failure> {
        let setting =
            |problem: &str| Failure::Setting(format!("the URL of the database: {problem}"));
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(setting("it is no URL"));
        };
        match scheme.split('+').next().unwrap_or_default() {
            "sqlite" => {
                // Three slashes and a relative path, or four and an absolute one.
                let path = rest.strip_prefix('/').unwrap_or(rest);
                Self::file(Path::new(path.split('?').next().unwrap_or_default()))
            }
            "postgresql" | "postgres" => {
                let options = PgConnectOptions::from_str(&format!("postgresql://{rest}"))
                    .map_err(|_| setting("it is no URL of PostgreSQL"))?
                    .application_name("aileron");
                let database = options.get_database().unwrap_or_default();
                let name = format!("{}:{}/{database}", options.get_host(), options.get_port());
                Ok(Self {
                    name,
                    kind: Kind::Postgres(Box::new(options)),
                })
            }
            "mysql" => Err(setting("MySQL is read by a probe only: --exec, or kubectl")),
            other => Err(setting(&format!(
                "it is of {other}, and only PostgreSQL and SQLite are read"
            ))),
        }
    }

    /// The path of the file, or host, port and name. Shows no user and no password.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) async fn xcoms(&self, query: &XComQuery, limits: &Limits) -> Result<XComs, Failure> {
        let place = self.place(limits);
        match &self.kind {
            Kind::Sqlite(path) => sqlite::xcoms(path, query, place).await,
            Kind::Postgres(options) => postgres::xcoms(options, query, place).await,
        }
    }

    pub(crate) async fn runs(&self, query: &RunQuery, limits: &Limits) -> Result<DagRuns, Failure> {
        let place = self.place(limits);
        match &self.kind {
            Kind::Sqlite(path) => sqlite::runs(path, query, place).await,
            Kind::Postgres(options) => postgres::runs(options, query, place).await,
        }
    }

    fn place(&self, limits: &Limits) -> Place {
        Place {
            name: self.name.clone(),
            statement: limits.statement,
        }
    }
}

/// What an error says about the database.
#[derive(Debug, Clone)]
struct Place {
    name: String,
    statement: Duration,
}

impl Place {
    /// An error of the database, in words.
    fn failure(&self, error: sqlx::Error) -> Failure {
        let place = self.name.clone();
        let ended = error.as_database_error().is_some_and(|error| {
            // PostgreSQL: the statement was cancelled. SQLite: it was interrupted.
            matches!(error.code().as_deref(), Some("57014" | "9"))
        });
        if ended {
            return Failure::StatementTimeout {
                place,
                limit: self.statement,
            };
        }
        let problem = match error.as_database_error() {
            Some(error) => error.message().to_owned(),
            None => crate::scrub(&error.to_string()).into_owned(),
        };
        let hint = match problem.contains("no such table") || problem.contains("does not exist") {
            true => "; is it the metadata database of an Airflow?",
            false => "",
        };
        Failure::Database {
            place,
            problem: format!("{problem}{hint}"),
        }
    }

    fn unreadable(&self, column: &str, problem: impl std::fmt::Display) -> Failure {
        let problem = format!("column {column} cannot be read: {problem}");
        Failure::Database {
            place: self.name.clone(),
            problem,
        }
    }

    /// Waits for a connection.
    async fn connected<T>(
        &self,
        connect: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Failure> {
        match timeout(CONNECT_WITHIN, connect).await {
            Ok(connected) => connected.map_err(|error| self.failure(error)),
            Err(_) => Err(Failure::Silence {
                place: self.name.clone(),
                limit: CONNECT_WITHIN,
                hint: "; the server did not let us in. Is it within reach?",
            }),
        }
    }
}
