//! Why an option cannot be read.

use std::path::Path;

/// Why an option cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The configuration file is there and cannot be read.
    #[error("cannot read the Airflow configuration {path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What is wrong, with the line where it is a line.
        reason: String,
    },
    /// The option comes from a command or a secrets backend.
    #[error(
        "[{section}] {key} is given by {place}, which is not supported here: set AIRFLOW__{}__{} itself",
        section.replace('.', "_").to_uppercase(),
        key.to_uppercase()
    )]
    Indirect {
        /// The section.
        section: String,
        /// The key.
        key: String,
        /// The variable or the line that gives it.
        place: String,
    },
    /// The option is not what it has to be.
    #[error("[{section}] {key} is {found:?}, which is not {expected}")]
    Invalid {
        /// The section.
        section: String,
        /// The key.
        key: String,
        /// The text of the option.
        found: String,
        /// What it has to be.
        expected: &'static str,
    },
    /// A `%` in the file that Airflow's parser refuses, or that goes round in a circle.
    #[error("[{section}] {key}: {reason}")]
    Interpolation {
        /// The section.
        section: String,
        /// The key.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

impl ConfigError {
    pub(crate) fn file(path: &Path, reason: impl ToString) -> Self {
        Self::File {
            path: path.display().to_string(),
            reason: reason.to_string(),
        }
    }

    pub(crate) fn indirect(section: &str, key: &str, place: String) -> Self {
        Self::Indirect {
            section: section.to_owned(),
            key: key.to_owned(),
            place,
        }
    }

    /// [`ConfigError::Invalid`]: `found` is the text of the option.
    #[must_use]
    pub fn invalid(section: &str, key: &str, found: &str, expected: &'static str) -> Self {
        Self::Invalid {
            section: section.to_owned(),
            key: key.to_owned(),
            found: found.to_owned(),
            expected,
        }
    }
}
