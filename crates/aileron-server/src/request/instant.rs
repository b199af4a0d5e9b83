//! Instants, which need a time zone.

use jiff::Timestamp;
use serde_json::{Value, json};
use speedate::{
    Date, DateTime, DateTimeConfig, MicrosecondsPrecisionOverflowBehavior, ParseError, TimeConfig,
    TimestampUnit,
};
use strum::EnumMessage;

use super::{Place, Problems};

fn config() -> DateTimeConfig {
    DateTimeConfig {
        timestamp_unit: TimestampUnit::Infer,
        time_config: TimeConfig {
            microseconds_precision_overflow_behavior:
                MicrosecondsPrecisionOverflowBehavior::Truncate,
            unix_timestamp_offset: Some(0),
        },
    }
}

/// An instant: ISO 8601 text, or seconds or milliseconds since 1970.
pub(crate) fn instant(
    value: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Option<Timestamp> {
    let read = match value {
        Value::String(text) => {
            match DateTime::parse_bytes_with_config(text.as_bytes(), &config()) {
                Ok(read) => read,
                Err(_) => return from_date(text, value, place, problems),
            }
        }
        Value::Number(number) => {
            let read = match number.as_i64() {
                Some(whole) => DateTime::from_timestamp_with_config(whole, 0, &config()),
                None => DateTime::from_float_with_config(
                    number.as_f64().unwrap_or(f64::INFINITY),
                    &config(),
                ),
            };
            match read {
                Ok(read) => read,
                Err(error) => {
                    return unreadable("datetime_parsing", "", &error, value, place, problems);
                }
            }
        }
        _ => {
            return problems.add(
                "datetime_type",
                place,
                "Input should be a valid datetime",
                value,
            );
        }
    };
    match timestamp(&read) {
        Some(timestamp) => Some(timestamp),
        None => no_zone(value, place, problems),
    }
}

/// A date alone is a valid datetime, but one without a zone.
fn from_date(
    text: &str,
    value: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Option<Timestamp> {
    match Date::parse_str(text) {
        Ok(_) => no_zone(value, place, problems),
        Err(error) => unreadable(
            "datetime_from_date_parsing",
            " or date",
            &error,
            value,
            place,
            problems,
        ),
    }
}

fn no_zone<T>(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<T> {
    problems.add(
        "timezone_aware",
        place,
        "Input should have timezone info",
        value,
    )
}

fn unreadable<T>(
    kind: &str,
    or: &str,
    error: &ParseError,
    value: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Option<T> {
    let error = date_problem(error);
    let message = format!("Input should be a valid datetime{or}, {error}");
    problems.add_with(kind, place, message, value, json!({"error": error}))
}

/// Why a text is no date, as pydantic says it.
pub(crate) fn date_problem(error: &ParseError) -> &'static str {
    error.get_documentation().unwrap_or("invalid value")
}

/// `None` without a zone. Any year that `speedate` reads is in the range of a timestamp, but for
/// the last hours of the year 9999 in the west.
fn timestamp(read: &DateTime) -> Option<Timestamp> {
    read.time.tz_offset?;
    let nanoseconds = i32::try_from(read.time.microsecond)
        .ok()?
        .checked_mul(1000)?;
    Timestamp::new(read.timestamp_tz(), nanoseconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<String, Value> {
        let mut problems = Problems::default();
        let read = instant(&value, &Place::part("body"), &mut problems);
        read.map(|instant| instant.to_string())
            .ok_or_else(|| serde_json::to_value(format!("{problems:?}")).unwrap())
    }

    #[test]
    fn instants_are_read_as_pydantic_reads_them() {
        for (value, instant) in [
            (json!("2026-01-01T00:00:00Z"), "2026-01-01T00:00:00Z"),
            (json!("2026-01-01T02:00:00+02:00"), "2026-01-01T00:00:00Z"),
            (json!("2026-01-01t00:00:00z"), "2026-01-01T00:00:00Z"),
            (json!("2026-01-01 00:00Z"), "2026-01-01T00:00:00Z"),
            (
                json!("2026-01-01T00:00:00.123456789Z"),
                "2026-01-01T00:00:00.123456Z",
            ),
            (json!(1_767_225_600), "2026-01-01T00:00:00Z"),
            (json!(1_767_225_600.5), "2026-01-01T00:00:00.5Z"),
            (json!("1767225600"), "2026-01-01T00:00:00Z"),
        ] {
            assert_eq!(read(value.clone()).as_deref(), Ok(instant), "{value}");
        }
    }

    #[test]
    fn what_is_no_instant_is_told_apart() {
        for (value, kind) in [
            (json!("2026-01-01T00:00:00"), "timezone_aware"),
            (json!("2026-01-01"), "timezone_aware"),
            (json!("x"), "datetime_from_date_parsing"),
            (json!("2026-13-01T00:00:00Z"), "datetime_from_date_parsing"),
            (json!(1e20), "datetime_parsing"),
            (json!(true), "datetime_type"),
            (json!({}), "datetime_type"),
        ] {
            let problem = read(value.clone()).unwrap_err().to_string();
            assert!(problem.contains(kind), "{value}: {problem}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_or_number_makes_it_panic(text in ".*", number in proptest::num::f64::ANY) {
            let _ = read(Value::String(text));
            let _ = read(json!(number));
        }
    }
}
