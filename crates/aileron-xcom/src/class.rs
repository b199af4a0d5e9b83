//! The Python classes whose wrapped form has a meaning of its own.

/// What a wrapped value is, by its class name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// `tuple`, `set`, `frozenset`: an array.
    Collection,
    /// `datetime`: a timestamp and a zone.
    DateTime,
    /// `date`: ISO 8601 text.
    Date,
    /// `timedelta`: seconds.
    TimeDelta,
    /// `Decimal`: a number, or its digits.
    Decimal,
    /// `UUID`: text.
    Uuid,
    /// A time zone: its name, or its offset in seconds.
    TimeZone,
    /// A numpy scalar: a number or a boolean.
    Numpy,
    /// `pandas.DataFrame`: a Parquet file in hexadecimal digits.
    DataFrame,
    /// Everything else: the data of a pydantic model, a dataclass, or a class with a serializer of its own.
    Other,
}

impl Class {
    pub(crate) fn named(classname: &str) -> Self {
        match classname {
            "builtins.tuple" | "builtins.set" | "builtins.frozenset" => Self::Collection,
            "datetime.datetime" | "pendulum.datetime.DateTime" => Self::DateTime,
            "datetime.date" | "pendulum.date.Date" => Self::Date,
            "datetime.timedelta" => Self::TimeDelta,
            "decimal.Decimal" => Self::Decimal,
            "uuid.UUID" => Self::Uuid,
            "zoneinfo.ZoneInfo"
            | "pendulum.tz.timezone.FixedTimezone"
            | "pendulum.tz.timezone.Timezone" => Self::TimeZone,
            "pandas.DataFrame" | "pandas.core.frame.DataFrame" => Self::DataFrame,
            name if name.starts_with("numpy.") => Self::Numpy,
            _ => Self::Other,
        }
    }
}
