//! Looking into the metadata database, past Airflow.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Airflow;
use crate::AirflowVersion;

/// Prints the rows of a query as JSON. The Python of every environment has SQLite, which the tests themselves have not.
const QUERY: &str = "
import json, sqlite3, sys
path, query = sys.argv[1:]
connection = sqlite3.connect(f'file:{path}?mode=ro', uri=True, timeout=30)
print(json.dumps(connection.execute(query).fetchall()))
";

impl Airflow {
    /// The rows of a query, each a list of its columns.
    ///
    /// # Errors
    /// When the database refuses the query.
    pub fn query(&self, query: &str) -> Result<Vec<Value>> {
        rows(self.version, &self.home().join("airflow.db"), query)
    }
}

/// The rows of a query on a SQLite file, each a list of its columns.
///
/// # Errors
/// When the database refuses the query.
pub fn rows(version: AirflowVersion, database: &Path, query: &str) -> Result<Vec<Value>> {
    let output = Command::new(version.python()?)
        .args(["-c", QUERY])
        .arg(database)
        .arg(query)
        .output()
        .context("cannot run Python")?;
    ensure!(
        output.status.success(),
        "{query}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}
