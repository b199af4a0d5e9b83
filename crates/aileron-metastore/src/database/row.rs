//! What a statement returned.

use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::{DagRunState, DagRunType, TaskInstanceState};
use jiff::Timestamp;
use serde_json::Value as JsonValue;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::{DatabaseError, postgres, sqlite};

/// One row.
pub enum Row {
    #[doc(hidden)]
    Sqlite(SqliteRow),
    #[doc(hidden)]
    Postgres(PgRow),
}

/// What stands in a column, before it is known what it means.
#[derive(Debug)]
pub(super) enum Cell {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    Time(Timestamp),
    Uuid(Uuid),
    Json(RawJson),
    Bytes(Vec<u8>),
}

impl Row {
    /// Reads a column by its name.
    ///
    /// # Errors
    ///
    /// When there is no such column, or what stands in it is no `T`. A null is an error unless `T`
    /// is an `Option`.
    pub fn get<T: Column>(&self, column: &str) -> Result<T, DatabaseError> {
        let cell = match self {
            Self::Sqlite(row) => sqlite::cell(row, column),
            Self::Postgres(row) => postgres::cell(row, column),
        };
        cell.and_then(|cell| T::of(Slot(cell)))
            .map_err(|problem| DatabaseError::Column {
                column: column.to_owned(),
                problem,
            })
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A row may hold values that nobody should see.
        f.write_str("Row")
    }
}

/// What a column can be read as.
pub trait Column: Sized {
    #[doc(hidden)]
    fn of(slot: Slot) -> Result<Self, String>;
}

/// A value on its way from a column to a type.
#[derive(Debug)]
pub struct Slot(Cell);

impl<T: Column> Column for Option<T> {
    fn of(slot: Slot) -> Result<Self, String> {
        match slot.0 {
            Cell::Null => Ok(None),
            cell => T::of(Slot(cell)).map(Some),
        }
    }
}

impl Column for bool {
    fn of(slot: Slot) -> Result<Self, String> {
        match slot.0 {
            Cell::Boolean(value) => Ok(value),
            Cell::Integer(value) => Ok(value != 0),
            other => Err(other.is_no("boolean")),
        }
    }
}

impl Column for i64 {
    fn of(slot: Slot) -> Result<Self, String> {
        match slot.0 {
            Cell::Integer(value) => Ok(value),
            other => Err(other.is_no("whole number")),
        }
    }
}

impl Column for f64 {
    fn of(slot: Slot) -> Result<Self, String> {
        match slot.0 {
            Cell::Float(value) => Ok(value),
            // SQLite stores a float without a fraction as it likes.
            Cell::Integer(value) => Ok(value as f64),
            other => Err(other.is_no("number")),
        }
    }
}

impl Column for String {
    fn of(slot: Slot) -> Result<Self, String> {
        match slot.0 {
            Cell::Text(value) => Ok(value),
            other => Err(other.is_no("text")),
        }
    }
}

macro_rules! states {
    ($($state:ty),*) => {$(
        impl Column for $state {
            fn of(slot: Slot) -> Result<Self, String> {
                let text = String::of(slot)?;
                let known = <$state>::ALL.iter().copied().find(|state| state.as_str() == text);
                known.ok_or_else(|| format!("{text:?} is none of the known values"))
            }
        }
    )*};
}

states!(DagRunState, DagRunType, TaskInstanceState);

impl Column for Timestamp {
    fn of(slot: Slot) -> Result<Self, String> {
        match slot.0 {
            Cell::Time(value) => Ok(value),
            Cell::Text(text) => sqlite::read_time(&text),
            other => Err(other.is_no("time")),
        }
    }
}

impl Column for Uuid {
    fn of(slot: Slot) -> Result<Self, String> {
        match slot.0 {
            Cell::Uuid(value) => Ok(value),
            Cell::Text(text) => sqlite::read_uuid(&text),
            other => Err(other.is_no("UUID")),
        }
    }
}

impl Column for RawJson {
    fn of(slot: Slot) -> Result<Self, String> {
        match slot.0 {
            Cell::Json(value) => Ok(value),
            Cell::Text(text) => Self::from_text(text).map_err(|error| error.to_string()),
            Cell::Bytes(bytes) => String::from_utf8(bytes)
                .map_err(|error| error.to_string())
                .and_then(|text| Self::from_text(text).map_err(|error| error.to_string())),
            Cell::Integer(value) => Self::of(&value).map_err(|error| error.to_string()),
            Cell::Float(value) => sqlite::json_of_float(value),
            other => Err(other.is_no("JSON")),
        }
    }
}

impl Column for JsonValue {
    fn of(slot: Slot) -> Result<Self, String> {
        <RawJson as Column>::of(slot)?
            .read()
            .map_err(|error| error.to_string())
    }
}

impl Column for JsonMap {
    fn of(slot: Slot) -> Result<Self, String> {
        <RawJson as Column>::of(slot)?
            .read()
            .map_err(|error| error.to_string())
    }
}

impl Column for Vec<u8> {
    fn of(slot: Slot) -> Result<Self, String> {
        match slot.0 {
            Cell::Bytes(value) => Ok(value),
            other => Err(other.is_no("bytes")),
        }
    }
}

impl Cell {
    /// Says what was expected and what came, but not the value.
    fn is_no(&self, expected: &str) -> String {
        let found = match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) => "text",
            Self::Time(_) => "a time",
            Self::Uuid(_) => "a UUID",
            Self::Json(_) => "JSON",
            Self::Bytes(_) => "bytes",
        };
        format!("{found} is no {expected}")
    }
}
