//! Looking into the metadata database, past Airflow.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::Airflow;
use crate::AirflowVersion;

/// Prints the rows of queries as JSON: on a SQLite file, or on a PostgreSQL server when it is given a URL. What PostgreSQL has
/// types for is shown as SQLite has it: a time in UTC and without a zone, JSON as text.
const QUERY: &str = "
import datetime, json, sqlite3, sys
place, queries = sys.argv[1], json.loads(sys.argv[2])
on_postgres = place.startswith('postgresql://')
if on_postgres:
    import psycopg2.extras
    connection = psycopg2.connect(place)
    psycopg2.extras.register_default_json(connection, loads=str)
    psycopg2.extras.register_default_jsonb(connection, loads=str)
else:
    connection = sqlite3.connect(f'file:{place}?mode=ro', uri=True, timeout=30)

def shown(value):
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime('%Y-%m-%d %H:%M:%S.%f')
    if isinstance(value, memoryview):
        return value.tobytes().hex()
    return str(value)

cursor = connection.cursor()
answers = []
for query, *arguments in queries:
    if on_postgres:
        query = query.replace('%', '%%').replace('?', '%s')
    cursor.execute(query, arguments)
    answers.append(cursor.fetchall())
print(json.dumps(answers, default=shown))
";

impl Airflow {
    /// The rows of a query, each a list of its columns. Each `?` in the query stands for an argument.
    ///
    /// # Errors
    /// When the database refuses the query.
    pub fn query(&self, query: &str, arguments: &[&str]) -> Result<Vec<Value>> {
        let mut asked = vec![query];
        asked.extend(arguments);
        one(ask(self.version, &self.database(), &[asked])?)
    }
}

/// The rows of a query on a SQLite file, or on the database of a `postgresql://` URL, each a list of its columns.
///
/// # Errors
/// When the database refuses the query.
pub fn rows(version: AirflowVersion, database: &Path, query: &str) -> Result<Vec<Value>> {
    one(rows_of_all(version, database, &[query])?)
}

/// The rows of each of these queries, as [`rows`] gives them. Most of the time is Python's start, once.
///
/// # Errors
/// When the database refuses one of them.
pub fn rows_of_all(
    version: AirflowVersion,
    database: &Path,
    queries: &[&str],
) -> Result<Vec<Vec<Value>>> {
    let queries: Vec<_> = queries.iter().map(|query| vec![*query]).collect();
    ask(version, database, &queries)
}

fn one(answers: Vec<Vec<Value>>) -> Result<Vec<Value>> {
    answers.into_iter().next().context("no answer")
}

/// Each query is followed by its arguments.
fn ask(version: AirflowVersion, place: &Path, queries: &[Vec<&str>]) -> Result<Vec<Vec<Value>>> {
    let output = Command::new(version.python()?)
        .args(["-c", QUERY])
        .arg(place)
        .arg(serde_json::to_string(queries)?)
        .output()
        .context("cannot run Python")?;
    ensure!(
        output.status.success(),
        "{queries:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(serde_json::from_slice(&output.stdout)?)
}
