//! Dates on the command line.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// A date, or a date and time; in UTC unless it says otherwise.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    if let Ok(timestamp) = text.parse() {
        return Ok(timestamp);
    }
    let datetime = match text.parse::<DateTime>() {
        Ok(datetime) => Some(datetime),
        Err(_) => text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0)),
    };
    datetime
        .and_then(|datetime| datetime.to_zoned(TimeZone::UTC).ok())
        .map(|zoned| zoned.timestamp())
        .ok_or_else(|| "give a date such as 2026-01-31 or 2026-01-31T06:00:00+01:00".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_in_utc_unless_it_says_otherwise() {
        for (text, expected) in [
            ("2026-01-31", "2026-01-31T00:00:00Z"),
            ("2026-01-31T06:00:00", "2026-01-31T06:00:00Z"),
            ("2026-01-31T06:00:00+01:00", "2026-01-31T05:00:00Z"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), expected);
        }
        assert!(parse("yesterday").is_err());
    }
}
