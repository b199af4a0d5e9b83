//! How SQLAlchemy stores values in SQLite.

use aileron_wire::json::RawJson;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Row as _, TypeInfo, ValueRef};
use uuid::Uuid;

use super::row::Cell;
use super::{DatabaseError, Value};

/// How SQLAlchemy writes a time: always with six digits of a second, and in UTC.
const TIME: &str = "%Y-%m-%d %H:%M:%S%.6f";

/// How SQLAlchemy reads a time: the fraction may be missing.
const ANY_TIME: &str = "%Y-%m-%d %H:%M:%S%.f";

pub(super) fn arguments(values: Vec<Value>) -> Result<SqliteArguments, DatabaseError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Null(_) => arguments.add(None::<i64>),
            Value::Boolean(value) => arguments.add(value),
            Value::Integer(value) => arguments.add(value),
            Value::Float(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Time(value) => arguments.add(write_time(value)),
            Value::Uuid(value) => arguments.add(value.simple().to_string()),
            Value::Json(value) if survives_affinity(value.get()) => {
                arguments.add(value.into_text())
            }
            Value::Json(value) => arguments.add(value.into_text().into_bytes()),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(DatabaseError::encode)?;
    }
    Ok(arguments)
}

pub(super) fn cell(row: &SqliteRow, column: &str) -> Result<Cell, String> {
    let value = row.try_get_raw(column).map_err(|error| error.to_string())?;
    let kind = value.type_info().name().to_owned();
    let read = |error: sqlx::Error| error.to_string();
    if value.is_null() {
        return Ok(Cell::Null);
    }
    Ok(match kind.as_str() {
        "INTEGER" => Cell::Integer(row.try_get_unchecked(column).map_err(read)?),
        "REAL" => Cell::Float(row.try_get_unchecked(column).map_err(read)?),
        "TEXT" => Cell::Text(row.try_get_unchecked(column).map_err(read)?),
        "BLOB" => Cell::Bytes(row.try_get_unchecked(column).map_err(read)?),
        other => return Err(format!("SQLite has no type {other}")),
    })
}

pub(super) fn write_time(time: Timestamp) -> String {
    TimeZone::UTC.to_datetime(time).strftime(TIME).to_string()
}

pub(super) fn read_time(text: &str) -> Result<Timestamp, String> {
    DateTime::strptime(ANY_TIME, text)
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map(|time| time.timestamp())
        .map_err(|error| error.to_string())
}

pub(super) fn read_uuid(text: &str) -> Result<Uuid, String> {
    Uuid::try_parse(text).map_err(|error| error.to_string())
}

/// Whether the text of a JSON value stays what it is in a column of type `JSON`.
///
/// SQLite does not know the type, and gives such a column numeric affinity: text that looks like a
/// number becomes one. 1.0 would come back as 1, and 20 digits would lose the last of them. Bytes
/// stay as they are, and SQLAlchemy reads them as it reads text.
fn survives_affinity(json: &str) -> bool {
    let Some(b'-' | b'0'..=b'9') = json.trim_start().bytes().next() else {
        return true;
    };
    json.parse::<i64>()
        .is_ok_and(|number| number.to_string() == json)
}

/// JSON that a number in a column of type `JSON` stands for.
pub(super) fn json_of_float(number: f64) -> Result<RawJson, String> {
    RawJson::of(&number).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_written_as_sqlalchemy_writes_them() {
        let time: Timestamp = "2026-11-20T08:20:41.5Z".parse().unwrap();
        assert_eq!(write_time(time), "2026-11-20 08:20:41.500000");
        let time: Timestamp = "2026-11-20T08:20:41Z".parse().unwrap();
        assert_eq!(write_time(time), "2026-11-20 08:20:41.000000");
    }

    #[test]
    fn a_time_may_come_without_a_fraction() {
        let time = read_time("2026-11-20 08:20:41").unwrap();
        assert_eq!(time.to_string(), "2026-11-20T08:20:41Z");
    }

    proptest! {
        #[test]
        fn a_time_that_was_written_is_read_again(micros in -2_000_000_000_000_000i64..100_000_000_000_000_000) {
            let time = Timestamp::from_microsecond(micros).unwrap();
            prop_assert_eq!(read_time(&write_time(time)), Ok(time));
        }

        #[test]
        fn any_text_is_a_time_or_an_error(text in ".{0,40}") {
            let _ = read_time(&text);
        }
    }
}
