//! `datetime.datetime`, `datetime.date` and `datetime.timedelta`.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned, civil};
use serde::Deserialize;
use serde::de::Deserializer;
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::Value;

use super::{newtype, unwrap_scalar, wrap};
use crate::class::Class;
use crate::text::{date_time, duration, text};
use crate::zone::Zone;

/// The version of the encoding of all three.
const VERSION: i64 = 2;

/// An aware `datetime.datetime`: an instant and a zone.
///
/// Python has microseconds: what is finer is cut off when this is written. The zone must be one of the time zone
/// database or a fixed offset. To read a naive datetime use `jiff::Timestamp` or [`NaiveDateTime`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(pub Zoned);

newtype!(DateTime, Zoned);

/// A naive `datetime.datetime`.
///
/// Python writes it as an instant, taking it for the local time of the process that writes, and reads it as the local
/// time of the process that reads. So the instant is what there is. Python has microseconds: what is finer is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NaiveDateTime(pub Timestamp);

newtype!(NaiveDateTime, Timestamp);

/// A `datetime.date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub civil::Date);

newtype!(Date, civil::Date);

/// A `datetime.timedelta`. Python has microseconds: what is finer is cut off when this is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TimeDelta(pub SignedDuration);

newtype!(TimeDelta, SignedDuration);

#[derive(serde::Serialize)]
struct DateTimeData {
    timestamp: f64,
    tz: Option<super::Tuple<(ZoneName, &'static str, i64, bool)>>,
}

#[derive(serde::Serialize)]
#[serde(untagged)]
enum ZoneName {
    Name(String),
    Offset(i32),
}

/// Seconds as a float, from whole microseconds: that is how Python computes `timestamp()` and `total_seconds()`.
fn seconds(micros: i128) -> f64 {
    micros as f64 / 1e6
}

fn zone_data(zone: &TimeZone) -> Option<(ZoneName, &'static str, i64, bool)> {
    const FIXED: &str = "pendulum.tz.timezone.FixedTimezone";
    let (name, class) = if *zone == TimeZone::UTC {
        (ZoneName::Name("UTC".to_owned()), FIXED)
    } else if let Some(name) = zone.iana_name() {
        (
            ZoneName::Name(name.to_owned()),
            "pendulum.tz.timezone.Timezone",
        )
    } else {
        (
            ZoneName::Offset(zone.to_fixed_offset().ok()?.seconds()),
            FIXED,
        )
    };
    Some((name, class, 1, true))
}

impl Serialize for DateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let zone = zone_data(self.0.time_zone()).ok_or_else(|| {
            S::Error::custom(format_args!(
                "Python cannot name the zone of {}: it is neither in the time zone database nor a fixed offset",
                self.0
            ))
        })?;
        let data = DateTimeData {
            timestamp: seconds(self.0.timestamp().as_microsecond().into()),
            tz: Some(super::Tuple(zone)),
        };
        wrap(serializer, "datetime.datetime", VERSION, &data)
    }
}

impl<'de> Deserialize<'de> for DateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unwrap_scalar(
            deserializer,
            Class::DateTime,
            |view| {
                let (instant, zone) = date_time(view.data, view.version)?;
                Some(zone.resolve().map(|zone| instant.to_zoned(zone)))
            },
            |value| {
                parse(
                    value,
                    "a datetime with its zone, such as 2024-06-01T12:00:00+02:00[Europe/Paris]",
                )
            },
        )
        .map(Self)
    }
}

impl Serialize for NaiveDateTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let data = DateTimeData {
            timestamp: seconds(self.0.as_microsecond().into()),
            tz: None,
        };
        wrap(serializer, "datetime.datetime", VERSION, &data)
    }
}

impl<'de> Deserialize<'de> for NaiveDateTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unwrap_scalar(
            deserializer,
            Class::DateTime,
            |view| {
                let (instant, zone) = date_time(view.data, view.version)?;
                Some(match zone {
                    Zone::None => Ok(instant),
                    _ => Err("expected a naive datetime, and this one has a zone".to_owned()),
                })
            },
            |value| parse(value, "an instant, such as 2024-06-01T12:00:00Z"),
        )
        .map(Self)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        wrap(serializer, "datetime.date", VERSION, &self.0)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unwrap_scalar(
            deserializer,
            Class::Date,
            |view| text(view).map(|date| parse(&Value::String(date), "a date")),
            |value| parse(value, "a date, such as 2024-06-01"),
        )
        .map(Self)
    }
}

impl Serialize for TimeDelta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        wrap(
            serializer,
            "datetime.timedelta",
            VERSION,
            &seconds(self.0.as_micros()),
        )
    }
}

impl<'de> Deserialize<'de> for TimeDelta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        unwrap_scalar(
            deserializer,
            Class::TimeDelta,
            |view| duration(view.data).map(Ok),
            |value| parse(value, "a duration, such as PT90S"),
        )
        .map(Self)
    }
}

fn parse<T: for<'a> Deserialize<'a>>(value: &Value, expected: &str) -> Result<T, String> {
    T::deserialize(value).map_err(|error| format!("expected {expected}: {error}"))
}
