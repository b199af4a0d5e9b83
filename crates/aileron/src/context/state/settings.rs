//! What Airflow's configuration says about the state stores: section `[state_store]`.

use std::sync::{Arc, OnceLock};

use aileron_config::{Config, ConfigError};

const SECTION: &str = "state_store";
/// Airflow's defaults (3.3.2 and 3.4.0b2, `config.yml`).
const RETENTION_DAYS: i64 = 30;
const MAX_VALUE_BYTES: i64 = 65_535;

type Setting = Result<i64, ConfigError>;

/// The settings of the state stores, each read when it is first needed: most tasks need none.
#[derive(Debug)]
pub(crate) struct StateSettings {
    config: Arc<Config>,
    retention_days: OnceLock<Setting>,
    max_value_bytes: OnceLock<Setting>,
}

impl StateSettings {
    pub(crate) fn new(config: Arc<Config>) -> Self {
        Self {
            config,
            retention_days: OnceLock::new(),
            max_value_bytes: OnceLock::new(),
        }
    }

    /// `default_retention_days`: 0 means for ever.
    pub(super) fn retention_days(&self) -> Setting {
        let read = || {
            let days = self.integer("default_retention_days", RETENTION_DAYS)?;
            if days < 0 {
                return Err(ConfigError::Invalid {
                    section: SECTION.to_owned(),
                    key: "default_retention_days".to_owned(),
                    found: days.to_string(),
                    expected: "a number of days from 0 (no expiry)",
                });
            }
            Ok(days)
        };
        self.retention_days.get_or_init(read).clone()
    }

    /// `max_value_storage_bytes`: 0 or less means no limit.
    pub(super) fn max_value_bytes(&self) -> Setting {
        let read = || self.integer("max_value_storage_bytes", MAX_VALUE_BYTES);
        self.max_value_bytes.get_or_init(read).clone()
    }

    fn integer(&self, key: &str, default: i64) -> Setting {
        Ok(self.config.integer(SECTION, key)?.unwrap_or(default))
    }
}
