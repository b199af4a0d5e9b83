//! Airflow's configuration as Airflow reads it.
//!
//! An option is looked up where Airflow's own parser looks (3.3.2, `airflow/sdk/configuration.py`):
//!
//! 1. The environment variable `AIRFLOW__SECTION__KEY`. A dot in the section becomes an underscore: the option
//!    `xcom_objectstorage_path` of `[common.io]` is `AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH`.
//! 2. The file that `AIRFLOW_CONFIG` names, or else `$AIRFLOW_HOME/airflow.cfg` (`~/airflow/airflow.cfg` without
//!    `AIRFLOW_HOME`). A file that is not there is no error.
//!
//! Variables (`$NAME`, `${NAME}`) and a leading `~/` in a value are expanded. In the file `%(key)s` takes another option of the
//! section in and `%%` is a percent sign.
//!
//! Airflow can also take an option from a command (`_CMD`) or a secrets backend (`_SECRET`). This crate runs neither: an option that is
//! only given that way is a [`ConfigError::Indirect`], never a silent default.
//!
//! ```
//! use aileron_config::Config;
//!
//! let config = Config::with_environment([("AIRFLOW__STATE_STORE__DEFAULT_RETENTION_DAYS", "7")]);
//! assert_eq!(config.integer("state_store", "default_retention_days")?, Some(7));
//! # Ok::<(), aileron_config::ConfigError>(())
//! ```

mod error;
mod expand;
mod file;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

pub use error::ConfigError;

use expand::expand;
use file::File;

/// Where the environment variables come from.
enum Environment {
    Process,
    Fixed(BTreeMap<String, String>),
}

/// Airflow's configuration: environment variables over `airflow.cfg`.
///
/// The file is read when an option is first looked for in it, and once.
pub struct Config {
    environment: Environment,
    file: OnceLock<Result<Option<File>, ConfigError>>,
}

impl Config {
    /// The configuration that the environment of this process gives.
    pub fn from_env() -> Self {
        Self::new(Environment::Process)
    }

    /// The configuration that these environment variables give, and no others.
    pub fn with_environment<K: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let variables = variables.into_iter();
        Self::new(Environment::Fixed(
            variables.map(|(k, v)| (k.into(), v.into())).collect(),
        ))
    }

    fn new(environment: Environment) -> Self {
        Self {
            environment,
            file: OnceLock::new(),
        }
    }

    /// The text of an option, or `None` when it is not set.
    ///
    /// # Errors
    /// When the option is only given through a command or a secrets backend, when `airflow.cfg` cannot be read, or when a `%` in the
    /// file makes no sense.
    pub fn get(&self, section: &str, key: &str) -> Result<Option<String>, ConfigError> {
        let variable = variable(section, key);
        if let Some(value) = self.environment.get(&variable) {
            return Ok(Some(expand(&value, |name| self.environment.get(name))));
        }
        for suffix in ["_CMD", "_SECRET"] {
            let indirect = format!("{variable}{suffix}");
            if self.environment.get(&indirect).is_some() {
                return Err(ConfigError::indirect(section, key, indirect));
            }
        }
        self.get_from_file(section, key)
    }

    fn get_from_file(&self, section: &str, key: &str) -> Result<Option<String>, ConfigError> {
        let file = self.file.get_or_init(|| self.read_file());
        let Some(file) = file.as_ref().map_err(Clone::clone)? else {
            return Ok(None);
        };
        if let Some(value) = file.get(section, key)? {
            return Ok(Some(expand(&value, |name| self.environment.get(name))));
        }
        for suffix in ["_cmd", "_secret"] {
            let indirect = format!("{key}{suffix}");
            if file.get(section, &indirect)?.is_some() {
                let place = format!("[{section}] {indirect} in {}", file.path().display());
                return Err(ConfigError::indirect(section, key, place));
            }
        }
        Ok(None)
    }

    /// A whole number, or `None` when the option is not set. `30.0` is a whole number, as for Airflow.
    ///
    /// # Errors
    /// Those of [`Config::get`], and [`ConfigError::Invalid`] for any other text.
    pub fn integer(&self, section: &str, key: &str) -> Result<Option<i64>, ConfigError> {
        let Some(text) = self.get(section, key)? else {
            return Ok(None);
        };
        whole_number(&text)
            .map(Some)
            .ok_or_else(|| ConfigError::invalid(section, key, &text, "a whole number"))
    }

    /// A finite number, or `None` when the option is not set.
    ///
    /// # Errors
    /// Those of [`Config::get`], and [`ConfigError::Invalid`] for any other text.
    pub fn float(&self, section: &str, key: &str) -> Result<Option<f64>, ConfigError> {
        let Some(text) = self.get(section, key)? else {
            return Ok(None);
        };
        match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(ConfigError::invalid(section, key, &text, "a number")),
        }
    }

    /// A yes or no (`true`, `t`, `1`, `false`, `f`, `0` in any case), or `None` when the option is not set.
    ///
    /// # Errors
    /// Those of [`Config::get`], and [`ConfigError::Invalid`] for any other text.
    pub fn boolean(&self, section: &str, key: &str) -> Result<Option<bool>, ConfigError> {
        let Some(text) = self.get(section, key)? else {
            return Ok(None);
        };
        let before_comment = text.split('#').next().unwrap_or_default();
        match before_comment.trim().to_lowercase().as_str() {
            "true" | "t" | "1" => Ok(Some(true)),
            "false" | "f" | "0" => Ok(Some(false)),
            _ => Err(ConfigError::invalid(section, key, &text, "true or false")),
        }
    }

    /// The path of the configuration file, whether it is there or not. `None` when neither `AIRFLOW_CONFIG`, `AIRFLOW_HOME` nor
    /// `HOME` is set.
    pub fn path(&self) -> Option<PathBuf> {
        let expanded = |text: String| expand(&text, |name| self.environment.get(name));
        if let Some(file) = self.environment.get("AIRFLOW_CONFIG") {
            return Some(PathBuf::from(expanded(file)));
        }
        let home = match self.environment.get("AIRFLOW_HOME") {
            Some(home) => expanded(home),
            None => format!("{}/airflow", self.environment.get("HOME")?),
        };
        Some(Path::new(&home).join("airflow.cfg"))
    }

    fn read_file(&self) -> Result<Option<File>, ConfigError> {
        self.path().map_or(Ok(None), |path| File::read(&path))
    }
}

impl Environment {
    fn get(&self, name: &str) -> Option<String> {
        match self {
            // What is not UTF-8 is no option of Airflow; it stands with replacement characters in an error.
            Self::Process => {
                std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
            }
            Self::Fixed(variables) => variables.get(name).cloned(),
        }
    }
}

/// Shows no value: some options are secrets.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}

/// `AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH`.
fn variable(section: &str, key: &str) -> String {
    let section = section.replace('.', "_").to_uppercase();
    format!("AIRFLOW__{section}__{}", key.to_uppercase())
}

/// What Python's `int` and, failing that, an integral `float` takes.
fn whole_number(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let number: f64 = text.parse().ok()?;
    // The bounds keep the cast exact.
    let exact = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
    exact.then_some(number as i64)
}
