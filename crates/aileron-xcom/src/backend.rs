//! Which class keeps XComs.

use aileron_config::{Config, ConfigError};

/// The class that `[core] xcom_backend` names for object storage.
pub const XCOM_BACKEND: &str = "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend";

/// The class that `[workers] state_store_backend` names for object storage.
pub const STATE_BACKEND: &str =
    "airflow.providers.common.io.state_store.backend.StateStoreObjectStorageBackend";

/// Names of the class that keeps everything in the database.
const DATABASE: [&str; 4] = [
    "airflow.sdk.bases.xcom.BaseXCom",
    "airflow.sdk.execution_time.xcom.BaseXCom",
    "airflow.models.xcom.BaseXCom",
    "airflow.sdk.execution_time.xcom.XCom",
];

/// Where `[core] xcom_backend` says XComs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum XcomBackend {
    /// In the database.
    Database,
    /// In object storage, from a threshold on.
    ObjectStorage,
    /// Wherever this class puts them, which nobody knows here.
    Other(String),
}

/// Whether `[workers] state_store_backend` keeps the values of state stores in object storage.
///
/// # Errors
/// When the configuration cannot be read.
pub fn keeps_states_in_objects(config: &Config) -> Result<bool, ConfigError> {
    let class = config.get("workers", "state_store_backend")?;
    Ok(class.is_some_and(|class| class.trim() == STATE_BACKEND))
}

impl XcomBackend {
    /// What the configuration says.
    ///
    /// # Errors
    /// When the configuration cannot be read.
    pub fn from_config(config: &Config) -> Result<Self, ConfigError> {
        let class = config.get("core", "xcom_backend")?.unwrap_or_default();
        let class = class.trim();
        Ok(match class {
            "" => Self::Database,
            XCOM_BACKEND => Self::ObjectStorage,
            class if DATABASE.contains(&class) => Self::Database,
            class => Self::Other(class.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend(class: &str) -> XcomBackend {
        let config = Config::with_environment([("AIRFLOW__CORE__XCOM_BACKEND", class)]);
        XcomBackend::from_config(&config).unwrap()
    }

    #[test]
    fn the_class_says_where_values_are() {
        assert_eq!(backend(""), XcomBackend::Database);
        assert_eq!(backend(DATABASE[0]), XcomBackend::Database);
        assert_eq!(backend(XCOM_BACKEND), XcomBackend::ObjectStorage);
        assert_eq!(backend("my.Own"), XcomBackend::Other("my.Own".to_owned()));
    }
}
