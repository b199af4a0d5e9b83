//! A value as the JSON text that Python writes: what Airflow's XCom backends count and store.
//!
//! The text is that of `json.dumps` with its defaults (Python 3.11 to 3.14, which `XComEncoder` of Airflow 3.3.2 and 3.4.0b2 leaves as
//! they are): a space behind `,` and `:`, escapes for everything that is not printable ASCII, and floats as `repr` gives them.

mod direct;
mod list_text;
#[cfg(feature = "object-storage")]
mod pieces;
mod string;
mod walk;

use std::io::{self, Write};

use aileron_wire::json::JsonDecodeError;
use aileron_wire::msgpack::Token;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter as _};

pub use direct::is_null;
pub(crate) use direct::write_value;
#[cfg(feature = "object-storage")]
pub(crate) use direct::{Growing, NotWritten};
pub use list_text::ListText;
#[cfg(feature = "object-storage")]
pub(crate) use pieces::{Cut, Likely, NoList, Seam, Splitter, decode_pieces, read_elements};
pub(crate) use walk::Walk;

use self::string::write_string;
use crate::decode::{from_value, holds_wrapped};
use crate::integer::beyond_64_bits;

/// How many bytes of JSON one byte of MessagePack stands for at most: a control character is `\u0001`, and a separator may
/// precede a value.
const MOST_PER_BYTE: usize = 8;

/// Writes an encoded value as Python's `json.dumps` does. Nothing but the writer takes memory.
///
/// # Errors
/// Those of the writer; [`io::ErrorKind::InvalidData`] for what [`aileron_wire::json::check`] refuses.
///
/// ```
/// let encoded = aileron_wire::json::encode(&serde_json::json!({"é": [1, 1e16, null]}))?;
/// let mut text = Vec::new();
/// aileron_xcom::write_json(&encoded, &mut text)?;
/// assert_eq!(text, br#"{"\u00e9": [1, 1e+16, null]}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_json<W: Write>(encoded: &[u8], out: &mut W) -> io::Result<()> {
    write_range(&mut Walk::default(), encoded, usize::MAX, out).map(drop)
}

/// Writes the tokens from where the walk is up to an offset, and tells whether the value ends before.
pub(crate) fn write_range<W: Write>(
    walk: &mut Walk,
    encoded: &[u8],
    end: usize,
    out: &mut W,
) -> io::Result<bool> {
    while walk.at() < end {
        let (token, ended) = walk.next(encoded)?;
        write_token(&token, encoded, out)?;
        if ended && walk.end_value(|text| out.write_all(text))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn write_token<W: Write>(token: &Token, encoded: &[u8], out: &mut W) -> io::Result<()> {
    match token {
        Token::Nil => out.write_all(b"null"),
        Token::Bool(value) => out.write_all(if *value { b"true" } else { b"false" }),
        Token::Integer(value) => match i64::try_from(*value) {
            Ok(value) => CompactFormatter.write_i64(out, value),
            Err(_) => CompactFormatter.write_i128(out, *value),
        },
        Token::Float(value) => write_float(*value, out),
        Token::String(range) => write_string(&encoded[range.clone()], out),
        Token::Array(0) => out.write_all(b"[]"),
        Token::Map(0) => out.write_all(b"{}"),
        Token::Array(_) => out.write_all(b"["),
        Token::Map(_) => out.write_all(b"{"),
        Token::Binary(_) | Token::Extension(..) => Err(invalid("bytes")),
    }
}

/// Whether the JSON text of an encoded value has at least so many bytes. No more of it is made than that takes.
#[must_use]
pub fn is_json_at_least(encoded: &[u8], bytes: u64) -> bool {
    let most = encoded.len().saturating_mul(MOST_PER_BYTE);
    if u64::try_from(most).is_ok_and(|most| most < bytes) {
        return false;
    }
    let mut room = Room(bytes);
    // What stops it is the writer, which is full.
    write_json(encoded, &mut room).is_err() || room.0 == 0
}

/// Reads JSON text into a Rust type, as [`decode`](crate::decode()) reads MessagePack.
///
/// # Errors
/// [`JsonDecodeError`], with the path into the value. An integer of more than 64 bits, which Python has and no number of a tree of
/// JSON can hold, is an error: it would lose digits.
pub fn decode_json<T: DeserializeOwned>(text: &[u8]) -> Result<T, JsonDecodeError> {
    if let Some(digits) = beyond_64_bits(text) {
        return Err(JsonDecodeError::NotJson(beyond_64_bits_reason(digits)));
    }
    // As text from the start: `serde_json` looks at each string by itself otherwise.
    if !holds_wrapped(text)
        && let Ok(text) = std::str::from_utf8(text)
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    let tree: Value = serde_json::from_slice(text)
        .map_err(|error| JsonDecodeError::NotJson(error.to_string()))?;
    from_value(&tree)
}

fn beyond_64_bits_reason(digits: &str) -> String {
    format!("the integer {digits} has more than 64 bits; push it as text")
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("JSON has no {what}"))
}

/// A float as Python's `repr`: with an exponent below 0.0001 and from 1e16, of two digits at least.
fn write_float<W: Write>(value: f64, out: &mut W) -> io::Result<()> {
    if !value.is_finite() {
        return Err(invalid("NaN and no infinity"));
    }
    let magnitude = value.abs();
    if value == 0.0 || (1e-4..1e16).contains(&magnitude) {
        // Rust and Python both write the shortest digits that read back as the same number.
        return CompactFormatter.write_f64(out, value);
    }
    let text = format!("{value:e}");
    let (digits, exponent) = text
        .split_once('e')
        .ok_or_else(|| invalid("such a float"))?;
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    write!(out, "{digits}e{sign}{exponent:0>2}")
}

/// Takes so many bytes, and fails then.
struct Room(u64);

impl Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = u64::try_from(bytes.len()).unwrap_or(u64::MAX).min(self.0);
        if taken == 0 && !bytes.is_empty() {
            return Err(io::Error::other("enough was written"));
        }
        self.0 -= taken;
        Ok(usize::try_from(taken).unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aileron_wire::json::encode;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn text(value: &Value) -> String {
        let mut text = Vec::new();
        write_json(&encode(value).unwrap(), &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn a_value_is_written_as_python_writes_it() {
        // Each text as `json.dumps` of Python 3.11 gives it.
        for (value, expected) in [
            (
                json!({"a": [1, 2.5, null], "b": {}}),
                r#"{"a": [1, 2.5, null], "b": {}}"#,
            ),
            (
                json!("é😀\n\"\u{1}\u{7f}\\/"),
                r#""\u00e9\ud83d\ude00\n\"\u0001\u007f\\/""#,
            ),
            (json!([true, false, []]), "[true, false, []]"),
            (
                json!([[[]], {"a": {"b": []}}]),
                r#"[[[]], {"a": {"b": []}}]"#,
            ),
            (json!(-3), "-3"),
            (json!(u64::MAX), "18446744073709551615"),
        ] {
            assert_eq!(text(&value), expected);
        }
    }

    #[test]
    fn floats_are_written_as_python_writes_them() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (-1.5e-7, "-1.5e-07"),
            (123_456_789.125, "123456789.125"),
            (1e15, "1000000000000000.0"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (5e-324, "5e-324"),
            (0.30000000000000004, "0.30000000000000004"),
        ] {
            assert_eq!(text(&json!(value)), expected);
        }
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        for encoded in [
            &b"\xc4\x01z"[..],
            b"\x81\x01\x01",
            b"\x91",
            b"\xca\x7f\x80\0\0",
        ] {
            assert!(write_json(encoded, &mut Vec::new()).is_err());
        }
    }

    #[test]
    fn an_integer_that_would_lose_digits_is_an_error() {
        let error = decode_json::<Value>(b"[1, 1180591620717411303424]").unwrap_err();
        assert!(error.to_string().contains("1180591620717411303424"));
        assert_eq!(
            decode_json::<Vec<u64>>(b"[18446744073709551615]"),
            Ok(vec![u64::MAX])
        );
        assert!(decode_json::<Value>(b"[NaN]").is_err());
    }

    #[test]
    fn json_is_read_by_the_same_rules_as_messagepack() {
        let set =
            br#"{"a": {"__classname__": "builtins.set", "__version__": 1, "__data__": [1, 2]}}"#;
        let read: std::collections::BTreeMap<String, Vec<u8>> = decode_json(set).unwrap();
        assert_eq!(read["a"], [1, 2]);
        let error = decode_json::<Vec<u8>>(br#"[1, "two"]"#).unwrap_err();
        assert!(error.to_string().contains("[1]"), "{error}");
    }

    pub(super) fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
                prop::collection::hash_map(any::<String>(), inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_ascii_and_reads_back(value in any_json()) {
            let text = text(&value);
            prop_assert!(text.is_ascii());
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        }

        #[test]
        fn the_size_is_compared_exactly(value in any_json()) {
            let encoded = encode(&value).unwrap();
            let size = text(&value).len() as u64;
            prop_assert!(is_json_at_least(&encoded, size));
            prop_assert!(!is_json_at_least(&encoded, size + 1));
            prop_assert!(is_json_at_least(&encoded, 0));
        }
    }
}
