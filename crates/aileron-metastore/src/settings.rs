//! What the rules take from Airflow's configuration and from the environment.

use std::collections::BTreeMap;

use aileron_config::{Config, ConfigError};

use crate::fernet_keys::{FernetKeyError, FernetKeys};

/// The Variables and Connections that environment variables hold.
///
/// `AIRFLOW_VAR_{KEY}` is a Variable and `AIRFLOW_CONN_{ID}` a Connection, as a URI or as JSON; key
/// and id are in capitals there. Airflow looks in the environment before it looks in the database.
///
/// `Debug` shows names and no values.
#[derive(Clone, Default)]
pub struct EnvironmentSecrets(BTreeMap<String, String>);

const VARIABLE: &str = "AIRFLOW_VAR_";
const CONNECTION: &str = "AIRFLOW_CONN_";

/// What ends the name of a team: `AIRFLOW_VAR__{TEAM}___{KEY}`.
const TEAM_END: &str = "___";

impl EnvironmentSecrets {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::of(variables)
    }

    /// Those among these environment variables.
    #[must_use]
    pub fn of(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let named = |(name, _): &(String, String)| {
            name.starts_with(VARIABLE) || name.starts_with(CONNECTION)
        };
        Self(variables.into_iter().filter(named).collect())
    }

    /// The value of a Variable. It may be empty.
    pub(crate) fn variable(&self, key: &str) -> Option<&str> {
        let name = format!("{VARIABLE}{}", key.to_uppercase());
        self.0.get(&name).map(String::as_str)
    }

    /// The value of a Variable, for a team. What is named for the team comes first, and is not
    /// found under any other name.
    pub(crate) fn variable_for(&self, team: Option<&str>, key: &str) -> Option<&str> {
        if key.contains(TEAM_END) {
            return None;
        }
        let own = self.of_team(VARIABLE, team, key).map(|(_, text)| text);
        own.or_else(|| self.variable(key))
    }

    /// The text of a Connection and the name it stands under, for a team.
    pub(crate) fn connection_for(
        &self,
        team: Option<&str>,
        conn_id: &str,
    ) -> Option<(String, &str)> {
        if conn_id.contains(TEAM_END) {
            return None;
        }
        self.of_team(CONNECTION, team, conn_id)
            .or_else(|| self.connection(conn_id))
    }

    /// An empty text is none.
    fn of_team(&self, prefix: &str, team: Option<&str>, key: &str) -> Option<(String, &str)> {
        let (team, key) = (team?.to_uppercase(), key.to_uppercase());
        let name = format!("{prefix}_{team}{TEAM_END}{key}");
        let text = self.0.get(&name).map(String::as_str);
        text.filter(|text| !text.is_empty())
            .map(|text| (name, text))
    }

    /// The text of a Connection and the name it stands under. An empty text is none.
    pub(crate) fn connection(&self, conn_id: &str) -> Option<(String, &str)> {
        let name = format!("{CONNECTION}{}", conn_id.to_uppercase());
        let text = self.0.get(&name).map(String::as_str);
        text.filter(|text| !text.is_empty())
            .map(|text| (name, text))
    }
}

impl std::fmt::Debug for EnvironmentSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What the rules take from Airflow's configuration and from the environment.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `[core] fernet_key`: what Variables and Connections are encrypted with.
    pub fernet_keys: FernetKeys,
    /// `[core] max_map_length`: over how many items a task may be expanded.
    pub max_map_length: i64,
    /// `[core] num_dag_runs_to_retain_rendered_fields`: of how many runs of a Dag the rendered
    /// template fields are kept; 0 for all.
    pub rendered_fields_runs: i64,
    /// `[state_store] clear_on_success`: whether a task that succeeds loses its task state.
    pub clear_on_success: bool,
    /// `[core] multi_team`: whether Dag bundles, Variables and Connections belong to teams.
    pub multi_team: bool,
    /// Variables and Connections that stand before those of the database.
    pub secrets: EnvironmentSecrets,
}

impl Default for Settings {
    /// What Airflow has by default: no encryption, 1024 items, rendered fields of 30 runs; nothing from the environment.
    fn default() -> Self {
        Self {
            fernet_keys: FernetKeys::default(),
            max_map_length: 1024,
            rendered_fields_runs: 30,
            clear_on_success: false,
            multi_team: false,
            secrets: EnvironmentSecrets::default(),
        }
    }
}

/// Settings that make no sense.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// An option cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A key is no Fernet key.
    #[error(transparent)]
    Fernet(#[from] FernetKeyError),
}

impl Settings {
    /// The settings of a configuration, with no Variables and Connections from the environment.
    ///
    /// # Errors
    ///
    /// When an option cannot be read, or makes no sense.
    ///
    /// ```
    /// use aileron_config::Config;
    /// use aileron_metastore::{EnvironmentSecrets, Settings};
    ///
    /// let mut settings = Settings::of(&Config::from_env())?;
    /// settings.secrets = EnvironmentSecrets::of_process();
    /// # Ok::<(), aileron_metastore::SettingsError>(())
    /// ```
    pub fn of(config: &Config) -> Result<Self, SettingsError> {
        let fernet_key = config.get("core", "fernet_key")?.unwrap_or_default();
        let max_map_length = config.integer("core", "max_map_length")?;
        let fields_runs = config.integer("core", "num_dag_runs_to_retain_rendered_fields")?;
        let multi_team = config.boolean("core", "multi_team")?;
        let clear_on_success = config.boolean("state_store", "clear_on_success")?;
        let default = Self::default();
        Ok(Self {
            fernet_keys: FernetKeys::parse(&fernet_key)?,
            max_map_length: max_map_length.unwrap_or(default.max_map_length),
            rendered_fields_runs: fields_runs.unwrap_or(default.rendered_fields_runs),
            multi_team: multi_team.unwrap_or(default.multi_team),
            clear_on_success: clear_on_success.unwrap_or(default.clear_on_success),
            ..default
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_capitals_and_values_are_not_shown() {
        let variables = [
            ("AIRFLOW_VAR_LIMIT", "12"),
            ("AIRFLOW_VAR_EMPTY", ""),
            ("AIRFLOW_CONN_SHOP_DB", "postgres://u:secret@h"),
            ("AIRFLOW_CONN_EMPTY", ""),
            ("PATH", "/bin"),
        ];
        let secrets =
            EnvironmentSecrets::of(variables.map(|(name, value)| (name.into(), value.into())));
        assert_eq!(secrets.variable("limit"), Some("12"));
        assert_eq!(secrets.variable("empty"), Some(""));
        assert_eq!(secrets.variable("path"), None);
        let (name, text) = secrets.connection("shop_db").unwrap();
        assert_eq!(
            (name.as_str(), text),
            ("AIRFLOW_CONN_SHOP_DB", "postgres://u:secret@h")
        );
        assert_eq!(secrets.connection("empty"), None);
        let shown = format!("{secrets:?}");
        assert!(shown.contains("AIRFLOW_CONN_SHOP_DB"), "{shown}");
        assert!(
            !shown.contains("secret") && !shown.contains("PATH"),
            "{shown}"
        );
    }

    #[test]
    fn options_that_are_not_set_have_airflows_defaults() {
        let config = Config::with_environment::<&str, &str>([]);
        let settings = Settings::of(&config).unwrap();
        assert_eq!(settings.max_map_length, 1024);
        assert!(!settings.fernet_keys.encrypt("x").1);
        let config = Config::with_environment([("AIRFLOW__CORE__FERNET_KEY", "short")]);
        let error = Settings::of(&config).unwrap_err().to_string();
        assert!(error.contains("[core] fernet_key"), "{error}");
    }
}
