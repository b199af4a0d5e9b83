//! Asking a PostgreSQL server.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgRow};
use sqlx::{
    Arguments as _, AssertSqlSafe, Connection as _, Executor as _, Row as _, SqlSafeStr as _,
};

use super::Place;
use super::statement::{self, Bound, Words};
use crate::Failure;
use crate::xcom::{DagRun, DagRuns, RunQuery, Sender, Stored, Stream, XCom, XComQuery, XComs};

/// Times and values as text: PostgreSQL's text of JSON keeps every digit.
const WORDS: Words = Words {
    xcom: "to_char(x.timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS timestamp, \
           CAST(x.value AS text) AS value, CAST(pg_typeof(x.value) AS text) AS type",
    // The row as JSON: Airflow 2 has an execution date where Airflow 3 has a logical date.
    run: "r.run_id, r.run_type, r.state, \
          COALESCE(to_json(r) ->> 'logical_date', to_json(r) ->> 'execution_date') AS logical_date, \
          to_json(r) ->> 'start_date' AS start_date, to_json(r) ->> 'end_date' AS end_date",
};

/// So many rows come in one go.
const FEW: u64 = 1000;

pub(super) async fn xcoms(
    options: &PgConnectOptions,
    query: &XComQuery,
    place: Place,
) -> Result<XComs, Failure> {
    let (text, bound) = statement::xcoms(&WORDS, query);
    ask(options, text, &bound, is_few(query.limit), place, xcom).await
}

pub(super) async fn runs(
    options: &PgConnectOptions,
    query: &RunQuery,
    place: Place,
) -> Result<DagRuns, Failure> {
    let (text, bound) = statement::runs(&WORDS, &query.dag_id, query.limit);
    ask(options, text, &bound, is_few(query.limit), place, run).await
}

/// Whether the rows may come in one go.
fn is_few(limit: Option<u64>) -> bool {
    limit.is_some_and(|limit| limit <= FEW)
}

/// One statement in a transaction that only reads; the transaction ends with the connection.
async fn ask<T: Send + 'static>(
    options: &PgConnectOptions,
    text: String,
    bound: &[Bound<'_>],
    whole: bool,
    place: Place,
    read: fn(&PgRow, &Place) -> Result<T, Failure>,
) -> Result<Stream<T>, Failure> {
    let mut connection = place.connected(PgConnection::connect_with(options)).await?;
    let begin = format!(
        "BEGIN READ ONLY; SET LOCAL statement_timeout = {}",
        place.statement.as_millis()
    );
    let begin = connection
        .execute(AssertSqlSafe(begin).into_sql_str())
        .await;
    begin.map_err(|error| place.failure(error))?;
    let mut arguments = PgArguments::default();
    for value in bound {
        match value {
            Bound::Text(text) => arguments.add(*text),
            Bound::Number(number) => arguments.add(*number),
        }
        .map_err(|error| place.unreadable("of a condition", error))?;
    }
    Ok(Stream::of(|sender| async move {
        match whole {
            true => send_whole(connection, text, arguments, &place, read, &sender).await,
            false => send_in_parts(connection, text, arguments, &place, read, &sender).await,
        }
    }))
}

/// Few rows, in one go.
async fn send_whole<T>(
    mut connection: PgConnection,
    text: String,
    arguments: PgArguments,
    place: &Place,
    read: fn(&PgRow, &Place) -> Result<T, Failure>,
    sender: &Sender<T>,
) -> Result<(), Failure> {
    // Behind a pooler nothing may outlive the transaction: the statement has no name.
    let query = sqlx::query_with(AssertSqlSafe(text).into_sql_str(), arguments).persistent(false);
    let mut rows = query.fetch(&mut connection);
    while let Some(row) = rows
        .try_next()
        .await
        .map_err(|error| place.failure(error))?
    {
        if sender.send(read(&row, place)?).await.is_err() {
            return Ok(());
        }
    }
    drop(rows);
    // Everything has come: how the connection ends changes nothing.
    let _ = connection.close().await;
    Ok(())
}

/// Many rows, through a cursor. In one go, the time that somebody takes to read them would count for the time limit.
async fn send_in_parts<T>(
    mut connection: PgConnection,
    text: String,
    arguments: PgArguments,
    place: &Place,
    read: fn(&PgRow, &Place) -> Result<T, Failure>,
    sender: &Sender<T>,
) -> Result<(), Failure> {
    let declare = format!("DECLARE many NO SCROLL CURSOR FOR {text}");
    let declare =
        sqlx::query_with(AssertSqlSafe(declare).into_sql_str(), arguments).persistent(false);
    declare
        .execute(&mut connection)
        .await
        .map_err(|error| place.failure(error))?;
    loop {
        let fetch = sqlx::query("FETCH FORWARD 500 FROM many").persistent(false);
        let rows = fetch
            .fetch_all(&mut connection)
            .await
            .map_err(|error| place.failure(error))?;
        if rows.is_empty() {
            let _ = connection.close().await;
            return Ok(());
        }
        for row in rows {
            if sender.send(read(&row, place)?).await.is_err() {
                return Ok(());
            }
        }
    }
}

fn xcom(row: &PgRow, place: &Place) -> Result<XCom, Failure> {
    let kind: String = get(row, "type", place)?;
    let value: Option<String> = get(row, "value", place)?;
    let value = match value {
        None => Stored::Nothing,
        Some(text) if kind == "bytea" => {
            let digits = text.strip_prefix("\\x").unwrap_or(&text);
            Stored::bytes(hex::decode(digits).map_err(|error| place.unreadable("value", error))?)
        }
        Some(text) => Stored::Text(text),
    };
    Ok(XCom {
        task_id: get(row, "task_id", place)?,
        map_index: get::<i32>(row, "map_index", place)?.into(),
        key: get(row, "key", place)?,
        timestamp: time(Some(get(row, "timestamp", place)?), "timestamp", place)?
            .unwrap_or_default(),
        value,
        resolved: None,
    })
}

fn run(row: &PgRow, place: &Place) -> Result<DagRun, Failure> {
    let date = |column| time(get(row, column, place)?, column, place);
    Ok(DagRun {
        run_id: get(row, "run_id", place)?,
        run_type: get(row, "run_type", place)?,
        state: get(row, "state", place)?,
        logical_date: date("logical_date")?,
        start_date: date("start_date")?,
        end_date: date("end_date")?,
    })
}

fn get<'r, T>(row: &'r PgRow, column: &str, place: &Place) -> Result<T, Failure>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(column)
        .map_err(|error| place.unreadable(column, error))
}

fn time(text: Option<String>, column: &str, place: &Place) -> Result<Option<Timestamp>, Failure> {
    let Some(text) = text else { return Ok(None) };
    text.parse()
        .map(Some)
        .map_err(|error| place.unreadable(column, error))
}
