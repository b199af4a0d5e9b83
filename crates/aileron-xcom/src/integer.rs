//! Integers that no number of Rust's JSON can hold.

use memchr::memchr2;

/// `u64::MAX` and `i64::MIN` have so many digits at most; a longer integer has more than 64 bits.
const MOST_DIGITS: usize = 20;

/// The first integer in JSON text that has more than 64 bits. Python writes such; a reader would round it without a word.
pub(crate) fn beyond_64_bits(text: &[u8]) -> Option<&str> {
    // A run of so many digits has one at every such step. Nearly all text has none there.
    let step = MOST_DIGITS - 2;
    let suspicious = (step..text.len())
        .step_by(step)
        .any(|at| text[at].is_ascii_digit() && run_around(text, at) >= step);
    if suspicious { find(text) } else { None }
}

/// How many digits stand together around this one.
fn run_around(text: &[u8], at: usize) -> usize {
    let digits = |bytes: &mut dyn Iterator<Item = &u8>| {
        bytes.take_while(|byte| byte.is_ascii_digit()).count()
    };
    digits(&mut text[..at].iter().rev()) + digits(&mut text[at..].iter())
}

/// Looks at every number that does not stand in a string.
fn find(text: &[u8]) -> Option<&str> {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'"' => at = behind_string(text, at + 1),
            b'-' | b'0'..=b'9' => {
                let end = at + text[at..].iter().take_while(|b| is_number(**b)).count();
                let number = std::str::from_utf8(&text[at..end]).ok()?;
                if is_beyond(number) {
                    return Some(number);
                }
                at = end;
            }
            _ => at += 1,
        }
    }
    None
}

fn behind_string(text: &[u8], mut at: usize) -> usize {
    while let Some(found) = text.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found + 1;
        if text[at - 1] == b'"' {
            return at;
        }
        at += 1;
    }
    text.len()
}

fn is_number(byte: u8) -> bool {
    byte.is_ascii_digit() || b"+-.eE".contains(&byte)
}

fn is_beyond(number: &str) -> bool {
    number.len() >= MOST_DIGITS - 1
        && !number.contains(['.', 'e', 'E'])
        && number.parse::<u64>().is_err()
        && number.parse::<i64>().is_err()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_an_integer_of_more_than_64_bits_is_found() {
        for fits in [
            "18446744073709551615",
            "-9223372036854775808",
            "12345678901234567890123.5",
            "1234567890123456789012e3",
            r#""123456789012345678901234567890""#,
            r#""\"123456789012345678901234567890""#,
        ] {
            assert_eq!(beyond_64_bits(fits.as_bytes()), None, "{fits}");
        }
        for beyond in [
            "18446744073709551616",
            "-9223372036854775809",
            "123456789012345678901234567890",
        ] {
            assert_eq!(beyond_64_bits(beyond.as_bytes()), Some(beyond));
        }
    }

    proptest! {
        #[test]
        fn it_is_found_wherever_it_stands(before in "[a-z \"0-9]{0,60}", number: i128) {
            let text = format!("[{}, {number}, 1]", serde_json::Value::from(before));
            let fits = u64::try_from(number).is_ok() || i64::try_from(number).is_ok();
            let number = number.to_string();
            prop_assert_eq!(beyond_64_bits(text.as_bytes()), (!fits).then_some(number.as_str()));
        }
    }
}
