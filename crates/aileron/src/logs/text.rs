//! A log line for people: the form on standard error.

use std::fmt::Write as _;

use serde_json::Value;

use super::level::Level;
use super::line::Masked;

const RESET: &str = "\x1b[0m";

/// Appends the line as text: time, level, logger, event, fields, place in the source; errors follow on lines of their own.
pub(super) fn append(line: &Masked, colours: bool, out: &mut String) {
    let line = line.line();
    let (on, off) = if colours {
        (colour(line.level), RESET)
    } else {
        ("", "")
    };
    let level = line.level.as_str().to_ascii_uppercase();
    _ = write!(out, "{:.6} {on}{level:<8}{off} ", line.timestamp);
    append_readable(&line.logger, out);
    out.push_str(": ");
    append_readable(&line.event, out);
    for (name, value) in line
        .fields
        .iter()
        .filter(|(name, _)| *name != "error_detail")
    {
        out.push(' ');
        append_readable(name, out);
        out.push('=');
        append_value(value, out);
    }
    if let Some(file) = &line.file {
        out.push_str(" (");
        append_readable(file, out);
        _ = line.line.map(|number| write!(out, ":{number}"));
        out.push(')');
    }
    out.push('\n');
    append_errors(line.fields.get("error_detail"), out);
}

fn colour(level: Level) -> &'static str {
    match level {
        Level::Debug => "\x1b[36m",
        Level::Info => "\x1b[32m",
        Level::Warning => "\x1b[33m",
        Level::Error => "\x1b[31m",
        Level::Critical => "\x1b[1;31m",
    }
}

/// Text may break lines; every other control character is spelled out, so that a log cannot play with the terminal.
fn append_readable(text: &str, out: &mut String) {
    for character in text.chars() {
        if character.is_control() && !matches!(character, '\n' | '\t') {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
}

fn append_value(value: &Value, out: &mut String) {
    match value {
        Value::String(text) if is_one_word(text) => append_readable(text, out),
        other => append_readable(&other.to_string(), out),
    }
}

fn is_one_word(text: &str) -> bool {
    !text.is_empty()
        && !text
            .chars()
            .any(|character| character.is_whitespace() || matches!(character, '"' | '='))
}

fn append_errors(detail: Option<&Value>, out: &mut String) {
    for error in detail.and_then(Value::as_array).into_iter().flatten() {
        out.push_str("  ");
        append_readable(member(error, "exc_type"), out);
        out.push_str(": ");
        append_readable(member(error, "exc_value"), out);
        out.push('\n');
        for frame in error
            .get("frames")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            out.push_str("    at ");
            append_readable(member(frame, "name"), out);
            out.push_str(" (");
            append_readable(member(frame, "filename"), out);
            _ = writeln!(out, ":{})", frame.get("lineno").unwrap_or(&Value::Null));
        }
    }
}

fn member<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::super::line::Line;
    use super::*;
    use crate::secrets::Masker;
    use serde_json::{Map, json};
    use std::borrow::Cow;

    fn text(colours: bool) -> String {
        let fields = Map::from_iter([
            ("rows".to_owned(), json!(3)),
            ("file".to_owned(), json!("a.csv")),
            ("note".to_owned(), json!("two words")),
            ("password".to_owned(), json!("hunter2000")),
            (
                "error_detail".to_owned(),
                json!([{"exc_type": "Io", "exc_value": "gone", "frames": [{"name": "f", "filename": "x.rs", "lineno": 4}]}]),
            ),
        ]);
        let mut line = Line::new(
            Level::Error,
            Cow::Borrowed("orders"),
            "Bad \x1b[2J day".into(),
            fields,
        )
        .at(Some("src/main.rs".into()), Some(7));
        line.timestamp = "2026-11-20T05:19:16.5Z".parse().unwrap();
        let mut out = String::new();
        append(&line.masked(&Masker::default()), colours, &mut out);
        out
    }

    #[test]
    fn a_text_line_is_readable_masked_and_harmless() {
        let expected = "2026-11-20T05:19:16.500000Z ERROR    orders: Bad \\u{1b}[2J day rows=3 file=a.csv note=\"two words\" \
                        password=*** (src/main.rs:7)\n  Io: gone\n    at f (x.rs:4)\n";
        assert_eq!(text(false), expected);
    }

    #[test]
    fn only_the_level_is_coloured() {
        assert!(text(true).contains("\x1b[31mERROR   \x1b[0m orders: "));
    }
}
