//! Durations in attributes: `"90s"`, `"5m"`, `"1h 30m"`, `"250ms"`, `"1d"`.
//!
//! A crate for this would have to be built for the host with every user project; the grammar is five lines.

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

/// The duration in milliseconds, or what is wrong with it.
pub(crate) fn parse_millis(text: &str) -> Result<u64, String> {
    let hint = || {
        format!(
            "`{text}` is not a duration; write \"30s\", \"5m\", \"1h 30m\", \"250ms\" or \"1d\""
        )
    };
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(hint());
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let number: u64 = number.parse().map_err(|_| hint())?;
        let (_, scale) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(hint)?;
        total = number
            .checked_mul(*scale)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(|| format!("`{text}` is too long"))?;
        rest = tail.trim_start();
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::parse_millis;

    #[test]
    fn durations_are_sums_of_numbers_with_units() {
        assert_eq!(parse_millis("30s"), Ok(30_000));
        assert_eq!(parse_millis("1h 30m"), Ok(5_400_000));
        assert_eq!(parse_millis("1h30m"), Ok(5_400_000));
        assert_eq!(parse_millis(" 250ms "), Ok(250));
        assert_eq!(parse_millis("2d"), Ok(172_800_000));
    }

    #[test]
    fn what_is_not_a_duration_is_refused_with_examples() {
        for text in [
            "",
            "30",
            "s",
            "30 s",
            "-5s",
            "5 minutes",
            "1.5h",
            "99999999999999999999s",
        ] {
            assert!(parse_millis(text).is_err(), "{text:?} was taken");
        }
        assert!(
            parse_millis("18446744073709551615d")
                .unwrap_err()
                .contains("too long")
        );
    }
}
