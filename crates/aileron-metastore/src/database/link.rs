//! A connection to a PostgreSQL server while somebody uses it.

use std::io;
use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Postgres, SqlStr};
use tokio::time::timeout;

use super::connections::Connection;
use super::server::{Manner, Server};

/// A connection, which goes back to its pool when it is dropped, without a transaction.
pub(super) struct Link {
    // Only `drop` takes it out.
    connection: Option<Connection>,
    manner: Arc<Manner>,
    transaction: Progress,
    health: Health,
}

/// What is known of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    /// The last answer came in full.
    Good,
    /// An error came, or somebody stopped waiting for an answer.
    Unknown,
    /// An answer may come to a question that nobody knows any more.
    Lost,
}

/// How far a transaction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// There is none.
    None,
    /// It was begun, or may have been.
    Open,
    /// A statement failed in it. PostgreSQL takes back such a transaction, even when told to commit.
    Failed,
}

impl Link {
    /// A connection to read with.
    pub(super) async fn open(server: &Server) -> Result<Self, sqlx::Error> {
        let mut link = Self::acquire(server).await?;
        if !link.manner.sessions {
            link.begin("begin read only").await?;
        }
        Ok(link)
    }

    /// A transaction to write with.
    pub(super) async fn write(server: &Server) -> Result<Self, sqlx::Error> {
        let mut link = Self::acquire(server).await?;
        link.begin("begin").await?;
        Ok(link)
    }

    async fn acquire(server: &Server) -> Result<Self, sqlx::Error> {
        Ok(Self {
            connection: Some(server.connections.acquire().await?),
            manner: Arc::clone(&server.manner),
            transaction: Progress::None,
            health: Health::Good,
        })
    }

    async fn begin(&mut self, text: &str) -> Result<(), sqlx::Error> {
        // Before it is sent: a caller may stop waiting for the answer.
        self.transaction = Progress::Open;
        let text = format!("{text}{}", self.manner.settings);
        self.simple(text).await
    }

    /// Makes the changes durable.
    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        if self.transaction == Progress::Failed {
            let lost = "a statement of this transaction failed, so nothing of it can be committed";
            return Err(sqlx::Error::Protocol(lost.to_owned()));
        }
        self.end("commit").await
    }

    /// Takes the changes back.
    pub(super) async fn rollback(mut self) -> Result<(), sqlx::Error> {
        self.end("rollback").await
    }

    async fn end(&mut self, text: &str) -> Result<(), sqlx::Error> {
        self.simple(text.to_owned()).await?;
        self.transaction = Progress::None;
        Ok(())
    }

    async fn simple(&mut self, text: String) -> Result<(), sqlx::Error> {
        self.wait(async |connection| {
            connection
                .execute(sqlx::raw_sql(AssertSqlSafe(text)))
                .await
                .map(|_| ())
        })
        .await
    }

    pub(super) async fn all(
        &mut self,
        text: SqlStr,
        values: PgArguments,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        let query = self.query(text, values);
        self.wait(async |connection| connection.fetch_all(query).await)
            .await
    }

    pub(super) async fn optional(
        &mut self,
        text: SqlStr,
        values: PgArguments,
    ) -> Result<Option<PgRow>, sqlx::Error> {
        let query = self.query(text, values);
        self.wait(async |connection| connection.fetch_optional(query).await)
            .await
    }

    /// How many rows were changed.
    pub(super) async fn execute(
        &mut self,
        text: SqlStr,
        values: PgArguments,
    ) -> Result<u64, sqlx::Error> {
        let query = self.query(text, values);
        self.wait(async |connection| connection.execute(query).await)
            .await
            .map(|done| done.rows_affected())
    }

    fn query(&self, text: SqlStr, values: PgArguments) -> Query<'static, Postgres, PgArguments> {
        // A prepared statement stays in its session, and the next transaction may get another.
        sqlx::query_with(text, values).persistent(self.manner.sessions)
    }

    /// Waits for an answer, but not for ever: a server that is gone without a word never answers.
    async fn wait<T>(
        &mut self,
        ask: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let connection = self
            .connection
            .as_mut()
            .expect("a link has its connection until it is dropped");
        // Before it is asked: a caller may stop waiting for the answer.
        self.health = Health::Unknown;
        let result = match timeout(self.manner.patience, ask(connection)).await {
            Ok(Ok(answer)) => {
                self.health = Health::Good;
                Ok(answer)
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                self.health = Health::Lost;
                Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()))
            }
        };
        if result.is_err() && self.transaction == Progress::Open {
            self.transaction = Progress::Failed;
        }
        result
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let open = self.transaction != Progress::None;
        if self.health == Health::Good && !open {
            return;
        }
        let runtime = tokio::runtime::Handle::try_current();
        let (Ok(runtime), Health::Good | Health::Unknown) = (runtime, self.health) else {
            close(connection);
            return;
        };
        let patience = self.manner.patience;
        runtime.spawn(async move {
            let settle = async {
                if open {
                    let rollback = connection.execute(sqlx::raw_sql("rollback"));
                    rollback.await.map(|_| ())
                } else {
                    connection.ping().await
                }
            };
            if !matches!(timeout(patience, settle).await, Ok(Ok(()))) {
                close(connection);
            }
        });
    }
}

/// Closes a connection instead of giving it back.
fn close(connection: Connection) {
    drop(Connection::take(connection));
}
