//! Values that a statement is given.

use aileron_wire::json::RawJson;
use jiff::Timestamp;
use uuid::Uuid;

/// The type of a null. PostgreSQL wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A boolean.
    Boolean,
    /// A whole number.
    Integer,
    /// A floating point number.
    Float,
    /// Text.
    Text,
    /// A time.
    Time,
    /// A UUID.
    Uuid,
    /// JSON.
    Json,
    /// Bytes.
    Bytes,
}

/// A value that a statement is given.
///
/// Everything that has a place in a column turns into one with `From`, and so does an `Option` of
/// it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null(Kind),
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A floating point number.
    Float(f64),
    /// Text.
    Text(String),
    /// A time. Stored in microseconds.
    Time(Timestamp),
    /// A UUID.
    Uuid(Uuid),
    /// JSON. JSON's `null` is a value, and not [`Value::Null`].
    Json(RawJson),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// What knows its type when it is absent.
pub trait Typed: Into<Value> {
    /// The type of its column.
    const KIND: Kind;
}

impl<T: Typed> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null(T::KIND), Into::into)
    }
}

macro_rules! values {
    ($($type:ty => $variant:ident, $kind:ident;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }

        impl Typed for $type {
            const KIND: Kind = Kind::$kind;
        }
    )*};
}

values! {
    bool => Boolean, Boolean;
    i64 => Integer, Integer;
    i32 => Integer, Integer;
    u32 => Integer, Integer;
    f64 => Float, Float;
    &str => Text, Text;
    &String => Text, Text;
    String => Text, Text;
    Timestamp => Time, Time;
    Uuid => Uuid, Uuid;
    RawJson => Json, Json;
    Vec<u8> => Bytes, Bytes;
}
