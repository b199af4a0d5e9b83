//! What a task sends.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use super::{EncodeError, FrameError, PREFIX, infallible, nothing_behind, read_head, seal};
use crate::json;
use crate::msgpack::{self, Kind, Token};

/// A request: `[id, body]`, `[id, body, context_carrier]` or `[id, body, context_carrier, ti_id]`.
///
/// Airflow's Python tasks write every value, `nil` for what is absent: three with Airflow 3.3, four
/// with Airflow 3.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Chosen by the task; the response carries it back.
    pub id: u64,
    /// The encoded map; a slice of the payload when it was decoded.
    pub body: Bytes,
    /// W3C trace context (`traceparent`, `tracestate`), when the task runs inside a trace.
    pub context_carrier: Option<BTreeMap<String, String>>,
    /// The task instance whose trigger asks. Only the triggerer's own processes set it, since
    /// Airflow 3.4.
    pub ti_id: Option<Uuid>,
}

impl Request {
    /// Reads a payload, as [`FrameDecoder::next_frame`](super::FrameDecoder::next_frame) returns it.
    ///
    /// # Errors
    ///
    /// Any [`FrameError`] about the content.
    pub fn decode(payload: Bytes) -> Result<Self, FrameError> {
        let (arity, id, start) = read_head(&payload, 2..=4, "2, 3 or 4")?;
        let head = msgpack::token(&payload, start)?.0;
        if !matches!(head, Token::Map(_)) {
            return Err(FrameError::BodyNotAMap { found: head.kind() });
        }
        let body_end = msgpack::skip(&payload, start)?;
        let (mut context_carrier, mut ti_id, mut end) = (None, None, body_end);
        if arity >= 3 {
            (context_carrier, end) = read_carrier(&payload, end)?;
        }
        if arity == 4 {
            (ti_id, end) = read_ti_id(&payload, end)?;
        }
        nothing_behind(&payload, end)?;
        Ok(Self {
            id,
            body: payload.slice(start..body_end),
            context_carrier,
            ti_id,
        })
    }

    /// The frame, length prefix included, with as few values as say everything.
    ///
    /// # Errors
    ///
    /// [`FrameError::Oversized`].
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        let Some(ti_id) = self.ti_id else {
            return encode_request(self.id, &self.body, self.context_carrier.as_ref());
        };
        let mut frame = Vec::new();
        start(&mut frame, self.id, 4);
        frame.extend_from_slice(&self.body);
        match &self.context_carrier {
            Some(carrier) => write_carrier(&mut frame, Some(carrier)),
            None => infallible(rmp::encode::write_nil(&mut frame)),
        }
        infallible(rmp::encode::write_str(&mut frame, &ti_id.to_string()));
        seal(frame)
    }
}

/// Puts an encoded body into a frame, length prefix included: one allocation, one copy.
///
/// # Errors
///
/// [`FrameError::Oversized`] past [`MAX_PAYLOAD`](super::MAX_PAYLOAD).
pub fn encode_request(
    id: u64,
    body: &[u8],
    carrier: Option<&BTreeMap<String, String>>,
) -> Result<Vec<u8>, FrameError> {
    let mut frame = Vec::with_capacity(PREFIX + HEAD_MAX + body.len() + carrier_size(carrier));
    start(&mut frame, id, 2 + u32::from(carrier.is_some()));
    frame.extend_from_slice(body);
    write_carrier(&mut frame, carrier);
    seal(frame)
}

/// Encodes a message straight into a frame, length prefix included, with no copy of its body.
///
/// # Errors
///
/// [`EncodeError::Serialize`], [`EncodeError::NotJson`], or [`FrameError::Oversized`].
///
/// ```
/// use aileron_wire::frame::{Request, request_frame};
/// use aileron_wire::message::GetVariable;
///
/// let frame = request_frame(7, &GetVariable { key: "country".into() }, None)?;
/// let request = Request::decode(bytes::Bytes::from(frame).slice(4..))?;
/// assert_eq!(request.id, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn request_frame<M: Serialize>(
    id: u64,
    message: &M,
    carrier: Option<&BTreeMap<String, String>>,
) -> Result<Vec<u8>, EncodeError> {
    let mut frame = Vec::with_capacity(256);
    start(&mut frame, id, 2 + u32::from(carrier.is_some()));
    json::encode_onto(&mut frame, message)
        .map_err(json::JsonEncodeError::into_encode_error::<M>)?;
    write_carrier(&mut frame, carrier);
    Ok(seal(frame)?)
}

/// Bytes of the array head and the longest id.
const HEAD_MAX: usize = 10;

fn carrier_size(carrier: Option<&BTreeMap<String, String>>) -> usize {
    // Five bytes are the longest head of a map or a string.
    carrier.map_or(0, |carrier| {
        5 + carrier
            .iter()
            .map(|(k, v)| 10 + k.len() + v.len())
            .sum::<usize>()
    })
}

fn start(frame: &mut Vec<u8>, id: u64, arity: u32) {
    frame.extend_from_slice(&[0; PREFIX]);
    infallible(rmp::encode::write_array_len(frame, arity));
    infallible(rmp::encode::write_uint(frame, id));
}

fn write_carrier(frame: &mut Vec<u8>, carrier: Option<&BTreeMap<String, String>>) {
    let Some(carrier) = carrier else { return };
    // A trace context has two or three entries; 2^32 of them cannot be in memory.
    infallible(rmp::encode::write_map_len(frame, carrier.len() as u32));
    for (key, value) in carrier {
        infallible(rmp::encode::write_str(frame, key));
        infallible(rmp::encode::write_str(frame, value));
    }
}

type Carrier = Option<BTreeMap<String, String>>;

fn read_carrier(payload: &[u8], at: usize) -> Result<(Carrier, usize), FrameError> {
    let (head, mut at) = msgpack::token(payload, at)?;
    let pairs = match head {
        Token::Nil => return Ok((None, at)),
        Token::Map(pairs) => pairs,
        other => {
            return Err(FrameError::BadCarrier {
                found: other.kind(),
            });
        }
    };
    let mut carrier = BTreeMap::new();
    for _ in 0..pairs {
        let (key, behind_key) = read_string(payload, at)?;
        let (value, behind) = read_string(payload, behind_key)?;
        carrier.insert(key, value);
        at = behind;
    }
    Ok((Some(carrier), at))
}

fn read_ti_id(payload: &[u8], at: usize) -> Result<(Option<Uuid>, usize), FrameError> {
    let (token, behind) = msgpack::token(payload, at)?;
    let bad = |found: String| FrameError::BadTaskInstanceId { found };
    match token {
        Token::Nil => Ok((None, behind)),
        Token::String(range) => {
            let text = msgpack::text(payload, range)?;
            let id = text
                .parse()
                .map_err(|_| bad(format!("the string {text:.40?}")))?;
            Ok((Some(id), behind))
        }
        other => Err(bad(other.kind().to_string())),
    }
}

fn read_string(payload: &[u8], at: usize) -> Result<(String, usize), FrameError> {
    match msgpack::token(payload, at)? {
        (Token::String(range), behind) => Ok((msgpack::text(payload, range)?.to_owned(), behind)),
        (other, _) => {
            let found: Kind = other.kind();
            Err(FrameError::BadCarrier { found })
        }
    }
}
