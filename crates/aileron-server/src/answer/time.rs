//! Instants, written as pydantic writes them.

use jiff::Timestamp;
use serde_json::Value;

/// An instant: with six digits behind the second, or with none.
pub(crate) fn moment(instant: Timestamp) -> Value {
    // Microseconds are all that Python has.
    let digits = if instant.subsec_microsecond() + instant.subsec_millisecond() == 0 {
        0
    } else {
        6
    };
    Value::String(format!("{instant:.digits$}"))
}

/// An instant or null.
pub(crate) fn moment_or_null(instant: Option<Timestamp>) -> Value {
    instant.map_or(Value::Null, moment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_has_six_digits_or_is_left_out() {
        for (text, written) in [
            ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.500000Z"),
            ("2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.000001Z"),
            (
                "2026-01-01T00:00:00.123456789Z",
                "2026-01-01T00:00:00.123456Z",
            ),
            ("2026-01-01T00:00:00.000000001Z", "2026-01-01T00:00:00Z"),
        ] {
            assert_eq!(moment(text.parse().unwrap()), written);
        }
    }
}
