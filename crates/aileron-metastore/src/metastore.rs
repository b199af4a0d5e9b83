//! The handle of a metadata database.

use std::path::Path;
use std::sync::Arc;

use uuid::Uuid;

use crate::database::{Database, DatabaseError, Missing, PostgresOptions};
use crate::schema::{self, Schema};
use crate::{CallbackApi, ConnectionTestApi, Settings, TaskApi};

/// A metadata database with Airflow's schema. Clones share its connections.
///
/// ```
/// # async fn example() -> Result<(), aileron_metastore::database::DatabaseError> {
/// use aileron_metastore::Metastore;
/// use aileron_metastore::database::Missing;
///
/// let directory = std::env::temp_dir().join("aileron-metastore-example");
/// let store = Metastore::open(&directory.join("airflow.db"), Missing::Create).await?;
/// println!("{}", store.database().name());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Metastore {
    database: Database,
    settings: Arc<Settings>,
}

impl Metastore {
    /// Opens a SQLite file of this machine, to run Dags on it or to look into it. With
    /// [`Missing::Create`] an empty or missing file gets the schema, all of it in one transaction.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is no database, or has a schema other than
    /// [`schema::REVISION`].
    pub async fn open(path: &Path, missing: Missing) -> Result<Self, DatabaseError> {
        let database = Database::sqlite(path, missing).await?;
        match missing {
            Missing::Create => schema::prepare(&database).await?,
            Missing::Fail => schema::check(&database, &[Schema::Airflow332]).await?,
        }
        Ok(Self::on(database))
    }

    /// Opens the SQLite file of an Airflow, to answer its task instances. What is under
    /// [`run`](Self::run) is not for a schema other than [`schema::REVISION`].
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, is no database, or has a schema that is not in
    /// [`Schema::ALL`].
    pub async fn attach(path: &Path) -> Result<Self, DatabaseError> {
        let database = Database::sqlite(path, Missing::Fail).await?;
        schema::check(&database, &Schema::ALL).await?;
        Ok(Self::on(database))
    }

    /// Opens the SQLite file of an Airflow to look into it. Nothing in it can be changed.
    ///
    /// # Errors
    ///
    /// As [`attach`](Self::attach).
    pub async fn look(path: &Path) -> Result<Self, DatabaseError> {
        let database = Database::sqlite_read_only(path).await?;
        schema::check(&database, &Schema::ALL).await?;
        Ok(Self::on(database))
    }

    /// Connects to the PostgreSQL server of an Airflow, to answer its task instances.
    ///
    /// # Errors
    ///
    /// When nobody answers there, or the schema is not in [`Schema::ALL`].
    pub async fn connect(url: &str) -> Result<Self, DatabaseError> {
        Self::connect_with(url, &PostgresOptions::default()).await
    }

    /// Connects to the PostgreSQL server of an Airflow with options.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_with(url: &str, options: &PostgresOptions) -> Result<Self, DatabaseError> {
        let database = Database::postgres_with(url, options).await?;
        schema::check(&database, &Schema::ALL).await?;
        Ok(Self::on(database))
    }

    fn on(database: Database) -> Self {
        Self {
            database,
            settings: Arc::default(),
        }
    }

    /// The same database with these settings, in place of the default ones.
    #[must_use]
    pub fn with_settings(mut self, settings: Settings) -> Self {
        self.settings = Arc::new(settings);
        self
    }

    /// What the rules take from Airflow's configuration and from the environment.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Checks that the schema is one of these, for what is not written for all of them.
    ///
    /// # Errors
    ///
    /// When it is another one.
    pub fn require(&self, fitting: &[Schema]) -> Result<(), DatabaseError> {
        let found = self.database.schema();
        if fitting.contains(&found) {
            return Ok(());
        }
        Err(DatabaseError::Revision {
            database: self.database.name().to_owned(),
            found: Some(found.revision().to_owned()),
        })
    }

    /// What a worker that tests a connection may ask.
    #[must_use]
    pub fn connection_tests(&self) -> ConnectionTestApi {
        ConnectionTestApi::new(self.clone())
    }

    /// What a worker that runs a callback may ask.
    #[must_use]
    pub fn callbacks(&self) -> CallbackApi {
        CallbackApi::new(self.clone())
    }

    /// What a task instance may ask.
    #[must_use]
    pub fn task(&self, ti_id: Uuid) -> TaskApi {
        TaskApi::new(self.clone(), ti_id)
    }
}
