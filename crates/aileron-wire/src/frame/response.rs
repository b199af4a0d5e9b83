//! What the supervisor sends.

use bytes::Bytes;
use serde::Serialize;

use super::{EncodeError, FrameError, PREFIX, infallible, nothing_behind, read_head, seal};
use crate::json;
use crate::msgpack::{self, Kind, Token};

/// A response of the supervisor: `[id, body, error]`, where trailing `nil`s may be left out.
///
/// A request that needs no data is answered with neither body nor error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The id of the request; 0 for the first frame, which nobody asked for.
    pub id: u64,
    /// The encoded map, a slice of the payload when it was decoded.
    pub body: Option<Bytes>,
    /// An encoded `ErrorResponse`, when the supervisor could not handle the request.
    pub error: Option<Bytes>,
}

impl Response {
    /// Reads a payload, as [`FrameDecoder::next_frame`](super::FrameDecoder::next_frame) returns it.
    ///
    /// # Errors
    ///
    /// Any [`FrameError`] about the content.
    pub fn decode(payload: Bytes) -> Result<Self, FrameError> {
        let (arity, id, start) = read_head(&payload, 1..=3, "1, 2 or 3")?;
        let (mut body, mut error, mut end) = (None, None, start);
        if arity >= 2 {
            (body, end) = read_map(&payload, end, |found| FrameError::BodyNotAMap { found })?;
        }
        if arity == 3 {
            (error, end) = read_map(&payload, end, |found| FrameError::ErrorNotAMap { found })?;
        }
        nothing_behind(&payload, end)?;
        Ok(Self { id, body, error })
    }

    /// The frame, length prefix included, always with three values.
    ///
    /// # Errors
    ///
    /// [`FrameError::Oversized`] past [`MAX_PAYLOAD`](super::MAX_PAYLOAD).
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        let parts = [&self.body, &self.error];
        let size: usize = parts
            .iter()
            .map(|part| part.as_ref().map_or(1, Bytes::len))
            .sum();
        let mut frame = Vec::with_capacity(PREFIX + 10 + size);
        start(&mut frame, self.id);
        for part in parts {
            frame.extend_from_slice(part.as_deref().unwrap_or(NIL));
        }
        seal(frame)
    }
}

/// Encodes a message straight into a response frame, length prefix included.
///
/// # Errors
///
/// [`EncodeError::Serialize`], [`EncodeError::NotJson`], or [`FrameError::Oversized`].
pub fn response_frame<M: Serialize>(id: u64, message: &M) -> Result<Vec<u8>, EncodeError> {
    let mut frame = Vec::with_capacity(256);
    start(&mut frame, id);
    json::encode_onto(&mut frame, message)
        .map_err(json::JsonEncodeError::into_encode_error::<M>)?;
    frame.extend_from_slice(NIL);
    Ok(seal(frame)?)
}

const NIL: &[u8] = &[0xc0];

fn start(frame: &mut Vec<u8>, id: u64) {
    frame.extend_from_slice(&[0; PREFIX]);
    infallible(rmp::encode::write_array_len(frame, 3));
    infallible(rmp::encode::write_uint(frame, id));
}

fn read_map(
    payload: &Bytes,
    at: usize,
    not_a_map: fn(Kind) -> FrameError,
) -> Result<(Option<Bytes>, usize), FrameError> {
    match msgpack::token(payload, at)? {
        (Token::Nil, behind) => Ok((None, behind)),
        (Token::Map(_), _) => {
            let end = msgpack::skip(payload, at)?;
            Ok((Some(payload.slice(at..end)), end))
        }
        (other, _) => Err(not_a_map(other.kind())),
    }
}
