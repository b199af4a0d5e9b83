//! The body of a request.

use aileron_wire::json::RawJson;
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use serde_json::{Value, json};

use super::json_error::json_error;
use super::{Place, Problems};
use crate::refusal::Refusal;

/// The body of a request, as it came.
#[derive(Debug)]
pub(crate) struct Body {
    bytes: Bytes,
    is_json: bool,
}

/// What a body holds.
#[derive(Debug)]
pub(crate) enum Payload {
    /// Nothing, or `null`.
    Nothing,
    /// JSON.
    Json(Value),
    /// Something with another content type.
    Other(Value),
}

impl Body {
    pub(crate) fn new(bytes: Bytes, headers: &HeaderMap) -> Self {
        let is_json = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(says_json);
        Self { bytes, is_json }
    }

    pub(crate) fn payload(&self) -> Result<Payload, Refusal> {
        if self.bytes.is_empty() {
            return Ok(Payload::Nothing);
        }
        if !self.is_json {
            let text = String::from_utf8_lossy(&self.bytes).into_owned();
            return Ok(Payload::Other(Value::String(text)));
        }
        match serde_json::from_slice(&self.bytes) {
            Ok(Value::Null) => Ok(Payload::Nothing),
            Ok(value) => Ok(Payload::Json(value)),
            Err(_) => Err(self.not_json()),
        }
    }

    /// A value that must be there.
    pub(crate) fn required(&self) -> Result<Value, Refusal> {
        match self.payload()? {
            Payload::Json(value) | Payload::Other(value) => Ok(value),
            Payload::Nothing => {
                let mut problems = Problems::default();
                let read = problems.missing(&Place::part("body"), &Value::Null);
                problems.finish(read)
            }
        }
    }

    /// One JSON value, not taken apart; `null` for an empty body.
    pub(crate) fn raw(&self) -> Result<RawJson, Refusal> {
        if self.bytes.is_empty() {
            return Ok(RawJson::null());
        }
        if !self.is_json {
            let mut problems = Problems::default();
            let text = Value::String(String::from_utf8_lossy(&self.bytes).into_owned());
            let read = problems.add(
                "invalid-json-value",
                &Place::part("body"),
                "input was not a valid JSON value",
                &text,
            );
            return problems.finish(read);
        }
        serde_json::from_slice::<Box<serde_json::value::RawValue>>(&self.bytes)
            .map(RawJson::from)
            .map_err(|_| self.not_json())
    }

    fn not_json(&self) -> Refusal {
        let (message, position) = json_error(&String::from_utf8_lossy(&self.bytes));
        Refusal::invalid(vec![json!({
            "type": "json_invalid",
            "loc": ["body", position],
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": message},
        })])
    }
}

/// Whether a content type is `application/json` or one built on it.
fn says_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}
