//! Looking into the metadata database, past Airflow.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Airflow;
use crate::AirflowVersion;

/// Prints the rows of a query as JSON: on a SQLite file, or on a PostgreSQL server when it is given a URL. What PostgreSQL has
/// types for is shown as SQLite has it: a time in UTC and without a zone, JSON as text.
const QUERY: &str = "
import datetime, json, sqlite3, sys
place, query, *arguments = sys.argv[1:]
if place.startswith('postgresql://'):
    import psycopg2.extras
    connection = psycopg2.connect(place)
    psycopg2.extras.register_default_json(connection, loads=str)
    psycopg2.extras.register_default_jsonb(connection, loads=str)
    query = query.replace('%', '%%').replace('?', '%s')
else:
    connection = sqlite3.connect(f'file:{place}?mode=ro', uri=True, timeout=30)

def shown(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime('%Y-%m-%d %H:%M:%S.%f')
    if isinstance(value, memoryview):
        return value.tobytes().hex()
    return str(value)

cursor = connection.cursor()
cursor.execute(query, arguments)
print(json.dumps(cursor.fetchall(), default=shown))
";

impl Airflow {
    /// The rows of a query, each a list of its columns. Each `?` in the query stands for an argument.
    ///
    /// # Errors
    /// When the database refuses the query.
    pub fn query(&self, query: &str, arguments: &[&str]) -> Result<Vec<Value>> {
        ask(self.version, &self.database(), query, arguments)
    }
}

/// The rows of a query on a SQLite file, or on the database of a `postgresql://` URL, each a list of its columns.
///
/// # Errors
/// When the database refuses the query.
pub fn rows(version: AirflowVersion, database: &Path, query: &str) -> Result<Vec<Value>> {
    ask(version, database, query, &[])
}

fn ask(
    version: AirflowVersion,
    place: &Path,
    query: &str,
    arguments: &[&str],
) -> Result<Vec<Value>> {
    let output = Command::new(version.python()?)
        .args(["-c", QUERY])
        .arg(place)
        .arg(query)
        .args(arguments)
        .output()
        .context("cannot run Python")?;
    ensure!(
        output.status.success(),
        "{query}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}
