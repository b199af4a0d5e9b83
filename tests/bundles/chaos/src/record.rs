//! What a task knows of itself, kept where no Airflow is needed to read it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::PathBuf;

use serde_json::{Value, json};

/// The directory of the records.
pub(crate) fn directory() -> PathBuf {
    std::env::var_os("CHAOS_RECORD")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from("."))
}

/// A file with a line for each thing that happened. What was written to it outlives the process.
pub(crate) struct Record {
    file: File,
    attempt: i64,
}

impl Record {
    pub(crate) fn open(task: &str, attempt: i64) -> io::Result<Self> {
        let path = directory().join(format!("{task}.jsonl"));
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self { file, attempt })
    }

    /// One line, in one write: a kill leaves all of it or nothing.
    pub(crate) fn line(&mut self, what: &str, key: &str, value: Value) -> io::Result<()> {
        let line = json!({
            "what": what,
            "key": key,
            "value": value,
            "attempt": self.attempt,
            "process": std::process::id(),
        });
        self.file.write_all(format!("{line}\n").as_bytes())
    }
}
