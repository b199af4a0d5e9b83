//! Spans of time for people.

/// Seconds in words: `6d`, `1h 30m`, `0s`. At most two units.
pub(crate) fn span_text(seconds: i64) -> String {
    let units = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, length) in units {
        let count = rest / length;
        rest %= length;
        if count != 0 {
            parts.push(format!("{count}{unit}"));
        }
    }
    parts.truncate(2);
    match parts.is_empty() {
        true => "0s".to_owned(),
        false => parts.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_at_most_two_units() {
        for (seconds, text) in [
            (0, "0s"),
            (90, "1m 30s"),
            (5400, "1h 30m"),
            (6 * 86_400, "6d"),
            (86_400 + 3600 + 60, "1d 1h"),
        ] {
            assert_eq!(span_text(seconds), text);
        }
    }
}
