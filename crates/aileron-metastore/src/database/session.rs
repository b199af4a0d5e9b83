//! A connection, and what can be asked on it.

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Sqlite, SqliteConnection};

use super::row::Row;
use super::{Database, DatabaseError, Dialect, Pool, Statement, postgres, sqlite};

/// A connection, or an open [`Transaction`](super::Transaction).
pub struct Session {
    pub(super) connection: Connection,
    pub(super) database: Database,
}

pub(super) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    SqliteTransaction(sqlx::Transaction<'static, Sqlite>),
    Postgres(PoolConnection<Postgres>),
    PostgresTransaction(sqlx::Transaction<'static, Postgres>),
}

enum Link<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Session {
    pub(super) async fn open(database: &Database) -> Result<Self, DatabaseError> {
        let connection = match &database.pool {
            Pool::Sqlite { pool, .. } => pool.acquire().await.map(Connection::Sqlite),
            Pool::Postgres(pool) => pool.acquire().await.map(Connection::Postgres),
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

    fn link(&mut self) -> Link<'_> {
        match &mut self.connection {
            Connection::Sqlite(connection) => Link::Sqlite(&mut *connection),
            Connection::SqliteTransaction(transaction) => Link::Sqlite(&mut *transaction),
            Connection::Postgres(connection) => Link::Postgres(&mut *connection),
            Connection::PostgresTransaction(transaction) => Link::Postgres(&mut *transaction),
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
        let text = AssertSqlSafe(text);
        let rows = match self.link() {
            Link::Sqlite(link) => sqlx::query_with(text, sqlite::arguments(values)?)
                .fetch_all(link)
                .await
                .map(|rows| rows.into_iter().map(Row::Sqlite).collect()),
            Link::Postgres(link) => sqlx::query_with(text, postgres::arguments(values)?)
                .fetch_all(link)
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
        let text = AssertSqlSafe(text);
        let row = match self.link() {
            Link::Sqlite(link) => sqlx::query_with(text, sqlite::arguments(values)?)
                .fetch_optional(link)
                .await
                .map(|row| row.map(Row::Sqlite)),
            Link::Postgres(link) => sqlx::query_with(text, postgres::arguments(values)?)
                .fetch_optional(link)
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
        let text = AssertSqlSafe(text);
        let changed = match self.link() {
            Link::Sqlite(link) => sqlx::query_with(text, sqlite::arguments(values)?)
                .execute(link)
                .await
                .map(|result| result.rows_affected()),
            Link::Postgres(link) => sqlx::query_with(text, postgres::arguments(values)?)
                .execute(link)
                .await
                .map(|result| result.rows_affected()),
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
