//! One worker of Airflow's API server, with one of its APIs.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::home::Home;
use super::keeper::Keeper;
use super::port;
use crate::{AirflowVersion, Deadline, PostgresDatabase};

/// How long it may take from its start to its first connection.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// One worker of Airflow's API server on a PostgreSQL database, with one of its APIs. It ends with the value.
#[derive(Debug)]
pub struct ApiWorker {
    // Dropped before the home: no process may still write there.
    keeper: Keeper,
    home: Home,
    address: SocketAddr,
}

impl ApiWorker {
    /// Starts it as `airflow api-server --workers 1 --apps execution`, with these environment variables beside its database,
    /// and waits until it listens.
    ///
    /// # Errors
    /// When the version's Python is not known, or it does not listen in time; the text holds the last lines of its log.
    pub fn start(
        version: AirflowVersion,
        database: &PostgresDatabase,
        variables: &[(String, String)],
    ) -> Result<Self> {
        Self::start_apps("execution", version, database, variables)
    }

    /// Starts it with the REST API for people only, as [`start`](Self::start).
    ///
    /// # Errors
    /// Those of [`start`](Self::start).
    pub fn start_rest_api(
        version: AirflowVersion,
        database: &PostgresDatabase,
        variables: &[(String, String)],
    ) -> Result<Self> {
        Self::start_apps("core", version, database, variables)
    }

    fn start_apps(
        apps: &str,
        version: AirflowVersion,
        database: &PostgresDatabase,
        variables: &[(String, String)],
    ) -> Result<Self> {
        let python = version.python()?;
        let home = Home::create(None)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()?));
        let mut all = vec![
            ("AIRFLOW_HOME".to_owned(), home.path().display().to_string()),
            (
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN".to_owned(),
                database.sqlalchemy_url(),
            ),
        ];
        all.extend(variables.iter().cloned());
        let component = format!(
            "api-server --apps {apps} --host 127.0.0.1 --port {} --workers 1",
            address.port()
        );
        let component = component.split(' ').map(str::to_owned).collect();
        let keeper = Keeper::start(&python, &home, &all, &[component])?;
        let mut worker = Self {
            keeper,
            home,
            address,
        };
        let keeper = &mut worker.keeper;
        let listening = Deadline::after(READY_WITHIN).wait_for("the API server listens", || {
            if let Some(end) = keeper.ended()? {
                bail!("the API server did not stay up: {end}");
            }
            Ok(TcpStream::connect(address).ok().map(|_| ()))
        });
        listening.with_context(|| worker.home.component_logs())?;
        Ok(worker)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The ids of its processes.
    ///
    /// # Errors
    /// When they cannot be listed.
    pub fn processes(&self) -> Result<Vec<u32>> {
        self.keeper.processes()
    }

    /// The last lines of its log, for an error text.
    pub fn log(&self) -> String {
        self.home.component_logs()
    }
}
