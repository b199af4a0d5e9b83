//! Parts of an Airflow that its configuration replaces by Python classes of somebody.

use aileron_config::{Config, ConfigError};

use crate::endpoint::Endpoint;

/// Airflow's own class for `[state_store] backend`, whose rules the store knows.
const STATE_BACKEND: &str = "airflow.state.metastore.MetastoreBackend";

/// What Airflow's configuration gives to Python classes that no one else has. Requests that need one are sent on to the
/// upstream server, or refused with 501: the database alone would give another answer, or none.
///
/// Source: `ensure_secrets_loaded` and `airflow/state/__init__.py` of Airflow 3.3.2.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PythonParts {
    /// `[secrets] backend`: it is asked for Variables and Connections before the environment and the database.
    pub secrets_backend: bool,
    /// `[state_store] backend`, where it is not Airflow's own: it has the state of tasks and assets.
    pub state_backend: bool,
}

impl PythonParts {
    /// What a configuration says.
    ///
    /// # Errors
    ///
    /// When an option cannot be read.
    pub fn of(config: &Config) -> Result<Self, ConfigError> {
        let class = |section, key| -> Result<Option<String>, ConfigError> {
            let class = config.get(section, key)?;
            Ok(class.filter(|class| !class.trim().is_empty()))
        };
        Ok(Self {
            secrets_backend: class("secrets", "backend")?.is_some(),
            state_backend: class("state_store", "backend")?
                .is_some_and(|class| class.trim() != STATE_BACKEND),
        })
    }

    /// The option whose class has to do this.
    pub(crate) fn option_for(self, endpoint: &Endpoint) -> Option<&'static str> {
        match endpoint {
            Endpoint::GetVariable(_) | Endpoint::GetConnection(_) if self.secrets_backend => {
                Some("[secrets] backend")
            }
            Endpoint::GetTaskState(..)
            | Endpoint::SetTaskState(..)
            | Endpoint::DeleteTaskState(..)
            | Endpoint::ClearTaskState(_)
            | Endpoint::GetAssetState(_)
            | Endpoint::SetAssetState(_)
            | Endpoint::DeleteAssetState(_)
            | Endpoint::ClearAssetState(_)
            // Success may clear the state of the task.
            | Endpoint::UpdateState(_)
                if self.state_backend =>
            {
                Some("[state_store] backend")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &[(&str, &str)]) -> PythonParts {
        PythonParts::of(&Config::with_environment(variables.iter().copied())).unwrap()
    }

    #[test]
    fn airflows_own_classes_are_none_of_somebody() {
        assert_eq!(of(&[]), PythonParts::default());
        let own = ("AIRFLOW__STATE_STORE__BACKEND", STATE_BACKEND);
        let none = ("AIRFLOW__SECRETS__BACKEND", "");
        assert_eq!(of(&[own, none]), PythonParts::default());
    }

    #[test]
    fn only_what_a_class_has_is_its() {
        let secrets = of(&[("AIRFLOW__SECRETS__BACKEND", "vault.Backend")]);
        let state = of(&[("AIRFLOW__STATE_STORE__BACKEND", "our.Backend")]);
        let variable = Endpoint::GetVariable("x".into());
        let task_state = Endpoint::GetTaskState("id".into(), "x".into());
        assert_eq!(secrets.option_for(&variable), Some("[secrets] backend"));
        assert_eq!(secrets.option_for(&task_state), None);
        assert_eq!(state.option_for(&variable), None);
        assert_eq!(state.option_for(&task_state), Some("[state_store] backend"));
        assert_eq!(PythonParts::default().option_for(&variable), None);
    }
}
