//! Decoding values into Rust types, with errors that say where and what.

use std::fmt::Write as _;
use std::io;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::free_form::{FromTree, tree};

/// Why a value does not fit a Rust type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonDecodeError {
    /// A part of the value has another type or another shape than expected.
    #[error("at {}: {reason}; {found} came", if .path.is_empty() { "the top" } else { .path })]
    Mismatch {
        /// The way to the part that does not fit, such as `rows[3].id`; empty for the top.
        path: String,
        /// What `serde` said.
        reason: String,
        /// The kind of what came and its first characters.
        found: String,
    },
    /// The bytes are not MessagePack.
    #[error("the value is not MessagePack: {0}")]
    Corrupt(String),
    /// The text is not JSON, or holds what no Rust value of JSON can.
    #[error("the value is not JSON: {0}")]
    NotJson(String),
}

impl JsonDecodeError {
    /// The error of a type that did not fit `tree`: it names the place and shows what came there.
    #[must_use]
    pub fn at<E: std::fmt::Display>(tree: &Value, error: serde_path_to_error::Error<E>) -> Self {
        mismatch(tree, error).into()
    }
}

impl From<Mismatch> for JsonDecodeError {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::At {
                path,
                reason,
                value,
            } => Self::Mismatch {
                path,
                reason,
                found: describe(&value),
            },
            Mismatch::Corrupt(reason) => Self::Corrupt(reason),
        }
    }
}

/// The place that does not fit, before it is put into an error.
pub(crate) enum Mismatch {
    At {
        path: String,
        reason: String,
        value: Value,
    },
    Corrupt(String),
}

/// Decodes a value, such as an XCom, into a Rust type.
///
/// Integers are accepted for floats, strings for integer map keys, and timestamps for strings.
///
/// # Errors
///
/// [`JsonDecodeError`], with the path into the value.
///
/// ```
/// let encoded = aileron_wire::json::encode(&serde_json::json!({"id": 1, "price": "dear"}))?;
/// # #[derive(Debug)]
/// #[derive(serde::Deserialize)]
/// struct Order { id: u32, price: f64 }
/// let error = aileron_wire::json::decode::<Order>(&encoded).unwrap_err();
/// assert!(error.to_string().starts_with("at price:"), "{error}");
/// # Ok::<(), aileron_wire::json::JsonEncodeError>(())
/// ```
pub fn decode<T: DeserializeOwned>(encoded: &[u8]) -> Result<T, JsonDecodeError> {
    Ok(decode_with_path(encoded)?)
}

/// Decodes straight from the bytes; only when that fails, a second time through a tree.
///
/// The tree knows the path of the failure, and it accepts what `serde_json` accepts, such as
/// strings for integer keys.
pub(crate) fn decode_with_path<T: DeserializeOwned>(encoded: &[u8]) -> Result<T, Mismatch> {
    if let Ok(value) = T::deserialize(&mut deserializer(encoded)) {
        return Ok(value);
    }
    let tree = tree(&mut deserializer(encoded), Value::expecting)
        .map_err(|error| Mismatch::Corrupt(error.to_string()))?;
    serde_path_to_error::deserialize(&tree).map_err(|error| mismatch(&tree, error))
}

fn mismatch<E: std::fmt::Display>(tree: &Value, error: serde_path_to_error::Error<E>) -> Mismatch {
    let value = at_path(tree, error.path()).clone();
    let path = match error.path().to_string() {
        path if path == "." => String::new(),
        path => path,
    };
    Mismatch::At {
        path,
        reason: error.into_inner().to_string(),
        value,
    }
}

type SliceDeserializer<'a> = rmp_serde::Deserializer<
    rmp_serde::decode::ReadRefReader<'a, [u8]>,
    rmp_serde::config::HumanReadableConfig<rmp_serde::config::DefaultConfig>,
>;

fn deserializer(encoded: &[u8]) -> SliceDeserializer<'_> {
    rmp_serde::Deserializer::from_read_ref(encoded).with_human_readable()
}

/// The part of the tree that the path leads to, or the last part that exists.
fn at_path<'a>(tree: &'a Value, path: &serde_path_to_error::Path) -> &'a Value {
    use serde_path_to_error::Segment;
    let mut here = tree;
    for segment in path {
        let next = match segment {
            Segment::Seq { index } => here.get(index),
            Segment::Map { key } => here.get(key),
            Segment::Enum { variant } => here.get(variant),
            Segment::Unknown => None,
        };
        let Some(next) = next else { break };
        here = next;
    }
    here
}

/// How many bytes of a value an error shows.
const SHOWN: usize = 80;

/// The kind of a value and its first characters.
pub(crate) fn describe(value: &Value) -> String {
    let mut text = kind_of(value).to_owned();
    if !matches!(value, Value::Null) {
        let shown = first_characters(value);
        // Writing to a String does not fail.
        let _ = write!(text, " {shown}");
    }
    text
}

/// The kind of a value, for an error that must not show the value itself.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "the boolean",
        Value::Number(_) => "the number",
        Value::String(_) => "the string",
        Value::Array(_) => "the array",
        Value::Object(_) => "the object",
    }
}

fn first_characters(value: &Value) -> String {
    let mut sink = Bounded(Vec::new());
    let whole = serde_json::to_writer(&mut sink, value).is_ok();
    let mut text = String::from_utf8_lossy(&sink.0).into_owned();
    if !whole {
        // The cut may have hit the middle of a character.
        text = text.trim_end_matches('\u{fffd}').to_owned();
        text.push('…');
    }
    text
}

/// Takes [`SHOWN`] bytes and fails then, so that a huge value is not rendered for an error.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = SHOWN - self.0.len();
        if room == 0 && !bytes.is_empty() {
            return Err(io::Error::other("enough shown"));
        }
        let taken = room.min(bytes.len());
        self.0.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap};

    use super::*;
    use crate::json::encode;

    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Row {
        id: u32,
        price: f64,
    }

    fn mismatch<T: DeserializeOwned + std::fmt::Debug>(value: &Value) -> (String, String, String) {
        match decode::<T>(&encode(value).unwrap()).unwrap_err() {
            JsonDecodeError::Mismatch {
                path,
                reason,
                found,
            } => (path, reason, found),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn an_error_names_the_place_and_what_came() {
        let rows = serde_json::json!({"rows": [{"id": 1, "price": 2}, {"id": -1, "price": 2}]});
        let (path, _, found) = mismatch::<BTreeMap<String, Vec<Row>>>(&rows);
        assert_eq!(
            (path.as_str(), found.as_str()),
            ("rows[1].id", "the number -1")
        );
        let (path, reason, found) = mismatch::<Row>(&serde_json::json!({"id": 1}));
        assert_eq!(path, "");
        assert!(reason.contains("missing field `price`"), "{reason}");
        assert_eq!(found, r#"the object {"id":1}"#);
    }

    #[test]
    fn an_error_never_shows_a_whole_long_value() {
        let (_, _, found) = mismatch::<u8>(&serde_json::json!(["ä".repeat(5_000)]));
        assert!(found.len() < 110 && found.ends_with('…'), "{found}");
    }

    #[test]
    fn integers_fit_floats_and_strings_fit_integer_keys() {
        assert_eq!(decode::<f64>(&encode(&3).unwrap()).unwrap(), 3.0);
        let map: HashMap<u32, bool> =
            decode(&encode(&serde_json::json!({"7": true})).unwrap()).unwrap();
        assert_eq!(map, HashMap::from([(7, true)]));
    }

    #[test]
    fn a_timestamp_becomes_its_text() {
        let value: Value = decode(b"\x81\xa1t\xd6\xff\x65\x92\x00\x80").unwrap();
        assert_eq!(value, serde_json::json!({"t": "2024-01-01T00:00:00Z"}));
    }

    #[test]
    fn corrupt_bytes_are_told_from_a_mismatch() {
        assert!(matches!(
            decode::<Vec<u8>>(b"\x93\x01"),
            Err(JsonDecodeError::Corrupt(_))
        ));
    }
}
