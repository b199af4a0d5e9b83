//! How the program of a bundle is started.

use std::ffi::OsString;
use std::path::PathBuf;

use aileron_wire::SchemaVersion;

/// The program that runs the task, and what it is started with.
///
/// The flags `--comm` and `--logs` are added. The program gets the environment of this process without its secrets, and
/// then [`variables`](Self::variables).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskCommand {
    /// The program: a bundle, or an interpreter.
    pub program: PathBuf,
    /// Its arguments, before the flags that are added.
    pub arguments: Vec<OsString>,
    /// Its working directory; that of this process when `None`.
    pub directory: Option<PathBuf>,
    /// Environment variables to set, or with `None` to take away.
    pub variables: Vec<(OsString, Option<OsString>)>,
    /// The schema version that the bundle's manifest names.
    pub schema_version: SchemaVersion,
}

impl TaskCommand {
    /// The program alone.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, schema_version: SchemaVersion) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            directory: None,
            variables: Vec::new(),
            schema_version,
        }
    }
}
