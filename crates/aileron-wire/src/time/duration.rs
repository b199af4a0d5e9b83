//! Durations as ISO 8601 text.

use std::fmt;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Why a text is not a duration of a fixed length.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not an ISO 8601 duration of weeks, days, hours, minutes and seconds: {reason}"
)]
pub struct DurationError {
    /// The first characters of the text.
    pub text: String,
    /// What is wrong.
    pub reason: String,
}

/// Reads an ISO 8601 duration. A day is 24 hours.
///
/// `msgspec` writes `P1DT7200S`, pydantic `P1DT2H`; both put the sign first.
///
/// # Errors
///
/// [`DurationError`], also for years and months: their length depends on the date.
///
/// ```
/// let duration = aileron_wire::time::parse_duration("-P1DT7200S")?;
/// assert_eq!(duration, jiff::SignedDuration::from_hours(-26));
/// # Ok::<(), aileron_wire::time::DurationError>(())
/// ```
pub fn parse_duration(text: &str) -> Result<SignedDuration, DurationError> {
    let error = |reason: String| DurationError {
        text: text.chars().take(40).collect(),
        reason,
    };
    if !text.trim_start_matches(['-', '+']).starts_with('P') {
        return Err(error("it does not start with P".to_owned()));
    }
    text.parse::<Span>()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .map_err(|reason| error(reason.to_string()))
}

/// Writes an ISO 8601 duration of hours, minutes and seconds, the sign first.
///
/// ```
/// let text = aileron_wire::time::format_duration(jiff::SignedDuration::from_secs(-93_600));
/// assert_eq!(text, "-PT26H");
/// ```
#[must_use]
pub fn format_duration(duration: SignedDuration) -> String {
    duration.to_string()
}

/// A duration where `serde` needs a type.
pub(super) struct Iso(pub(super) SignedDuration);

impl<'de> Deserialize<'de> for Iso {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IsoVisitor;

        impl Visitor<'_> for IsoVisitor {
            type Value = Iso;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ISO 8601 duration")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Iso, E> {
                parse_duration(text).map(Iso).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(IsoVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_airflow_writes_is_read() {
        for (text, micros) in [
            ("P1DT7200S", 93_600_000_000_i64),
            ("P1DT2H", 93_600_000_000),
            ("-PT5S", -5_000_000),
            ("-PT86396.999993S", -86_396_999_993),
            ("-PT23H59M56.999993S", -86_396_999_993),
            ("P0D", 0),
            ("PT0S", 0),
            ("P2W", 1_209_600_000_000),
        ] {
            assert_eq!(
                parse_duration(text).unwrap(),
                SignedDuration::from_micros(micros),
                "{text}"
            );
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["P1Y", "P1M", "1 day", "", "PT", "60"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        for micros in [0, 1, -1, 93_600_000_000, -86_396_999_993] {
            let duration = SignedDuration::from_micros(micros);
            assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }
    }
}
