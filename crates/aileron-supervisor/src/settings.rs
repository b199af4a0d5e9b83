//! Airflow's options for a supervisor.

use std::time::Duration;

use aileron_config::{Config, ConfigError};

use crate::host::hostname;

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
    /// How long the process may go on after the time it has set itself: `[core] killed_task_cleanup_time`, 60 s. Since
    /// Airflow 3.4.
    pub execution_timeout_grace: Duration,
    /// The name of this machine, as Airflow is told it. By default what the kernel says; Airflow has a function for it in
    /// `[core] hostname_callable`.
    pub hostname: String,
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
            execution_timeout_grace: Duration::from_secs(60),
            hostname: hostname(),
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
        let mut settings = Self::default();
        let seconds = |section, key, to: &mut Duration| {
            if let Some(seconds) = config.float(section, key)? {
                *to = Duration::try_from_secs_f64(seconds).map_err(|_| {
                    let found = seconds.to_string();
                    ConfigError::invalid(section, key, &found, "a number of seconds")
                })?;
            }
            Ok(())
        };
        seconds(
            "workers",
            "min_heartbeat_interval",
            &mut settings.heartbeat_interval,
        )?;
        seconds(
            "workers",
            "socket_cleanup_timeout",
            &mut settings.socket_cleanup_timeout,
        )?;
        seconds(
            "core",
            "task_success_overtime",
            &mut settings.success_overtime,
        )?;
        seconds(
            "core",
            "killed_task_cleanup_time",
            &mut settings.execution_timeout_grace,
        )?;
        // A heartbeat without a pause would be all that is done.
        settings.heartbeat_interval = settings.heartbeat_interval.max(Duration::from_millis(10));
        if let Some(count) = config.integer("workers", "max_failed_heartbeats")? {
            settings.max_failed_heartbeats = u32::try_from(count).map_err(|_| {
                let found = count.to_string();
                ConfigError::invalid(
                    "workers",
                    "max_failed_heartbeats",
                    &found,
                    "a number from 0",
                )
            })?;
        }
        if let Some(level) = config.get("logging", "logging_level")? {
            settings.logging_level = level;
        }
        if let Some(levels) = config.get("logging", "namespace_levels")? {
            settings.namespace_levels = levels;
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_those_of_airflow_and_what_is_not_set_has_its_default() {
        let config = Config::with_environment([
            ("AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL", "7"),
            ("AIRFLOW__WORKERS__SOCKET_CLEANUP_TIMEOUT", "0.5"),
            ("AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS", "9"),
            ("AIRFLOW__LOGGING__NAMESPACE_LEVELS", "a=DEBUG"),
        ]);
        let settings = Settings::from_config(&config).unwrap();
        assert_eq!(
            settings,
            Settings {
                heartbeat_interval: Duration::from_secs(7),
                socket_cleanup_timeout: Duration::from_millis(500),
                max_failed_heartbeats: 9,
                namespace_levels: "a=DEBUG".to_owned(),
                ..Settings::default()
            }
        );
    }

    #[test]
    fn a_time_that_makes_no_sense_is_an_error_that_names_the_option() {
        let config = Config::with_environment([("AIRFLOW__CORE__TASK_SUCCESS_OVERTIME", "-1")]);
        let error = Settings::from_config(&config).unwrap_err().to_string();
        assert!(error.contains("[core] task_success_overtime"), "{error}");
    }
}
