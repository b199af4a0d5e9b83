//! The levels of a log line.

use std::fmt;

/// How important a log line is: Airflow's levels, from the least to the most important.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Detail for whoever looks for a fault. `tracing`'s and `log`'s `trace` arrives as this: Airflow has no lower level.
    Debug,
    /// What happens when all is well.
    Info,
    /// Something is wrong, and the task goes on.
    Warning,
    /// Something failed.
    Error,
    /// The task or its process cannot go on. No `tracing` macro writes this level; [`emit`](super::emit) does.
    Critical,
}

impl Level {
    /// The name as it stands in a log line.
    ///
    /// Airflow's supervisor drops a line whose level it does not know; it knows all of these.
    pub const fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
            Level::Critical => "critical",
        }
    }

    /// Reads a level as Airflow's configuration spells it, in upper or lower case. `None` for a name that Airflow does not
    /// know. `NOTSET` shows everything, like `DEBUG`.
    ///
    /// ```
    /// use aileron::logs::Level;
    ///
    /// assert_eq!(Level::from_name("WARN"), Some(Level::Warning));
    /// assert_eq!(Level::from_name("verbose"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "notset" | "debug" => Some(Level::Debug),
            "info" => Some(Level::Info),
            "warn" | "warning" => Some(Level::Warning),
            "error" | "exception" => Some(Level::Error),
            "critical" | "fatal" => Some(Level::Critical),
            _ => None,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<&tracing::Level> for Level {
    fn from(level: &tracing::Level) -> Self {
        match *level {
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warning,
            tracing::Level::INFO => Level::Info,
            tracing::Level::DEBUG | tracing::Level::TRACE => Level::Debug,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_of_tracing_has_one_of_airflow() {
        let table = [
            (tracing::Level::TRACE, "debug"),
            (tracing::Level::DEBUG, "debug"),
            (tracing::Level::INFO, "info"),
            (tracing::Level::WARN, "warning"),
            (tracing::Level::ERROR, "error"),
        ];
        for (level, name) in table {
            assert_eq!(Level::from(&level).as_str(), name);
        }
    }

    #[test]
    fn names_are_read_as_airflow_spells_them() {
        let table = [
            ("CRITICAL", Some(Level::Critical)),
            ("fatal", Some(Level::Critical)),
            (" Warn ", Some(Level::Warning)),
            ("NOTSET", Some(Level::Debug)),
            ("trace", None),
            ("", None),
        ];
        for (name, level) in table {
            assert_eq!(Level::from_name(name), level, "{name:?}");
        }
    }
}
