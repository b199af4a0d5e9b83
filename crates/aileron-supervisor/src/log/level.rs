//! The levels of a log line.

/// How important a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

impl Level {
    /// As Airflow writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// Every name that Airflow's supervisor knows, and those of other loggers that mean the same. Airflow drops a line of
    /// level `notset` and of any other name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        const NAMES: [(&str, Level); 13] = [
            ("info", Level::Info),
            ("debug", Level::Debug),
            ("warning", Level::Warning),
            ("error", Level::Error),
            ("critical", Level::Critical),
            ("warn", Level::Warning),
            ("exception", Level::Error),
            ("fatal", Level::Critical),
            ("notset", Level::Debug),
            ("trace", Level::Debug),
            ("notice", Level::Info),
            ("panic", Level::Critical),
            ("err", Level::Error),
        ];
        NAMES
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, level)| level)
    }
}
