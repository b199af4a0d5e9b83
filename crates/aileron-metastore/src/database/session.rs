//! A connection, and what can be asked on it.

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr as _, Sqlite, SqliteConnection};

use super::link::Link;
use super::row::Row;
use super::{Database, DatabaseError, Dialect, Pool, Statement, postgres, sqlite};
use crate::schema::Schema;

/// A connection, or an open [`Transaction`](super::Transaction).
pub struct Session {
    pub(super) connection: Connection,
    pub(super) database: Database,
}

pub(super) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTransaction(sqlx::Transaction<'static, Sqlite>),
    Postgres(Link),
}

enum Peer<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut Link),
}

impl Session {
    pub(super) async fn open(database: &Database) -> Result<Self, DatabaseError> {
        let connection = match &database.pool {
            Pool::Sqlite { pool, .. } => pool.acquire().await.map(Connection::Sqlite),
            Pool::Postgres(server) => Link::open(server).await.map(Connection::Postgres),
        };
        Ok(Self {
            connection: connection.map_err(|error| DatabaseError::of(database.name(), error))?,
            database: database.clone(),
        })
    }

    /// Which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.database.dialect()
    }

    /// The schema of the tables.
    #[must_use]
    pub fn schema(&self) -> Schema {
        self.database.schema()
    }

    fn peer(&mut self) -> Peer<'_> {
        match &mut self.connection {
            Connection::Sqlite(connection) => Peer::Sqlite(&mut *connection),
            Connection::SqliteTransaction(transaction) => Peer::Sqlite(&mut *transaction),
            Connection::Postgres(link) => Peer::Postgres(link),
        }
    }

    /// All rows.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn all(
        &mut self,
        statement: impl Into<Statement>,
    ) -> Result<Vec<Row>, DatabaseError> {
        let Statement { text, values } = statement.into();
        let text = AssertSqlSafe(text).into_sql_str();
        let rows = match self.peer() {
            Peer::Sqlite(link) => sqlx::query_with(text, sqlite::arguments(values)?)
                .fetch_all(link)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            Peer::Postgres(link) => link
                .all(text, postgres::arguments(values)?)
                .await
                .map(|rows| rows.into_iter().map(Row::Postgres).collect()),
        };
        rows.map_err(|error| self.problem(error))
    }

    /// The first row, if there is one.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn optional(
        &mut self,
        statement: impl Into<Statement>,
    ) -> Result<Option<Row>, DatabaseError> {
        let Statement { text, values } = statement.into();
        let text = AssertSqlSafe(text).into_sql_str();
        let row = match self.peer() {
            Peer::Sqlite(link) => sqlx::query_with(text, sqlite::arguments(values)?)
                .fetch_optional(link)
                .await
                .map(|row| row.map(Row::Sqlite)),
            Peer::Postgres(link) => link
                .optional(text, postgres::arguments(values)?)
                .await
                .map(|row| row.map(Row::Postgres)),
        };
        row.map_err(|error| self.problem(error))
    }

    /// The first row of a statement that always has one, such as a count.
    ///
    /// # Errors
    ///
    /// Those of the database, and when there is no row.
    pub async fn one(&mut self, statement: impl Into<Statement>) -> Result<Row, DatabaseError> {
        match self.optional(statement).await? {
            Some(row) => Ok(row),
            None => Err(self.problem(sqlx::Error::RowNotFound)),
        }
    }

    /// Runs a statement. Returns how many rows it changed.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn execute(&mut self, statement: impl Into<Statement>) -> Result<u64, DatabaseError> {
        let Statement { text, values } = statement.into();
        let text = AssertSqlSafe(text).into_sql_str();
        let changed = match self.peer() {
            Peer::Sqlite(link) => sqlx::query_with(text, sqlite::arguments(values)?)
                .execute(link)
                .await
                .map(|result| result.rows_affected()),
            Peer::Postgres(link) => link.execute(text, postgres::arguments(values)?).await,
        };
        changed.map_err(|error| self.problem(error))
    }

    fn problem(&self, error: sqlx::Error) -> DatabaseError {
        DatabaseError::of(self.database.name(), error)
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}
