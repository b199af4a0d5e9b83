//! Opening a SQLite file.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::Mutex;

use super::{Database, DatabaseError, Pool};

/// How long a transaction waits for another process that writes to the same SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a caller waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// Connections to a SQLite file. Each is a thread; one of them writes at a time.
const SQLITE_CONNECTIONS: u32 = 4;

/// What to do when a SQLite file does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Missing {
    /// Make it, with the directories above it. Only its owner may read it: it may hold passwords.
    Create,
    /// Say so.
    Fail,
}

impl Database {
    /// Opens a SQLite file.
    ///
    /// What was committed is in the file when the commit returns, and survives a process that is
    /// killed and a machine that loses power: the file has a write-ahead log, and every commit is
    /// synchronised (`synchronous = FULL`). Readers do not wait for writers.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or is not a database.
    pub async fn sqlite(path: &Path, missing: Missing) -> Result<Self, DatabaseError> {
        Self::sqlite_that_waits(path, missing, BUSY_TIMEOUT).await
    }

    /// Opens a SQLite file that is somebody else's, to look into it. Nothing in it can be changed,
    /// not even how it keeps its log.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or is not a database.
    pub async fn sqlite_read_only(path: &Path) -> Result<Self, DatabaseError> {
        let name: Arc<str> = path.display().to_string().into();
        if !path.exists() {
            return Err(DatabaseError::Missing {
                database: name.to_string(),
            });
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .busy_timeout(BUSY_TIMEOUT);
        Self::pooled(options, name).await
    }

    /// With another time to wait for another process.
    pub(super) async fn sqlite_that_waits(
        path: &Path,
        missing: Missing,
        busy_timeout: Duration,
    ) -> Result<Self, DatabaseError> {
        let name: Arc<str> = path.display().to_string().into();
        match missing {
            Missing::Create => make_private(path)?,
            Missing::Fail if !path.exists() => {
                return Err(DatabaseError::Missing {
                    database: name.to_string(),
                });
            }
            Missing::Fail => {}
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(missing == Missing::Create)
            .foreign_keys(true)
            .busy_timeout(busy_timeout)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        Self::pooled(options, name).await
    }

    async fn pooled(options: SqliteConnectOptions, name: Arc<str>) -> Result<Self, DatabaseError> {
        let pool = SqlitePoolOptions::new()
            .max_connections(SQLITE_CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            // SQLite ends a transaction by itself when the disk is full. The library does not notice, and would never
            // again begin one on that connection.
            .before_acquire(|connection, _| {
                let usable = !connection.is_in_transaction();
                Box::pin(async move { Ok(usable) })
            })
            .connect_with(options)
            .await
            .map_err(|error| DatabaseError::of(&name, error))?;
        let writer = Arc::new(Mutex::new(()));
        Ok(Self {
            pool: Pool::Sqlite { pool, writer },
            name,
            schema: Arc::default(),
        })
    }
}

/// Makes an empty file that only its owner may read. SQLite gives its other files the same mode.
fn make_private(path: &Path) -> Result<(), DatabaseError> {
    let problem = |source| DatabaseError::Create {
        database: path.display().to_string(),
        source,
    };
    if let Some(parent) = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        std::fs::create_dir_all(parent).map_err(problem)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(problem(error)),
    }
}
