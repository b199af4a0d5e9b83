//! Values without parts.

use serde_json::{Number, Value, json};
use uuid::Uuid;

use super::{Place, Problems};

/// Text.
pub(crate) fn text(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        _ => problems.add(
            "string_type",
            place,
            "Input should be a valid string",
            value,
        ),
    }
}

/// A whole number: also a float without a fraction, text of one, and a truth value.
pub(crate) fn integer(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<i64> {
    match value {
        Value::Bool(yes) => Some(i64::from(*yes)),
        Value::Number(number) => integer_of(number, value, place, problems),
        Value::String(text) => match parse_integer(text) {
            Parsed::Is(number) => Some(number),
            Parsed::TooLarge => too_large(value, place, problems),
            Parsed::Not => problems.add(
                "int_parsing",
                place,
                "Input should be a valid integer, unable to parse string as an integer",
                value,
            ),
        },
        _ => problems.add("int_type", place, "Input should be a valid integer", value),
    }
}

fn integer_of(
    number: &Number,
    value: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Option<i64> {
    if let Some(whole) = number.as_i64() {
        return Some(whole);
    }
    let float = number.as_f64().unwrap_or(f64::INFINITY);
    if float.fract() != 0.0 {
        return problems.add(
            "int_from_float",
            place,
            "Input should be a valid integer, got a number with a fractional part",
            value,
        );
    }
    // Exact below 2^63, where the cast saturates.
    if float.abs() < 9_223_372_036_854_775_808.0 {
        return Some(float as i64);
    }
    too_large(value, place, problems)
}

fn too_large(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<i64> {
    problems.add(
        "int_parsing_size",
        place,
        "Unable to parse input string as an integer, exceeded maximum size",
        value,
    )
}

enum Parsed {
    Is(i64),
    TooLarge,
    Not,
}

/// Spaces around it, a plus, underscores between digits and `.0` at the end are allowed.
fn parse_integer(text: &str) -> Parsed {
    let text = text.trim();
    let text = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return Parsed::Not,
        None => text,
    };
    let (sign, digits) = match text.as_bytes() {
        [b'-', ..] => ("-", &text[1..]),
        [b'+', ..] => ("", &text[1..]),
        _ => ("", text),
    };
    let groups_are_whole = digits
        .split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    if !groups_are_whole {
        return Parsed::Not;
    }
    let number: String = sign
        .chars()
        .chain(digits.chars().filter(|c| *c != '_'))
        .collect();
    number.parse().map_or(Parsed::TooLarge, Parsed::Is)
}

/// A number: also text of one, and a truth value.
pub(crate) fn float(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<f64> {
    match value {
        Value::Bool(yes) => Some(f64::from(u8::from(*yes))),
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.trim().replace('_', "").parse() {
            Ok(number) => Some(number),
            Err(_) => problems.add(
                "float_parsing",
                place,
                "Input should be a valid number, unable to parse string as a number",
                value,
            ),
        },
        _ => problems.add("float_type", place, "Input should be a valid number", value),
    }
}

/// Yes or no, in one of the words for it.
pub(crate) fn boolean(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<bool> {
    match value {
        Value::Bool(yes) => return Some(*yes),
        Value::Number(number) => match number.as_f64() {
            Some(0.0) => return Some(false),
            Some(1.0) => return Some(true),
            // Another whole number is a word that is not known; anything else is no word at all.
            Some(float) if float.fract() != 0.0 || float.abs() >= 9_223_372_036_854_775_808.0 => {
                return no_boolean(value, place, problems);
            }
            _ => {}
        },
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "0" | "off" | "f" | "false" | "n" | "no" => return Some(false),
            "1" | "on" | "t" | "true" | "y" | "yes" => return Some(true),
            _ => {}
        },
        _ => return no_boolean(value, place, problems),
    }
    problems.add(
        "bool_parsing",
        place,
        "Input should be a valid boolean, unable to interpret input",
        value,
    )
}

fn no_boolean(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<bool> {
    problems.add("bool_type", place, "Input should be a valid boolean", value)
}

/// An id.
pub(crate) fn uuid(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<Uuid> {
    let Value::String(text) = value else {
        return problems.add(
            "uuid_type",
            place,
            "UUID input should be a string, bytes or UUID object",
            value,
        );
    };
    match Uuid::parse_str(text) {
        Ok(id) => Some(id),
        Err(error) => {
            let error = error.to_string();
            let message = format!("Input should be a valid UUID, {error}");
            problems.add_with(
                "uuid_parsing",
                place,
                message,
                value,
                json!({"error": error}),
            )
        }
    }
}

/// One of several texts.
pub(crate) fn one_of<'t>(
    texts: &'t [&'t str],
) -> impl Fn(&Value, &Place<'_>, &mut Problems) -> Option<&'t str> {
    move |value, place, problems| {
        if let Some(known) = value
            .as_str()
            .and_then(|given| texts.iter().find(|t| **t == given))
        {
            return Some(known);
        }
        let expected = alternatives(texts);
        let message = format!("Input should be {expected}");
        problems.add_with("enum", place, message, value, json!({"expected": expected}))
    }
}

/// Exactly one text; `shown` is how the problem names it.
pub(crate) fn literal<'t>(
    only: &'t str,
    shown: &'t str,
) -> impl Fn(&Value, &Place<'_>, &mut Problems) -> Option<()> {
    move |value, place, problems| {
        if value.as_str() == Some(only) {
            return Some(());
        }
        let message = format!("Input should be {shown}");
        problems.add_with(
            "literal_error",
            place,
            message,
            value,
            json!({"expected": shown}),
        )
    }
}

/// Null, or what `read` reads.
pub(crate) fn nullable<T>(
    read: impl Fn(&Value, &Place<'_>, &mut Problems) -> Option<T>,
) -> impl Fn(&Value, &Place<'_>, &mut Problems) -> Option<Option<T>> {
    move |value, place, problems| match value {
        Value::Null => Some(None),
        value => read(value, place, problems).map(Some),
    }
}

fn alternatives(texts: &[&str]) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| format!("'{text}'")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(
        read: impl Fn(&Value, &Place<'_>, &mut Problems) -> Option<T>,
        value: Value,
    ) -> Result<T, ()> {
        let mut problems = Problems::default();
        let read = read(&value, &Place::part("body"), &mut problems);
        problems.finish(read).map_err(|_| ())
    }

    #[test]
    fn whole_numbers_are_read_as_pydantic_reads_them() {
        for (value, number) in [
            (json!(5), 5),
            (json!(5.0), 5),
            (json!("5"), 5),
            (json!("5.0"), 5),
            (json!(" 5 "), 5),
            (json!("1_000"), 1000),
            (json!("+5"), 5),
            (json!("-5"), -5),
            (json!(true), 1),
        ] {
            assert_eq!(read(integer, value.clone()), Ok(number), "{value}");
        }
        for value in [
            json!(5.5),
            json!("5.5"),
            json!("1e3"),
            json!(""),
            json!("_1"),
            json!(null),
            json!([]),
            json!(1e300),
        ] {
            assert_eq!(read(integer, value.clone()), Err(()), "{value}");
        }
    }

    #[test]
    fn truth_has_several_words() {
        assert_eq!(read(boolean, json!("Yes")), Ok(true));
        assert_eq!(read(boolean, json!(0)), Ok(false));
        assert_eq!(read(boolean, json!("2")), Err(()));
        assert_eq!(read(boolean, json!(null)), Err(()));
    }

    #[test]
    fn alternatives_read_as_a_sentence() {
        assert_eq!(alternatives(&["a"]), "'a'");
        assert_eq!(alternatives(&["a", "b", "c"]), "'a', 'b' or 'c'");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_a_reader_panic(given in ".*") {
            let _ = read(integer, Value::String(given.clone()));
            let _ = read(float, Value::String(given.clone()));
            let _ = read(boolean, Value::String(given.clone()));
            let _ = read(uuid, Value::String(given));
        }
    }
}
