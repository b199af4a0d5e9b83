//! The log of one try of a task.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

/// How much of a line an error text shows, in characters.
const SHOWN: usize = 500;

/// One line of a task's log: a JSON object with `event`, `level`, `timestamp`, `logger` and the line's own fields.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LogLine(pub Value);

impl LogLine {
    /// The text of the line.
    pub fn event(&self) -> &str {
        self.text("event")
    }

    /// The level, in small letters.
    pub fn level(&self) -> &str {
        self.text("level")
    }

    /// The name of the logger.
    pub fn logger(&self) -> &str {
        self.text("logger")
    }

    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_default()
    }
}

/// The log of one try of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskLog {
    lines: Vec<LogLine>,
}

impl TaskLog {
    /// Reads a log file, one JSON object per line.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is no JSON.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let parse = |(index, line): (usize, &str)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}:{}: no JSON: {line}", path.display(), index + 1))
        };
        let values: Vec<Value> = text.lines().enumerate().map(parse).collect::<Result<_>>()?;
        Ok(Self::from_values(values))
    }

    pub(crate) fn from_values(values: Vec<Value>) -> Self {
        Self {
            lines: values.into_iter().map(LogLine).collect(),
        }
    }

    /// The lines in their order.
    pub fn lines(&self) -> &[LogLine] {
        &self.lines
    }

    /// The lines, each cut to what a person reads of it.
    pub(crate) fn excerpt(&self) -> String {
        let cut = |line: &str| line.chars().take(SHOWN).chain(['\n']).collect::<String>();
        self.to_string().lines().map(cut).collect()
    }

    /// The first line whose event holds this text.
    pub fn find(&self, text: &str) -> Option<&LogLine> {
        self.lines.iter().find(|line| line.event().contains(text))
    }
}

impl fmt::Display for TaskLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            match &line.0 {
                Value::String(text) => writeln!(f, "  {text}")?,
                value => writeln!(f, "  {value}")?,
            }
        }
        Ok(())
    }
}
