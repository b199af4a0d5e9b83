//! Encoding values so that they are JSON.

use serde::Serialize;

use super::check::{NotJson, Problem, check, check_finite};
use crate::frame::EncodeError;

/// Why a value cannot be encoded as JSON.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JsonEncodeError {
    /// `serde` refused the value.
    #[error("cannot encode the value: {0}")]
    Serialize(String),
    /// The value holds something that JSON cannot say.
    #[error("the value is not JSON: {0}")]
    NotJson(#[from] NotJson),
}

impl JsonEncodeError {
    pub(crate) fn into_encode_error<M>(self) -> EncodeError {
        let message_type = short_type_name::<M>();
        match self {
            Self::Serialize(reason) => EncodeError::Serialize {
                message_type,
                reason,
            },
            Self::NotJson(problem) => EncodeError::NotJson {
                message_type,
                problem,
            },
        }
    }
}

/// `SetXCom` for `aileron_wire::message::SetXCom<Vec<u8>>`.
fn short_type_name<M>() -> &'static str {
    let name = std::any::type_name::<M>();
    let name = name.split('<').next().unwrap_or(name);
    name.rsplit("::").next().unwrap_or(name)
}

/// Encodes a value as MessagePack that is JSON.
///
/// Structs become maps. Maps with integer, boolean or unit-variant keys get string keys, and bytes
/// become an array of numbers: the same as `serde_json` does.
///
/// # Errors
///
/// [`JsonEncodeError::NotJson`] for NaN and infinities (where `serde_json` would write a `null`)
/// and for nesting past [`MAX_DEPTH`](crate::msgpack::MAX_DEPTH);
/// [`JsonEncodeError::Serialize`] for what `serde` cannot put into JSON at all.
///
/// ```
/// use std::collections::BTreeMap;
///
/// let by_id = BTreeMap::from([(7_u32, "seven")]);
/// assert_eq!(aileron_wire::json::encode(&by_id)?, b"\x81\xa17\xa5seven");
/// # Ok::<(), aileron_wire::json::JsonEncodeError>(())
/// ```
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, JsonEncodeError> {
    let mut encoded = Vec::new();
    encode_onto(&mut encoded, value)?;
    Ok(encoded)
}

/// Like [`encode`], behind what `out` holds already. After an error `out` holds rubbish.
pub(crate) fn encode_onto<T: Serialize + ?Sized>(
    out: &mut Vec<u8>,
    value: &T,
) -> Result<(), JsonEncodeError> {
    let start = out.len();
    write(out, value)?;
    match check(&out[start..]) {
        Ok(()) => return Ok(()),
        Err(NotJson {
            problem: Problem::Key(_) | Problem::Binary | Problem::Extension(_),
            ..
        }) => {}
        Err(other) => return Err(other.into()),
    }
    // The slow way below would turn a NaN into a null without a word.
    check_finite(&out[start..])?;
    out.truncate(start);
    let tree = serde_json::to_value(value)
        .map_err(|error| JsonEncodeError::Serialize(error.to_string()))?;
    write(out, &tree)?;
    Ok(check(&out[start..])?)
}

fn write<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) -> Result<(), JsonEncodeError> {
    let mut serializer = rmp_serde::Serializer::new(out)
        .with_struct_map()
        .with_human_readable();
    value
        .serialize(&mut serializer)
        .map_err(|error| JsonEncodeError::Serialize(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::json::decode;

    struct Bytes;

    impl Serialize for Bytes {
        fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            s.serialize_bytes(&[1, 2])
        }
    }

    #[test]
    fn what_serde_json_would_write_is_what_is_sent() {
        let cases: [(Vec<u8>, serde_json::Value); 3] = [
            (
                encode(&BTreeMap::from([(1_u8, "a")])).unwrap(),
                serde_json::json!({"1": "a"}),
            ),
            (encode(&Bytes).unwrap(), serde_json::json!([1, 2])),
            (
                encode(&BTreeMap::from([(true, 1)])).unwrap(),
                serde_json::json!({"true": 1}),
            ),
        ];
        for (encoded, expected) in cases {
            assert_eq!(decode::<serde_json::Value>(&encoded).unwrap(), expected);
        }
    }

    #[test]
    fn a_nan_is_refused_even_behind_an_integer_key() {
        let value = BTreeMap::from([(1_u8, 1.0), (2, f64::NAN)]);
        let error = encode(&value).unwrap_err();
        assert!(
            matches!(&error, JsonEncodeError::NotJson(NotJson { path, problem: Problem::NonFinite }) if path == "2"),
            "{error}"
        );
    }

    #[test]
    fn a_key_that_json_cannot_say_is_an_error() {
        assert!(matches!(
            encode(&BTreeMap::from([(vec![1], 1)])),
            Err(JsonEncodeError::Serialize(_))
        ));
    }

    #[test]
    fn the_type_name_in_errors_is_short() {
        assert_eq!(short_type_name::<Option<Vec<u8>>>(), "Option");
        assert_eq!(short_type_name::<NotJson>(), "NotJson");
    }
}
