//! The time zone of a wrapped `datetime`.

use jiff::tz::{Offset, TimeZone};
use serde_json::Value;

use crate::wrapped::View;

/// The abbreviations that the first version of the encoding wrote, with their offsets in hours. CEST is read as Python
/// reads it: as the zone CET.
const ABBREVIATIONS: [(&str, i32); 4] = [("EDT", -4), ("CDT", -5), ("MDT", -6), ("PDT", -7)];

/// Where a wrapped `datetime` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Zone {
    /// A zone by its name in the time zone database.
    Named(String),
    /// Seconds east of UTC.
    Fixed(i32),
    /// The datetime is naive.
    None,
    /// Python wrote a zone that it could not name, such as `datetime.timezone(timedelta(hours=2))`. It cannot read that
    /// back itself; the instant is right.
    Unknown,
}

impl Zone {
    /// Reads the `tz` of a wrapped `datetime`: null, or `[name or offset, class, version, whether it could be written]`,
    /// itself wrapped as a tuple. The first version had the name alone.
    pub(crate) fn read(tz: Option<&Value>, version: i64) -> Option<Self> {
        let Some(tz) = tz else {
            return Some(Self::None);
        };
        match View::of(tz).map_or(tz, |view| view.data) {
            Value::Null => Some(Self::None),
            Value::Array(parts) => match parts.as_slice() {
                [_, _, _, Value::Bool(false)] => Some(Self::Unknown),
                [zone, ..] => Self::name_or_offset(zone),
                [] => None,
            },
            Value::String(name) if version == 1 => Some(Self::abbreviated(name)),
            other => Self::name_or_offset(other),
        }
    }

    /// A zone's name, or an offset in seconds.
    pub(crate) fn name_or_offset(value: &Value) -> Option<Self> {
        match value {
            Value::String(name) if name.is_empty() => Some(Self::Unknown),
            Value::String(name) => Some(Self::Named(name.clone())),
            Value::Number(offset) => Some(Self::Fixed(offset.as_i64()?.try_into().ok()?)),
            _ => None,
        }
    }

    fn abbreviated(name: &str) -> Self {
        match ABBREVIATIONS.iter().find(|(short, _)| *short == name) {
            Some((_, hours)) => Self::Fixed(hours * 3_600),
            None if name == "CEST" => Self::Named("CET".to_owned()),
            None => Self::Named(name.to_owned()),
        }
    }

    /// The zone, or why there is none.
    pub(crate) fn resolve(&self) -> Result<TimeZone, String> {
        match self {
            Self::Named(name) => TimeZone::get(name).map_err(|error| error.to_string()),
            Self::Fixed(seconds) => Offset::from_seconds(*seconds)
                .map(TimeZone::fixed)
                .map_err(|error| error.to_string()),
            Self::None => Err("a naive datetime has no zone".to_owned()),
            Self::Unknown => {
                Err("Python did not name the zone; only the instant is known".to_owned())
            }
        }
    }
}
