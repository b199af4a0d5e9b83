//! A reply of the supervisor, still encoded.

use std::ops::Range;

use aileron_wire::frame::{self, Response};
use aileron_wire::message::{ErrorResponse, Message};
use aileron_wire::msgpack::{self, Token, WalkError};
use bytes::Bytes;
use serde::de::DeserializeOwned;

use super::CommError;

/// A reply as it came: the encoded body, or none where the supervisor only acknowledges.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    body: Option<Bytes>,
    error: Option<Bytes>,
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self {
            body: response.body,
            error: response.error,
        }
    }
}

impl Reply {
    /// A reply made of an encoded body.
    pub(crate) fn of(body: Option<Bytes>) -> Self {
        Self { body, error: None }
    }

    /// Turns both of the protocol's error envelopes into [`CommError::Refused`]: the third element of the frame (the
    /// supervisor's handler failed) and a body of the type `ErrorResponse` (Airflow said no).
    pub(crate) fn or_refused(self, request: &str) -> Result<Self, CommError> {
        if let Some(error) = &self.error {
            return Err(refused(request, error));
        }
        if let Some(body) = &self.body {
            let kind = frame::message_type(body).map_err(|e| CommError::bad_reply(request, e))?;
            if kind == ErrorResponse::TYPE {
                return Err(refused(request, body));
            }
        }
        Ok(self)
    }

    /// Reads the body as an `R`.
    pub(crate) fn read<R: Message + DeserializeOwned>(
        &self,
        request: &str,
    ) -> Result<R, CommError> {
        let Some(body) = &self.body else {
            return Err(CommError::bad_reply(
                request,
                format_args!("expected {}, got an empty body", R::TYPE),
            ));
        };
        R::decode(body).map_err(|e| CommError::bad_reply(request, e))
    }

    /// Whether the body may hold a wrapped Python value.
    pub(crate) fn holds_wrapped(&self) -> bool {
        self.body
            .as_ref()
            .is_some_and(|body| aileron_xcom::holds_wrapped(body))
    }

    /// A field that every `R` has, still encoded, without copying it.
    pub(crate) fn required_field<R: Message>(
        &self,
        request: &str,
        name: &str,
    ) -> Result<Bytes, CommError> {
        let body = self.body.as_deref().unwrap_or_default();
        let kind = frame::message_type(body).map_err(|e| CommError::bad_reply(request, e))?;
        if kind != R::TYPE {
            let reason = format_args!("expected {}, got {kind}", R::TYPE);
            return Err(CommError::bad_reply(request, reason));
        }
        self.field(request, name)?.ok_or_else(|| {
            CommError::bad_reply(request, format_args!("{kind} without a field `{name}`"))
        })
    }

    /// One field of the body, still encoded, without copying it.
    pub(crate) fn field(&self, request: &str, name: &str) -> Result<Option<Bytes>, CommError> {
        let Some(body) = &self.body else {
            return Ok(None);
        };
        match field(body, name) {
            Ok(range) => Ok(range.map(|range| body.slice(range))),
            Err(error) => Err(CommError::bad_reply(request, error)),
        }
    }
}

fn refused(request: &str, encoded: &[u8]) -> CommError {
    match ErrorResponse::decode_checked(encoded) {
        Ok(response) => CommError::Refused {
            request: request.to_owned(),
            error: response.error.to_string(),
            detail: response.detail.map_or(serde_json::Value::Null, Into::into),
        },
        Err(error) => CommError::bad_reply(request, error),
    }
}

/// Where the value of a key lies in an encoded map.
fn field(body: &[u8], name: &str) -> Result<Option<Range<usize>>, WalkError> {
    let (Token::Map(pairs), mut at) = msgpack::token(body, 0)? else {
        return Ok(None);
    };
    for _ in 0..pairs {
        let (key, _) = msgpack::token(body, at)?;
        let value = msgpack::skip(body, at)?;
        let end = msgpack::skip(body, value)?;
        if matches!(key, Token::String(range) if &body[range.clone()] == name.as_bytes()) {
            return Ok(Some(value..end));
        }
        at = end;
    }
    Ok(None)
}
