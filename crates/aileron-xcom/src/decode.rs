//! From bytes or a tree to a Rust type.

use aileron_wire::json::{self, JsonDecodeError};
use memchr::memmem;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::de::Unwrapping;
use crate::wrapped::CLASSNAME;

/// Whether the encoded bytes may hold a wrapped value. Without one, reading needs no look at any class.
#[must_use]
pub fn holds_wrapped(encoded: &[u8]) -> bool {
    memmem::find(encoded, CLASSNAME.as_bytes()).is_some()
}

/// Decodes an XCom from MessagePack and unwraps Python values where `T` asks for what they are.
///
/// Bytes that hold no wrapped value are read straight into `T`.
///
/// # Errors
/// [`JsonDecodeError`], with the path into the value.
///
/// ```
/// use aileron_wire::json;
/// let encoded = json::encode(&serde_json::json!(
///     {"__classname__": "builtins.set", "__version__": 1, "__data__": [1, 2]}
/// ))?;
/// assert_eq!(aileron_xcom::decode::<Vec<u8>>(&encoded)?, [1, 2]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode<T: DeserializeOwned>(encoded: &[u8]) -> Result<T, JsonDecodeError> {
    if holds_wrapped(encoded) {
        from_value(&json::decode::<Value>(encoded)?)
    } else {
        json::decode(encoded)
    }
}

/// Like [`decode`], from a tree.
///
/// # Errors
/// [`JsonDecodeError::Mismatch`], with the path into the value.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, JsonDecodeError> {
    if let Ok(read) = T::deserialize(Unwrapping::new(value)) {
        return Ok(read);
    }
    // Once more, to learn where it does not fit.
    serde_path_to_error::deserialize(Unwrapping::new(value))
        .map_err(|error| JsonDecodeError::at(value, error))
}
