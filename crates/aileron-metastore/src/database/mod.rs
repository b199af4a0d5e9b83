//! One way to say SQL to SQLite and to PostgreSQL.
//!
//! A statement is written once, with `$1`, `$2`.. for its values and in words that both
//! understand. How a value is stored differs, and only this module knows:
//!
//! | | SQLite, as SQLAlchemy writes it | PostgreSQL |
//! |---|---|---|
//! | time | `2026-11-20 08:20:41.053358`, UTC | `timestamptz` |
//! | UUID | 32 hexadecimal digits | `uuid` |
//! | JSON | text | `json` or `jsonb` |
//! | boolean | 0 or 1 | `boolean` |
//!
//! ```
//! use aileron_metastore::database::{Database, sql};
//!
//! # async fn example(database: &Database) -> Result<(), aileron_metastore::database::DatabaseError> {
//! let mut transaction = database.begin().await?;
//! transaction
//!     .execute(sql("update dag set is_paused = $1 where dag_id = $2").bind(false).bind("orders"))
//!     .await?;
//! transaction.commit().await?;
//!
//! let row = database
//!     .read()
//!     .await?
//!     .optional(sql("select is_paused, owners from dag where dag_id = $1").bind("orders"))
//!     .await?;
//! if let Some(row) = row {
//!     let paused: bool = row.get("is_paused")?;
//!     let owners: Option<String> = row.get("owners")?;
//!     println!("{paused} {owners:?}");
//! }
//! # Ok(())
//! # }
//! ```

mod connections;
#[cfg(test)]
mod damage_tests;
mod error;
mod link;
mod open;
mod postgres;
mod row;
mod server;
mod session;
mod sqlite;
mod statement;
mod transaction;
mod value;

use std::sync::{Arc, OnceLock};

use sqlx::SqlitePool;
use tokio::sync::Mutex;

use server::Server;

use crate::schema::Schema;

pub use error::{ConstraintKind, DatabaseError};
pub use open::Missing;
pub use row::{Column, Row};
pub use server::{Pooler, PostgresOptions};
pub use session::Session;
pub use statement::{Statement, sql};
pub use transaction::Transaction;
pub use value::{Kind, Value};

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// A SQLite file.
    Sqlite,
    /// A PostgreSQL server.
    Postgres,
}

/// A metadata database. Clones share one pool of connections.
#[derive(Clone)]
pub struct Database {
    pool: Pool,
    /// How an error names the database. Without user or password.
    name: Arc<str>,
    /// Known as soon as somebody has looked.
    schema: Arc<OnceLock<Schema>>,
}

#[derive(Clone)]
enum Pool {
    Sqlite {
        pool: SqlitePool,
        /// SQLite has one writer at a time. Those of this process wait here, first come first
        /// served; without it they would poll the lock of the file and sleep in between.
        writer: Arc<Mutex<()>>,
    },
    Postgres(Server),
}

impl Database {
    /// Which database it is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self.pool {
            Pool::Sqlite { .. } => Dialect::Sqlite,
            Pool::Postgres(_) => Dialect::Postgres,
        }
    }

    /// The path of the file, or host and name on a server. Shows no user and no password.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The schema of its tables: that of 3.3.2, until another was found.
    #[must_use]
    pub fn schema(&self) -> Schema {
        self.schema.get().copied().unwrap_or_default()
    }

    /// Notes which schema was found. A database that is open does not change its schema.
    pub(crate) fn set_schema(&self, schema: Schema) {
        // An error means that it was noted already.
        let _ = self.schema.set(schema);
    }

    /// A connection to read with. Each statement sees what was committed before it began.
    ///
    /// # Errors
    ///
    /// When there is no connection to be had.
    pub async fn read(&self) -> Result<Session, DatabaseError> {
        Session::open(self).await
    }

    /// A transaction to write with.
    ///
    /// On SQLite it holds the lock of the one writer from here to its end, so that it never fails
    /// half way because of another. On PostgreSQL it locks what it writes to.
    ///
    /// # Errors
    ///
    /// When there is no connection to be had, or another process holds the lock of a SQLite file
    /// for longer than a transaction waits.
    pub async fn begin(&self) -> Result<Transaction, DatabaseError> {
        Transaction::begin(self).await
    }

    /// Runs one statement that changes something, and makes the change durable. Returns how many rows it changed.
    ///
    /// It is as good as a [`begin`](Self::begin) around the statement, and on PostgreSQL a third of the way.
    ///
    /// # Errors
    ///
    /// Those of `begin` and of the database.
    pub async fn change(&self, statement: impl Into<Statement>) -> Result<u64, DatabaseError> {
        match &self.pool {
            // A statement outside of a transaction is one by itself.
            Pool::Postgres(server) if server.manner.sessions => {
                self.read().await?.execute(statement).await
            }
            Pool::Postgres(_) | Pool::Sqlite { .. } => {
                let mut transaction = self.begin().await?;
                let changed = transaction.execute(statement).await?;
                transaction.commit().await?;
                Ok(changed)
            }
        }
    }

    /// Closes all connections. What waits for one gets an error.
    pub async fn close(&self) {
        match &self.pool {
            Pool::Sqlite { pool, .. } => pool.close().await,
            Pool::Postgres(server) => server.connections.close(),
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database")
            .field("name", &self.name)
            .field("dialect", &self.dialect())
            .finish_non_exhaustive()
    }
}
