//! How long things may take, and where a probe finds the connection string.

use std::time::Duration;

/// What holds for every probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long to wait for the next line of a probe; 60 seconds when not said.
    pub silence: Duration,
    /// How long a statement may take; the database ends it then. 30 seconds when not said.
    pub statement: Duration,
    /// Who says where the database is.
    pub connection: Connection,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            silence: Duration::from_secs(60),
            statement: Duration::from_secs(30),
            connection: Connection::Environment,
        }
    }
}

/// Who tells a probe where the database is. It does not leave the probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Connection {
    /// The environment of its process: `AIRFLOW__DATABASE__SQL_ALCHEMY_CONN`, then `AIRFLOW__CORE__SQL_ALCHEMY_CONN`; or the command
    /// in the variable with `_CMD` at its end. `_SECRET` is refused.
    #[default]
    Environment,
    /// Airflow's own configuration there, which takes seconds to import: it knows `airflow.cfg` and secrets backends.
    Airflow,
}

impl Connection {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Airflow => "airflow",
        }
    }
}
