//! Frames: a 4-byte big-endian length, then that many bytes of MessagePack.
//!
//! A task sends a [`Request`], an array of its id, its body and, if need be, a trace context. The
//! supervisor sends a [`Response`], an array `[id, body, error]`; encoders may leave trailing
//! `nil`s out. Bodies stay encoded here: [`message`](crate::message) decodes them.
//!
//! Source of the format: `airflow.sdk.execution_time.comms` (`_RequestFrame`, `_ResponseFrame`).

mod decoder;
mod request;
mod response;

pub use decoder::{FrameDecoder, FrameLimit};
pub use request::{Request, encode_request, request_frame};
pub use response::{Response, response_frame};

use crate::json::NotJson;
use crate::msgpack::{self, Kind, Token, WalkError};

/// The largest payload that the length prefix can announce, in bytes: 2^32-1.
pub const MAX_PAYLOAD: u64 = u32::MAX as u64;

/// How many bytes the length prefix takes.
pub(crate) const PREFIX: usize = 4;

/// What is wrong with a frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame: {received} of {expected} bytes came")]
    Truncated {
        /// Bytes that came, the length prefix included.
        received: u64,
        /// Bytes of the whole frame, the length prefix included; 4 when not even that came whole.
        expected: u64,
    },
    /// A frame of length zero.
    #[error("a frame of length 0: every frame carries at least an id")]
    Empty,
    /// A frame larger than the limit, on the way in or out.
    #[error("a frame of {length} bytes is over the limit of {limit} bytes")]
    Oversized {
        /// Length of the payload in bytes.
        length: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// The payload is not an array.
    #[error("a frame must be an array, but {found} came")]
    NotAnArray {
        /// What came.
        found: Kind,
    },
    /// An array of the wrong length.
    #[error("a frame must be an array of {expected} values, but one of {found} came")]
    WrongArity {
        /// Length of the array that came.
        found: u32,
        /// The lengths that are allowed, in words.
        expected: &'static str,
    },
    /// The first value is not an integer from 0 to 2^64-1.
    #[error("the id of a frame must be an integer from 0 to 2^64-1, but {found} came")]
    BadId {
        /// What came: a kind, or the number that is out of range.
        found: String,
    },
    /// The second value is not a map.
    #[error("the body of a frame must be a map, but {found} came")]
    BodyNotAMap {
        /// What came.
        found: Kind,
    },
    /// The third value of a response is neither a map nor `nil`.
    #[error("the error of a frame must be a map or nil, but {found} came")]
    ErrorNotAMap {
        /// What came.
        found: Kind,
    },
    /// The third value of a request is neither a map of strings nor `nil`.
    #[error("the context carrier of a frame must be a map of strings or nil, but {found} came")]
    BadCarrier {
        /// What came.
        found: Kind,
    },
    /// The fourth value of a request is neither a UUID nor `nil`.
    #[error("the task instance id of a frame must be a UUID or nil, but {found} came")]
    BadTaskInstanceId {
        /// What came.
        found: String,
    },
    /// Bytes behind the end of the array.
    #[error("{count} bytes lie behind the end of the frame's array")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// The payload is not MessagePack, or is nested too deeply.
    #[error("a frame is corrupt: {0}")]
    Corrupt(#[from] WalkError),
    /// A body without the key `type`.
    #[error("a body must have the key `type`, and this one has not")]
    MissingType,
    /// A body whose `type` is not a string.
    #[error("the `type` of a body must be a string, but {found} came")]
    TypeNotAString {
        /// What came.
        found: Kind,
    },
}

/// Why a message cannot be put into a frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// `serde` refused the message.
    #[error("cannot encode {message_type}: {reason}")]
    Serialize {
        /// The `type` of the message, or the name of its Rust type.
        message_type: &'static str,
        /// What `serde` said.
        reason: String,
    },
    /// The message holds something that JSON cannot say. The supervisor would drop such a request
    /// without an answer, so it is refused here.
    #[error("cannot send {message_type}: {problem}")]
    NotJson {
        /// The `type` of the message, or the name of its Rust type.
        message_type: &'static str,
        /// What and where.
        problem: NotJson,
    },
    /// The frame cannot be built.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Reads the `type` of an encoded body and skips the rest of it undecoded.
///
/// # Errors
///
/// [`FrameError::BodyNotAMap`], [`FrameError::MissingType`], [`FrameError::TypeNotAString`], or
/// [`FrameError::Corrupt`] when the map cannot be walked.
///
/// ```
/// // {"ok": true, "type": "OKResponse"}
/// let body = b"\x82\xa2ok\xc3\xa4type\xaaOKResponse";
/// assert_eq!(aileron_wire::frame::message_type(body)?, "OKResponse");
/// # Ok::<(), aileron_wire::frame::FrameError>(())
/// ```
pub fn message_type(body: &[u8]) -> Result<&str, FrameError> {
    let (head, mut at) = msgpack::token(body, 0)?;
    let Token::Map(pairs) = head else {
        return Err(FrameError::BodyNotAMap { found: head.kind() });
    };
    for _ in 0..pairs {
        let (key, behind) = msgpack::token(body, at)?;
        let is_type = matches!(&key, Token::String(range) if &body[range.clone()] == b"type");
        // A key that is a map or an array itself has to be skipped whole.
        at = if matches!(key, Token::Array(_) | Token::Map(_)) {
            msgpack::skip(body, at)?
        } else {
            behind
        };
        if is_type {
            return match msgpack::token(body, at)?.0 {
                Token::String(range) => Ok(msgpack::text(body, range)?),
                other => Err(FrameError::TypeNotAString {
                    found: other.kind(),
                }),
            };
        }
        at = msgpack::skip(body, at)?;
    }
    Err(FrameError::MissingType)
}

/// Reads the head of a frame's array and its id; returns the arity, the id and the offset behind.
fn read_head(
    payload: &[u8],
    allowed: std::ops::RangeInclusive<u32>,
    expected: &'static str,
) -> Result<(u32, u64, usize), FrameError> {
    if payload.is_empty() {
        return Err(FrameError::Empty);
    }
    let (head, at) = msgpack::token(payload, 0)?;
    let Token::Array(arity) = head else {
        return Err(FrameError::NotAnArray { found: head.kind() });
    };
    if !allowed.contains(&arity) {
        return Err(FrameError::WrongArity {
            found: arity,
            expected,
        });
    }
    let (id, at) = msgpack::token(payload, at)?;
    let id = match id {
        Token::Integer(id) => u64::try_from(id).map_err(|_| FrameError::BadId {
            found: id.to_string(),
        })?,
        other => {
            return Err(FrameError::BadId {
                found: other.kind().to_string(),
            });
        }
    };
    Ok((arity, id, at))
}

/// Fails when anything lies behind `end`.
fn nothing_behind(payload: &[u8], end: usize) -> Result<(), FrameError> {
    match payload.len() - end {
        0 => Ok(()),
        count => Err(FrameError::TrailingBytes { count }),
    }
}

/// Writes the length of what lies behind the first four bytes into them.
fn seal(mut frame: Vec<u8>) -> Result<Vec<u8>, FrameError> {
    let length = (frame.len() - PREFIX) as u64;
    let prefix = u32::try_from(length).map_err(|_| FrameError::Oversized {
        length,
        limit: MAX_PAYLOAD,
    })?;
    frame[..PREFIX].copy_from_slice(&prefix.to_be_bytes());
    Ok(frame)
}

/// Writing to a `Vec` never fails; `rmp` cannot know that.
fn infallible<T, E: std::fmt::Debug>(written: Result<T, E>) {
    written.expect("writing to a Vec does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_is_found_wherever_it_stands() {
        for (body, expected) in [
            (serde_json::json!({"type": "A"}), "A"),
            (
                serde_json::json!({"value": {"type": "inner"}, "rows": [{"type": "x"}], "type": "B"}),
                "B",
            ),
        ] {
            let body = rmp_serde::to_vec(&body).unwrap();
            assert_eq!(message_type(&body).unwrap(), expected);
        }
    }

    #[test]
    fn a_body_without_a_usable_type_is_named() {
        for (body, error) in [
            (&b"\x81\xa1a\x01"[..], FrameError::MissingType),
            (b"\x80", FrameError::MissingType),
            (
                b"\x81\xa4type\x07",
                FrameError::TypeNotAString {
                    found: Kind::Integer,
                },
            ),
            (
                b"\x93\x01\x02\x03",
                FrameError::BodyNotAMap { found: Kind::Array },
            ),
            (b"", FrameError::Corrupt(WalkError::Cut { offset: 0 })),
            (
                b"\x81\xa4type\xa1\xff",
                FrameError::Corrupt(WalkError::NotUtf8 { offset: 7 }),
            ),
        ] {
            assert_eq!(message_type(body), Err(error), "{body:x?}");
        }
    }
}
