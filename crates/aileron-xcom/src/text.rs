//! Wrapped values where text is asked for.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::class::Class;
use crate::wrapped::View;
use crate::zone::Zone;

/// Python's longest `timedelta`, a billion days, in seconds.
const LONGEST: f64 = 8.64e13;

/// The text that the wrapped value is, or `None` when it is none.
pub(crate) fn text(view: View<'_>) -> Option<String> {
    match (view.class, view.data) {
        (Class::DateTime, data) => date_time_text(data, view.version),
        (Class::Date | Class::Uuid, Value::String(text)) => Some(text.clone()),
        (Class::TimeDelta, data) => duration(data).map(aileron_wire::time::format_duration),
        (Class::Decimal, Value::Number(number)) => Some(digits(number)),
        (Class::Decimal, Value::String(digits)) => Some(digits.clone()),
        (Class::TimeZone, data) => zone_text(data),
        _ => None,
    }
}

/// The digits of a number, without an exponent.
fn digits(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}

/// The instant and the zone of a `datetime`.
pub(crate) fn date_time(data: &Value, version: i64) -> Option<(Timestamp, Zone)> {
    match data {
        Value::Object(fields) => Some((
            timestamp(fields.get("timestamp")?)?,
            Zone::read(fields.get("tz"), version)?,
        )),
        // What Airflow's other serializer writes into trigger arguments: an instant in UTC.
        Value::Number(_) => Some((timestamp(data)?, Zone::Named("UTC".to_owned()))),
        _ => None,
    }
}

/// Seconds since 1970, to the microsecond.
fn timestamp(seconds: &Value) -> Option<Timestamp> {
    Timestamp::from_duration(duration(seconds)?).ok()
}

/// Seconds, to the microsecond: rounded as Python does, the fraction alone and half to even.
pub(crate) fn duration(seconds: &Value) -> Option<SignedDuration> {
    let seconds = match seconds {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    if !seconds.is_finite() || seconds.abs() > LONGEST {
        return None;
    }
    let micros = (seconds.fract() * 1e6).round_ties_even();
    // A fraction has at most a million microseconds, and whole seconds are in range by the check above.
    let nanos = micros as i32 * 1_000;
    SignedDuration::from_secs(seconds.trunc() as i64)
        .checked_add(SignedDuration::from_nanos(nanos.into()))
}

/// RFC 3339 with the zone as RFC 9557 has it; `Z` without a zone where there is none.
fn date_time_text(data: &Value, version: i64) -> Option<String> {
    let (instant, zone) = date_time(data, version)?;
    let resolved = zone.resolve().ok();
    // RFC 3339 has no seconds in an offset, and zones had them before about 1920: with a rounded one, whoever reads the
    // instant alone would be off.
    let local = resolved.filter(|zone| zone.to_offset(instant).seconds() % 60 == 0);
    Some(match (local, zone) {
        (Some(zone), _) => instant.to_zoned(zone).to_string(),
        // A zone that the database does not have is an error for those alone who ask for the zone.
        (None, Zone::Named(name)) if is_annotation(&name) => format!("{instant}[{name}]"),
        (None, _) => instant.to_string(),
    })
}

/// Whether RFC 9557 lets the name stand between brackets.
fn is_annotation(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_-+./".contains(&byte))
}

fn zone_text(data: &Value) -> Option<String> {
    match Zone::name_or_offset(data)? {
        Zone::Named(name) => Some(name),
        Zone::Fixed(seconds) => Some(jiff::tz::Offset::from_seconds(seconds).ok()?.to_string()),
        Zone::None | Zone::Unknown => None,
    }
}
