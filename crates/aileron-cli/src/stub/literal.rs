//! Python literals.

use std::fmt::Write as _;

use serde_json::Value;

/// A JSON value as a Python expression.
pub(super) fn json(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => string(text),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(json).collect::<Vec<_>>().join(", ")
        ),
        Value::Object(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", string(key), json(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

/// A string in double quotes. Letters stay readable, whatever does not print is escaped.
pub(super) fn string(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            ' '..='~' => literal.push(c),
            // Rust's own idea of what prints: an escape in `escape_debug` means it does not.
            c if c.escape_debug().count() == 1 => literal.push(c),
            c => {
                let code = u32::from(c);
                // Writing to a String cannot fail.
                let _ = if code > 0xffff {
                    write!(literal, "\\U{code:08x}")
                } else {
                    write!(literal, "\\u{code:04x}")
                };
            }
        }
    }
    literal.push('"');
    literal
}

/// A text of several lines as adjacent literals, one per line and indented by `indent`; a single line as one literal.
pub(super) fn paragraphs(text: &str, indent: &str) -> String {
    let lines: Vec<_> = text.split_inclusive('\n').map(string).collect();
    match lines.as_slice() {
        [] => string(""),
        [line] => line.clone(),
        lines => {
            let lines: String = lines
                .iter()
                .map(|line| format!("{indent}    {line}\n"))
                .collect();
            format!("(\n{lines}{indent})")
        }
    }
}

/// A number of seconds as a `timedelta` expression.
pub(super) fn seconds(seconds: f64) -> String {
    format!("timedelta(seconds={seconds})")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_values_become_python_values() {
        let value = json!({"a": [null, true, false, 1, -2.5, "x\"y\\z\n"], "é😀": {}});
        assert_eq!(
            super::json(&value),
            r#"{"a": [None, True, False, 1, -2.5, "x\"y\\z\n"], "é😀": {}}"#
        );
    }

    #[test]
    fn characters_that_do_not_print_are_escaped() {
        assert_eq!(
            string("\0\u{7f}\u{85}\u{2028}\u{202e}\u{e0001}"),
            r#""\u0000\u007f\u0085\u2028\u202e\U000e0001""#
        );
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(paragraphs("one", ""), "\"one\"");
        assert_eq!(
            paragraphs("one\n\ntwo", "  "),
            "(\n      \"one\\n\"\n      \"\\n\"\n      \"two\"\n  )"
        );
    }

    #[test]
    fn seconds_keep_their_fraction() {
        assert_eq!(
            [30.0, 0.25].map(seconds),
            ["timedelta(seconds=30)", "timedelta(seconds=0.25)"]
        );
    }
}
