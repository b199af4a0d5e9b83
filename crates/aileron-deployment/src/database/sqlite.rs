//! Asking a SQLite file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, ConnectOptions as _, Row as _, SqlSafeStr as _, TypeInfo as _,
    ValueRef as _,
};

use super::Place;
use super::statement::{self, Bound, Words};
use crate::Failure;
use crate::xcom::{DagRun, DagRuns, RunQuery, Stored, Stream, XCom, XComQuery, XComs};

/// How SQLAlchemy writes a time: in UTC; the fraction may be missing.
const TIME: &str = "%Y-%m-%d %H:%M:%S%.f";

/// How many steps of SQLite lie between two looks at the clock.
const STEPS: i32 = 10_000;

/// How long to wait for a process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const WORDS: Words = Words {
    xcom: "x.timestamp, x.value",
    // All columns: Airflow 2 has an execution date where Airflow 3 has a logical date.
    run: "r.*",
};

pub(super) async fn xcoms(path: &Path, query: &XComQuery, place: Place) -> Result<XComs, Failure> {
    let (text, bound) = statement::xcoms(&WORDS, query);
    ask(path, text, &bound, place, xcom).await
}

pub(super) async fn runs(path: &Path, query: &RunQuery, place: Place) -> Result<DagRuns, Failure> {
    let (text, bound) = statement::runs(&WORDS, &query.dag_id, query.limit);
    ask(path, text, &bound, place, run).await
}

async fn ask<T: Send + 'static>(
    path: &Path,
    text: String,
    bound: &[Bound<'_>],
    place: Place,
    read: fn(&SqliteRow, &Place) -> Result<T, Failure>,
) -> Result<Stream<T>, Failure> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(BUSY_TIMEOUT);
    let mut connection: SqliteConnection = place.connected(options.connect()).await?;
    // The time without a row counts, and not that which somebody takes to read them.
    let started = Instant::now();
    let last_row = Arc::new(AtomicU64::new(0));
    let (seen, limit) = (Arc::clone(&last_row), place.statement);
    let mut handle = connection
        .lock_handle()
        .await
        .map_err(|error| place.failure(error))?;
    handle.set_progress_handler(STEPS, move || {
        let last = Duration::from_millis(seen.load(Ordering::Relaxed));
        started.elapsed().saturating_sub(last) < limit
    });
    drop(handle);
    let mut arguments = SqliteArguments::default();
    for value in bound {
        match value {
            Bound::Text(text) => arguments.add((*text).to_owned()),
            Bound::Number(number) => arguments.add(*number),
        }
        .map_err(|error| place.unreadable("of a condition", error))?;
    }
    Ok(Stream::of(|sender| async move {
        let mut rows =
            sqlx::query_with(AssertSqlSafe(text).into_sql_str(), arguments).fetch(&mut connection);
        while let Some(row) = rows
            .try_next()
            .await
            .map_err(|error| place.failure(error))?
        {
            if sender.send(read(&row, &place)?).await.is_err() {
                break;
            }
            let now = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            last_row.store(now, Ordering::Relaxed);
        }
        Ok(())
    }))
}

fn xcom(row: &SqliteRow, place: &Place) -> Result<XCom, Failure> {
    Ok(XCom {
        task_id: get(row, "task_id", place)?,
        map_index: get(row, "map_index", place)?,
        key: get(row, "key", place)?,
        timestamp: time(get(row, "timestamp", place)?, "timestamp", place)?,
        value: stored(row, place)?,
        resolved: None,
    })
}

/// SQLite gives a JSON column numeric affinity: a number in it is no text.
fn stored(row: &SqliteRow, place: &Place) -> Result<Stored, Failure> {
    let value = row
        .try_get_raw("value")
        .map_err(|error| place.unreadable("value", error))?;
    if value.is_null() {
        return Ok(Stored::Nothing);
    }
    Ok(match value.type_info().name() {
        "TEXT" => Stored::Text(get(row, "value", place)?),
        "INTEGER" => Stored::Text(get::<i64>(row, "value", place)?.to_string()),
        "REAL" => {
            let number: f64 = get(row, "value", place)?;
            Stored::Text(
                serde_json::to_string(&number).map_err(|error| place.unreadable("value", error))?,
            )
        }
        _ => Stored::bytes(get(row, "value", place)?),
    })
}

fn run(row: &SqliteRow, place: &Place) -> Result<DagRun, Failure> {
    let date = |column: &str| -> Result<Option<Timestamp>, Failure> {
        let text: Option<String> = get(row, column, place)?;
        text.map(|text| time(text, column, place)).transpose()
    };
    let logical_date = row
        .columns()
        .iter()
        .map(sqlx::Column::name)
        .find(|name| *name == "logical_date");
    Ok(DagRun {
        run_id: get(row, "run_id", place)?,
        run_type: get(row, "run_type", place)?,
        state: get(row, "state", place)?,
        logical_date: date(logical_date.unwrap_or("execution_date"))?,
        start_date: date("start_date")?,
        end_date: date("end_date")?,
    })
}

/// What a column is declared as says little in SQLite.
fn get<'r, T: sqlx::Decode<'r, sqlx::Sqlite>>(
    row: &'r SqliteRow,
    column: &str,
    place: &Place,
) -> Result<T, Failure> {
    row.try_get_unchecked(column)
        .map_err(|error| place.unreadable(column, error))
}

fn time(text: String, column: &str, place: &Place) -> Result<Timestamp, Failure> {
    DateTime::strptime(TIME, &text)
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map(|time| time.timestamp())
        .map_err(|error| place.unreadable(column, error))
}
