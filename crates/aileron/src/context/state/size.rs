//! The size of a value as Airflow counts it: `len(json.dumps(value))` in Python.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// Most characters of JSON that one byte of MessagePack stands for, with the separator: `false, `.
const MOST_PER_BYTE: usize = 7;

/// The size, or `None` when it is certainly not above `limit`.
pub(super) fn above(limit: usize, encoded: &[u8]) -> Option<usize> {
    if encoded.len().saturating_mul(MOST_PER_BYTE) <= limit {
        return None;
    }
    // A value that was encoded decodes.
    let value: Value = aileron_wire::json::decode(encoded).ok()?;
    let size = size(&value);
    (size > limit).then_some(size)
}

fn size(value: &Value) -> usize {
    let mut count = Count(0);
    let mut serializer = Serializer::with_formatter(&mut count, Python);
    // Counting cannot fail.
    let _ = value.serialize(&mut serializer);
    count.0
}

/// Counts what is written.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// `json.dumps` with its defaults: spaces after `,` and `:`, and escapes for what is not ASCII.
struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        separate(out, first)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        separate(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        for c in fragment.chars() {
            let escapes = if c.is_ascii() && c != '\u{7f}' {
                &b"c"[..]
            } else {
                &b"\\uXXXX\\uXXXX"[..6 * c.len_utf16()]
            };
            out.write_all(escapes)?;
        }
        Ok(())
    }
}

fn separate<W: ?Sized + Write>(out: &mut W, first: bool) -> io::Result<()> {
    if first { Ok(()) } else { out.write_all(b", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_as_large_as_python_writes_it() {
        // Each text as `json.dumps` gives it.
        for (value, text) in [
            (
                json!({"a": [1, 2.5, null], "b": {}}),
                r#"{"a": [1, 2.5, null], "b": {}}"#,
            ),
            (json!("é😀\n\"\u{1}"), r#""\u00e9\ud83d\ude00\n\"\u0001""#),
            (json!([true, false, []]), "[true, false, []]"),
        ] {
            assert_eq!(size(&value), text.len(), "{text}");
        }
    }

    #[test]
    fn only_what_is_above_the_limit_has_a_size() {
        let encoded = aileron_wire::json::encode(&"x".repeat(100)).unwrap();
        assert_eq!(above(101, &encoded), Some(102));
        assert_eq!(above(102, &encoded), None);
        assert_eq!(above(100_000, &encoded), None);
    }
}
