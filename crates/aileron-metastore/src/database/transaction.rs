//! Changes that happen together or not at all.

use std::ops::{Deref, DerefMut};

use tokio::sync::OwnedMutexGuard;

use super::link::Link;
use super::session::Connection;
use super::{Database, DatabaseError, Pool, Session};

/// Changes that happen together or not at all.
///
/// Dropped without [`commit`](Self::commit) it is rolled back.
#[derive(Debug)]
pub struct Transaction {
    // The order matters: fields are dropped from the first to the last, and the next writer may
    // begin only after the connection was told to roll back.
    session: Session,
    _turn: Option<OwnedMutexGuard<()>>,
}

impl Transaction {
    pub(super) async fn begin(database: &Database) -> Result<Self, DatabaseError> {
        let (connection, turn) = match &database.pool {
            Pool::Sqlite { pool, writer } => {
                let turn = writer.clone().lock_owned().await;
                // Without IMMEDIATE a transaction that reads before it writes may be refused, with
                // no way but to begin again.
                let transaction = pool.begin_with("BEGIN IMMEDIATE").await;
                (transaction.map(Connection::SqliteTransaction), Some(turn))
            }
            Pool::Postgres(server) => (Link::write(server).await.map(Connection::Postgres), None),
        };
        let connection = connection.map_err(|error| DatabaseError::of(database.name(), error))?;
        Ok(Self {
            session: Session {
                connection,
                database: database.clone(),
            },
            _turn: turn,
        })
    }

    /// Makes the changes durable.
    ///
    /// # Errors
    ///
    /// When the database did not take them. None of them has happened then.
    pub async fn commit(self) -> Result<(), DatabaseError> {
        let Session {
            connection,
            database,
        } = self.session;
        match connection {
            Connection::SqliteTransaction(transaction) => transaction.commit().await,
            Connection::Postgres(link) => link.commit().await,
            Connection::Sqlite(_) => Ok(()),
        }
        .map_err(|error| DatabaseError::of(database.name(), error))
    }

    /// Takes the changes back.
    ///
    /// # Errors
    ///
    /// When the database is not there any more. It takes them back by itself then.
    pub async fn rollback(self) -> Result<(), DatabaseError> {
        let Session {
            connection,
            database,
        } = self.session;
        match connection {
            Connection::SqliteTransaction(transaction) => transaction.rollback().await,
            Connection::Postgres(link) => link.rollback().await,
            Connection::Sqlite(_) => Ok(()),
        }
        .map_err(|error| DatabaseError::of(database.name(), error))
    }
}

impl Deref for Transaction {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}
