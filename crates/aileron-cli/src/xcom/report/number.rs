//! Numbers for people.

/// Six significant digits, without zeros at the end: `0.7125`, `12`, `1.5e-9`.
pub(super) fn number_text(number: f64) -> String {
    let size = number.abs();
    if number == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e7).contains(&size) {
        return shorten(&format!("{number:.5e}"));
    }
    let before = size.log10().floor() as i32 + 1;
    let decimals = usize::try_from(6 - before).unwrap_or(0);
    shorten(&format!("{number:.decimals$}"))
}

/// Takes zeros away that end the fraction.
fn shorten(text: &str) -> String {
    let (digits, exponent) = match text.split_once('e') {
        Some((digits, exponent)) => (digits, format!("e{exponent}")),
        None => (text, String::new()),
    };
    let digits = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    };
    format!("{digits}{exponent}")
}

#[cfg(test)]
mod tests {
    use super::number_text;

    #[test]
    fn numbers_have_six_digits_at_most() {
        for (number, text) in [
            (0.0, "0"),
            (12.0, "12"),
            (0.712_345_678, "0.712346"),
            (-3.5, "-3.5"),
            (123_456.789, "123457"),
            (1_000_000.0, "1000000"),
            (1.5e-9, "1.5e-9"),
            (2e300, "2e300"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }
}
