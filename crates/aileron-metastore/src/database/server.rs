//! A PostgreSQL server: its options, and opening a pool of connections to it.

use std::io;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};
use tokio::time::timeout;
use uuid::Uuid;

use super::connections::Connections;
use super::{Database, DatabaseError, Pool};

/// How a PostgreSQL server is used.
///
/// ```
/// use std::time::Duration;
/// use aileron_metastore::database::PostgresOptions;
///
/// let options = PostgresOptions {
///     max_connections: 30,
///     statement_timeout: Duration::from_secs(5),
///     ..PostgresOptions::default()
/// };
/// ```
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// How many connections there are at most. 10 when not said.
    pub max_connections: u32,
    /// How long a caller waits for a connection: for one that is free, and for the server to take a
    /// new one. 10 seconds when not said.
    pub acquire_timeout: Duration,
    /// How long a statement may take. The server ends it then; one that does not answer at all is
    /// given up a little later, and so is its connection. 30 seconds when not said.
    pub statement_timeout: Duration,
    /// What stands between this program and the server. Looked for when not said.
    pub pooler: Pooler,
    /// Whether the server refuses every change. It is told so for each session or transaction.
    pub read_only: bool,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            max_connections: 10,
            acquire_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            pooler: Pooler::Detect,
            read_only: false,
        }
    }
}

/// What stands between this program and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pooler {
    /// Look at the first connection: a setting that a session asks for is in force, or it is not.
    Detect,
    /// Nothing, or a pooler that gives each client a session of its own.
    Session,
    /// A pooler such as PgBouncer in transaction mode, which may give each transaction another
    /// session. Nothing outlives a transaction then: there are no prepared statements, and every
    /// read is a transaction.
    Transaction,
}

/// Asked for by every session: it shows whether what a session asks for reaches the server.
const SENTINEL: &str = "aileron.session";

/// A transaction that does nothing for this long belongs to a process that hangs. The server ends
/// it, so that its locks do not stop others for ever.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(60);

/// What a PostgreSQL server says to a parameter of a session that it does not know: PgBouncer says
/// it of all but a few.
const PROTOCOL_VIOLATION: &str = "08P01";

/// The pool of connections to a server.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) connections: Connections,
    pub(super) manner: Arc<Manner>,
}

/// What holds for every connection of a pool.
#[derive(Debug)]
pub(super) struct Manner {
    /// Whether a session stays the same from one transaction to the next.
    pub(super) sessions: bool,
    /// How long an answer may take before the connection is given up.
    pub(super) patience: Duration,
    /// Statements that give a transaction its settings; none when the session has them.
    pub(super) settings: String,
}

impl Database {
    /// Connects to a PostgreSQL server: `postgresql://user:password@host:port/name`.
    ///
    /// A driver after the scheme, as SQLAlchemy has it (`postgresql+psycopg2`), is ignored, and so
    /// are parameters that only such a driver knows.
    ///
    /// # Errors
    ///
    /// When the URL makes no sense, or nobody answers there.
    pub async fn postgres(url: &str) -> Result<Self, DatabaseError> {
        Self::postgres_with(url, &PostgresOptions::default()).await
    }

    /// Connects to a PostgreSQL server with options.
    ///
    /// # Errors
    ///
    /// As [`postgres`](Self::postgres).
    pub async fn postgres_with(
        url: &str,
        options: &PostgresOptions,
    ) -> Result<Self, DatabaseError> {
        // The error of the library may show the URL, and that has the password.
        let connect =
            PgConnectOptions::from_str(&plain_url(url)).map_err(|_| DatabaseError::Url)?;
        let name: Arc<str> = format!(
            "{}:{}/{}",
            connect.get_host(),
            connect.get_port(),
            connect.get_database().unwrap_or_default()
        )
        .into();
        let connect = match connect.get_application_name() {
            Some(_) => connect,
            None => connect.application_name("aileron"),
        };
        let problem = |error| DatabaseError::of(&name, error);
        // A pool tries again and again where nobody listens; who asks for a connection now wants to
        // know now.
        let sessions = match options.pooler {
            Pooler::Detect => has_sessions(&connect, options).await.map_err(problem)?,
            Pooler::Session => true,
            Pooler::Transaction => false,
        };
        let connect = if sessions {
            connect.options(session_settings(options))
        } else {
            without_sessions(connect)
        };
        let first = connection(&connect, options).await.map_err(problem)?;
        first.close().await.map_err(problem)?;
        Ok(Self {
            pool: Pool::Postgres(server(connect, options, sessions)),
            name: Arc::clone(&name),
            schema: Arc::default(),
        })
    }
}

/// One connection, in time.
async fn connection(
    connect: &PgConnectOptions,
    options: &PostgresOptions,
) -> Result<PgConnection, sqlx::Error> {
    timeout(options.acquire_timeout, PgConnection::connect_with(connect))
        .await
        .unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))
}

/// Whether what a session asks for reaches the server, and so stays for the whole session.
async fn has_sessions(
    connect: &PgConnectOptions,
    options: &PostgresOptions,
) -> Result<bool, sqlx::Error> {
    let token = Uuid::now_v7().simple().to_string();
    let asking = connect.clone().options([(SENTINEL, &token)]);
    let mut connection = match connection(&asking, options).await {
        Ok(connection) => connection,
        Err(sqlx::Error::Database(error))
            if error.code().as_deref() == Some(PROTOCOL_VIOLATION) =>
        {
            return Ok(false);
        }
        Err(error) => return Err(error),
    };
    // Without a prepared statement, which would stay in a session that others get.
    let text = format!("select current_setting('{SENTINEL}', true)");
    let ask = connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(text)));
    let row = timeout(options.acquire_timeout, ask)
        .await
        .unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))?;
    let found: Option<String> = row.try_get_unchecked(0)?;
    connection.close().await?;
    Ok(found.as_deref() == Some(&*token))
}

/// What PgBouncer does not know it refuses, and this is only about how floats are written as text.
fn without_sessions(connect: PgConnectOptions) -> PgConnectOptions {
    connect.extra_float_digits(None)
}

fn server(connect: PgConnectOptions, options: &PostgresOptions, sessions: bool) -> Server {
    let settings = if sessions {
        String::new()
    } else {
        session_settings(options)
            .iter()
            .map(|(name, value)| format!("; set local {name} = {value}"))
            .collect()
    };
    Server {
        connections: Connections::new(connect, options.max_connections, options.acquire_timeout),
        manner: Arc::new(Manner {
            sessions,
            // The server answers by its own time limit, if it is there at all.
            patience: options.statement_timeout + options.acquire_timeout,
            settings,
        }),
    }
}

/// Settings of a session. Times are in milliseconds.
fn session_settings(options: &PostgresOptions) -> Vec<(&'static str, String)> {
    let milliseconds = |time: Duration| time.as_millis().to_string();
    let mut settings = vec![
        ("statement_timeout", milliseconds(options.statement_timeout)),
        (
            "idle_in_transaction_session_timeout",
            milliseconds(IDLE_IN_TRANSACTION.max(options.statement_timeout)),
        ),
    ];
    if options.read_only {
        settings.push(("default_transaction_read_only", "on".to_owned()));
    }
    settings
}

/// Parameters of a URL that this driver knows. It would log the others, with their values.
const PARAMETERS: [&str; 12] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "user",
];

/// The URL without the name of a driver, and without parameters for that driver.
fn plain_url(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let scheme = scheme.split('+').next().unwrap_or(scheme);
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let known = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default();
        PARAMETERS.contains(&name)
    };
    let parameters: Vec<&str> = query.split('&').filter(known).collect();
    format!("{scheme}://{place}?{}", parameters.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_for_sqlalchemy_is_read_without_its_driver_and_what_only_that_knows() {
        let url = "postgresql+asyncpg://ada:a%2Fb@db:5432/airflow?sslmode=disable&prepared_statement_cache_size=0&user=b";
        assert_eq!(
            plain_url(url),
            "postgresql://ada:a%2Fb@db:5432/airflow?sslmode=disable&user=b"
        );
        assert_eq!(plain_url("postgres://db/x"), "postgres://db/x?");
    }

    #[tokio::test]
    async fn a_url_that_makes_no_sense_is_not_shown() {
        for url in ["sesame", "postgresql://u:sesame@db:port/x", "://sesame", ""] {
            let error = Database::postgres(url).await.unwrap_err();
            assert!(matches!(error, DatabaseError::Url), "{error:?}");
            assert!(!format!("{error} {error:?}").contains("sesame"));
        }
    }
}
