//! The pool of connections to a PostgreSQL server.
//!
//! `sqlx` has one too. It asks the server for a word each time that a connection comes back, which costs as much as a
//! statement; here only a connection that something happened to is asked, by the [`Link`](super::link::Link) that had it.

use std::time::Duration;

use deadpool::managed::{
    self, Manager, Metrics, PoolError, QueueMode, RecycleError, RecycleResult,
};
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::time::{sleep, timeout};

/// A connection that was handed out within this time is taken for alive.
const FRESH: Duration = Duration::from_secs(1);

/// A connection that is older is not handed out again: a pooler or a server that took its place gets its share of them.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 60);

/// How long to wait before asking a server again that does not take connections yet: from the first, doubled up to the last.
const WAITS: [Duration; 2] = [Duration::from_millis(10), Duration::from_secs(2)];

/// A connection that goes back to its pool when it is dropped.
pub(super) type Connection = managed::Object<Connector>;

/// The pool.
#[derive(Clone)]
pub(super) struct Connections {
    pool: managed::Pool<Connector>,
    acquire_timeout: Duration,
}

/// Makes connections, and looks at those that are used again.
pub(super) struct Connector(PgConnectOptions);

impl Connections {
    pub(super) fn new(
        connect: PgConnectOptions,
        max_connections: u32,
        acquire_timeout: Duration,
    ) -> Self {
        let pool = managed::Pool::builder(Connector(connect))
            .max_size(usize::try_from(max_connections).unwrap_or(usize::MAX))
            // The one that was used last: few stay warm, and the others are not missed.
            .queue_mode(QueueMode::Lifo)
            .build()
            .expect("only a pool with time limits of its own can be wrong");
        Self {
            pool,
            acquire_timeout,
        }
    }

    /// A connection, in time: one that is free, or a new one.
    pub(super) async fn acquire(&self) -> Result<Connection, sqlx::Error> {
        match timeout(self.acquire_timeout, self.pool.get()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(PoolError::Backend(error))) => Err(error),
            Ok(Err(PoolError::Closed)) => Err(sqlx::Error::PoolClosed),
            Ok(Err(_)) | Err(_) => Err(sqlx::Error::PoolTimedOut),
        }
    }

    /// Closes those that are not in use. Nobody gets one any more.
    pub(super) fn close(&self) {
        self.pool.close();
    }
}

impl Manager for Connector {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<PgConnection, sqlx::Error> {
        let [mut wait, longest] = WAITS;
        // Who asks for a connection stops it in time.
        loop {
            // In a box, or everybody who waits for a free connection had room for this.
            match Box::pin(PgConnection::connect_with(&self.0)).await {
                Err(error) if may_come(&error) => sleep(wait).await,
                result => return result,
            }
            wait = (wait * 2).min(longest);
        }
    }

    async fn recycle(
        &self,
        connection: &mut PgConnection,
        metrics: &Metrics,
    ) -> RecycleResult<sqlx::Error> {
        if metrics.age() > LONGEST_LIFE {
            return Err(RecycleError::message("it is old"));
        }
        if metrics.last_used() > FRESH {
            Box::pin(connection.ping()).await?;
        }
        Ok(())
    }
}

/// Whether the server may be there soon: it starts, or has no connection left.
fn may_come(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
        sqlx::Error::Database(error) => error.is_transient_in_connect_phase(),
        _ => false,
    }
}
