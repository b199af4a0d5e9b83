//! The text of an object that was read.

use aileron_wire::json::JsonDecodeError;
use serde::de::DeserializeOwned;

use crate::json::decode_pieces;

/// The JSON text of an object, whole and checked, and not decoded yet.
#[derive(Debug)]
pub struct ObjectText {
    pieces: Vec<Vec<u8>>,
}

impl ObjectText {
    pub(super) fn new(pieces: Vec<Vec<u8>>) -> Self {
        Self { pieces }
    }

    /// Reads the value into a Rust type, as [`decode_json`](crate::decode_json()) does. Of a long list memory holds its text or what
    /// was read of it, not both.
    ///
    /// # Errors
    /// [`JsonDecodeError`], with the path into the value.
    pub fn decode<T: DeserializeOwned>(self) -> Result<T, JsonDecodeError> {
        decode_pieces(self.pieces)
    }

    /// Whether the value is a null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(&self.pieces[..], [whole] if whole.trim_ascii() == b"null")
    }

    /// Writes the text behind other text.
    pub fn append_to(self, out: &mut Vec<u8>) {
        out.reserve(self.pieces.iter().map(Vec::len).sum());
        for piece in self.pieces {
            out.extend_from_slice(&piece);
        }
    }
}
