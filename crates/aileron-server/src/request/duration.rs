//! Lengths of time.

use jiff::SignedDuration;
use serde_json::{Value, json};
use speedate::Duration;

use super::instant::date_problem;
use super::{Place, Problems};

const DAY: i64 = 86_400;
const MAX_DAYS: f64 = 999_999_999.0;

/// A length of time: ISO 8601 or Python's text, or seconds.
pub(crate) fn duration(
    value: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Option<SignedDuration> {
    match value {
        Value::Bool(yes) => Some(SignedDuration::from_secs(i64::from(*yes))),
        Value::Number(number) => {
            let seconds = number.as_f64().unwrap_or(f64::INFINITY);
            if seconds.abs() > MAX_DAYS * DAY as f64 {
                return unreadable(
                    "durations may not exceed 999,999,999 days",
                    value,
                    place,
                    problems,
                );
            }
            Some(SignedDuration::from_secs_f64(seconds))
        }
        Value::String(text) => match Duration::parse_str(text) {
            Ok(read) => Some(of(&read)),
            Err(error) => unreadable(date_problem(&error), value, place, problems),
        },
        _ => problems.add(
            "time_delta_type",
            place,
            "Input should be a valid timedelta",
            value,
        ),
    }
}

fn of(read: &Duration) -> SignedDuration {
    let size = SignedDuration::new(
        i64::from(read.day) * DAY + i64::from(read.second),
        // Less than a second.
        i32::try_from(read.microsecond).unwrap_or(0) * 1000,
    );
    if read.positive { size } else { -size }
}

fn unreadable<T>(
    error: &str,
    value: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Option<T> {
    let message = format!("Input should be a valid timedelta, {error}");
    problems.add_with(
        "time_delta_parsing",
        place,
        message,
        value,
        json!({"error": error}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Option<SignedDuration> {
        duration(&value, &Place::part("body"), &mut Problems::default())
    }

    #[test]
    fn both_texts_and_numbers_are_lengths() {
        for (value, seconds) in [
            (json!("P1D"), 86_400.0),
            (json!("-PT5S"), -5.0),
            (json!("00:01:02"), 62.0),
            (json!("1 day, 00:00:01"), 86_401.0),
            (json!(5), 5.0),
            (json!(1.5), 1.5),
        ] {
            assert_eq!(
                read(value.clone()).unwrap().as_secs_f64(),
                seconds,
                "{value}"
            );
        }
        assert_eq!(read(json!("5")), None);
        assert_eq!(read(json!("PT")), None);
        assert_eq!(read(json!(1e20)), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_or_number_makes_it_panic(text in ".*", number in proptest::num::f64::ANY) {
            let _ = read(Value::String(text));
            let _ = read(json!(number));
        }
    }
}
