//! The Airflow versions that the tests run against.

use std::fmt;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

/// An Airflow version under test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AirflowVersion {
    /// The stable release.
    V3_3_2,
    /// The beta of the next release.
    V3_4_0b2,
}

impl AirflowVersion {
    /// Every version under test.
    pub const ALL: [Self; 2] = [Self::V3_3_2, Self::V3_4_0b2];

    /// The version as PyPI spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V3_3_2 => "3.3.2",
            Self::V3_4_0b2 => "3.4.0b2",
        }
    }

    /// The environment variable that names the Python this version is installed for.
    pub fn python_variable(self) -> &'static str {
        match self {
            Self::V3_3_2 => "AILERON_AIRFLOW_332_PYTHON",
            Self::V3_4_0b2 => "AILERON_AIRFLOW_340_PYTHON",
        }
    }

    /// The Python this version is installed for, from [`Self::python_variable`].
    ///
    /// # Errors
    /// When the variable is not set, or does not name a file.
    pub fn python(self) -> Result<PathBuf> {
        let variable = self.python_variable();
        let python = std::env::var_os(variable).with_context(|| {
            format!(
                "{variable} is not set: it names the Python with Airflow {self}; \
                 `cargo xtask test` prepares it and sets it, `cargo xtask env` prints it"
            )
        })?;
        let python = PathBuf::from(python);
        ensure!(
            python.is_file(),
            "{variable} names {}, which is not a file",
            python.display()
        );
        Ok(python)
    }
}

impl fmt::Display for AirflowVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
