//! The JSON text of an encoded value, made as it is asked for.

use std::io;

use bytes::Bytes;

use super::parts::PIECE;
use crate::json::{Walk, write_range};

/// The text in pieces of about [`PIECE`] bytes. It ends behind the first error.
pub(super) struct EncodedText {
    encoded: Bytes,
    walk: Option<Walk>,
}

impl EncodedText {
    pub(super) fn new(encoded: Bytes) -> Self {
        Self {
            encoded,
            walk: Some(Walk::default()),
        }
    }
}

impl Iterator for EncodedText {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<io::Result<Bytes>> {
        let mut walk = self.walk.take()?;
        // A small value takes no room for a whole piece.
        let length = PIECE.min(self.encoded.len() - walk.at());
        let mut text = Vec::with_capacity(length + length / 2);
        let end = walk.at().saturating_add(PIECE);
        match write_range(&mut walk, &self.encoded, end, &mut text) {
            Ok(true) => {}
            Ok(false) => self.walk = Some(walk),
            Err(error) => return Some(Err(error)),
        }
        Some(Ok(text.into()))
    }
}
