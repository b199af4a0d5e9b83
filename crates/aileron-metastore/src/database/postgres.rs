//! How Airflow stores values in PostgreSQL.

use aileron_wire::json::RawJson;
use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::{Arguments, Decode, Encode, Postgres, Row as _, Type, TypeInfo, ValueRef};
use uuid::Uuid;

use super::row::Cell;
use super::{DatabaseError, Kind, Value};

/// The time that PostgreSQL counts from, in microseconds since 1970: the start of the year 2000.
const EPOCH: i64 = 946_684_800_000_000;

const JSON: Oid = Oid(114);
const TIMESTAMPTZ: Oid = Oid(1184);

pub(super) fn arguments(values: Vec<Value>) -> Result<PgArguments, DatabaseError> {
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Null(kind) => add_null(&mut arguments, kind),
            Value::Boolean(value) => arguments.add(value),
            Value::Integer(value) => arguments.add(value),
            Value::Float(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Time(value) => arguments.add(Time(value)),
            Value::Uuid(value) => arguments.add(value),
            Value::Json(value) => arguments.add(Json(value)),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(DatabaseError::encode)?;
    }
    Ok(arguments)
}

fn add_null(arguments: &mut PgArguments, kind: Kind) -> Result<(), BoxDynError> {
    match kind {
        Kind::Boolean => arguments.add(None::<bool>),
        Kind::Integer => arguments.add(None::<i64>),
        Kind::Float => arguments.add(None::<f64>),
        Kind::Text => arguments.add(None::<String>),
        Kind::Time => arguments.add(None::<Time>),
        Kind::Uuid => arguments.add(None::<Uuid>),
        Kind::Json => arguments.add(None::<Json>),
        Kind::Bytes => arguments.add(None::<Vec<u8>>),
    }
}

pub(super) fn cell(row: &PgRow, column: &str) -> Result<Cell, String> {
    let value = row.try_get_raw(column).map_err(|error| error.to_string())?;
    if value.is_null() {
        return Ok(Cell::Null);
    }
    let kind = value.type_info().name().to_owned();
    read(row, column, &kind).map_err(|error| error.to_string())
}

fn read(row: &PgRow, column: &str, kind: &str) -> Result<Cell, sqlx::Error> {
    Ok(match kind {
        "BOOL" => Cell::Boolean(row.try_get(column)?),
        "INT2" => Cell::Integer(row.try_get::<i16, _>(column)?.into()),
        "INT4" => Cell::Integer(row.try_get::<i32, _>(column)?.into()),
        "INT8" => Cell::Integer(row.try_get(column)?),
        "FLOAT4" => Cell::Float(row.try_get::<f32, _>(column)?.into()),
        "FLOAT8" => Cell::Float(row.try_get(column)?),
        "TIMESTAMPTZ" => Cell::Time(row.try_get::<Time, _>(column)?.0),
        "UUID" => Cell::Uuid(row.try_get(column)?),
        "JSON" | "JSONB" => Cell::Json(row.try_get::<Json, _>(column)?.0),
        "BYTEA" => Cell::Bytes(row.try_get(column)?),
        _ => Cell::Text(row.try_get_unchecked(column)?),
    })
}

/// `timestamptz`.
struct Time(Timestamp);

impl Type<Postgres> for Time {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(TIMESTAMPTZ)
    }
}

impl Encode<'_, Postgres> for Time {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <i64 as Encode<Postgres>>::encode(self.0.as_microsecond() - EPOCH, buffer)
    }
}

impl Decode<'_, Postgres> for Time {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => {
                let micros = <i64 as Decode<Postgres>>::decode(value)?;
                let micros = micros.checked_add(EPOCH).ok_or("infinity is no time")?;
                Ok(Self(Timestamp::from_microsecond(micros)?))
            }
            PgValueFormat::Text => Err("a time came as text; values come in binary".into()),
        }
    }
}

/// `json`. Written to a column of type `jsonb` PostgreSQL converts it.
struct Json(RawJson);

impl Type<Postgres> for Json {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(JSON)
    }

    fn compatible(kind: &PgTypeInfo) -> bool {
        matches!(kind.name(), "JSON" | "JSONB")
    }
}

impl Encode<'_, Postgres> for Json {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(self.0.get().as_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Json {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let text =
            <sqlx::types::Json<Box<serde_json::value::RawValue>> as Decode<Postgres>>::decode(
                value,
            )?;
        Ok(Self(RawJson::from(text.0)))
    }
}
