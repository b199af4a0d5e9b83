//! What a server answered, and what it means.

use aileron_execution_api::{ApiError, ErrorKind};
use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::attempt::Request;
use crate::detail;

/// An answer with any status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The id that the request had in this attempt. The server has it in its log.
    pub(crate) correlation: String,
}

impl Answer {
    fn content_type(&self) -> &str {
        let text = self.headers.get(CONTENT_TYPE).and_then(|t| t.to_str().ok());
        text.unwrap_or("no content type")
    }

    fn is_json(&self) -> bool {
        let kind = self.content_type().split(';').next().unwrap_or_default();
        let kind = kind.trim().to_ascii_lowercase();
        kind == "application/json" || kind.ends_with("+json")
    }

    /// The error that this answer is, unless it is a success.
    pub(crate) fn error(&self, request: &Request) -> Option<ApiError> {
        let status = self.status.as_u16();
        if self.status.is_success() {
            return None;
        }
        if self.status.is_redirection() {
            return Some(self.redirected(request));
        }
        if !(400..600).contains(&status) {
            return Some(self.bad(request, "which is no status of the Execution API"));
        }
        let kind = ErrorKind::of_status(status);
        let detail = if self.is_json() {
            detail::of_body(&self.body)
        } else {
            None
        };
        let Some(detail) = detail else {
            return Some(self.without_detail(request, kind));
        };
        if status == 404 && detail == "Not Found" {
            return Some(self.no_route(request));
        }
        let message = detail::readable(&detail);
        let message = match kind {
            ErrorKind::ServerError | ErrorKind::Unsupported => {
                format!(
                    "{} ({message}; {})",
                    self.status_text(),
                    self.where_to_look()
                )
            }
            _ => message,
        };
        Some(ApiError {
            status: Some(status),
            ..request.error(kind, message).with_detail(detail)
        })
    }

    fn status_text(&self) -> String {
        let reason = self.status.canonical_reason().unwrap_or_default();
        format!("the server failed with {} {reason}", self.status.as_u16())
            .trim_end()
            .to_owned()
    }

    fn where_to_look(&self) -> String {
        format!("correlation-id {} in its log", self.correlation)
    }

    /// A refusal by something that is not Airflow, or a failure that says nothing.
    fn without_detail(&self, request: &Request, kind: ErrorKind) -> ApiError {
        let status = self.status.as_u16();
        let (kind, message) = match kind {
            // These say something about what is stored, and only Airflow knows that.
            ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Gone => (
                ErrorKind::BadAnswer,
                format!(
                    "{status} came with {}, which is not how Airflow says it: {WHERE}",
                    self.content_type()
                ),
            ),
            ErrorKind::ServerError | ErrorKind::Unsupported => (
                kind,
                format!("{} ({})", self.status_text(), self.where_to_look()),
            ),
            _ => (
                kind,
                format!(
                    "the request was refused with {status} and {}, without a reason: {WHERE}",
                    self.content_type()
                ),
            ),
        };
        ApiError {
            status: Some(status),
            ..request.error(kind, message)
        }
    }

    fn no_route(&self, request: &Request) -> ApiError {
        ApiError {
            status: Some(404),
            ..request.error(
                ErrorKind::Unsupported,
                format!("the server does not know this operation: it may be of an older Airflow; otherwise {WHERE}"),
            )
            .with_detail("Not Found".into())
        }
    }

    fn redirected(&self, request: &Request) -> ApiError {
        let target = self.headers.get(LOCATION).and_then(|t| t.to_str().ok());
        // Only where to: a query may hold anything.
        let target = target.and_then(|target| target.split(['?', '#']).next());
        self.bad(
            request,
            &format!(
                "a redirection to {:?}, and a token is not sent elsewhere: {WHERE}",
                target.unwrap_or_default()
            ),
        )
    }

    /// An answer that makes no sense.
    pub(crate) fn bad(&self, request: &Request, why: &str) -> ApiError {
        let status = self.status.as_u16();
        ApiError {
            status: Some(status),
            ..request.error(ErrorKind::BadAnswer, format!("{status} came, {why}"))
        }
    }

    /// Makes sure that nobody but Airflow has said yes.
    pub(crate) fn done(&self, request: &Request) -> Result<(), ApiError> {
        if self.body.is_empty() || self.is_json() {
            return Ok(());
        }
        Err(self.bad(
            request,
            &format!(
                "with {}, which is not how Airflow says it: {WHERE}",
                self.content_type()
            ),
        ))
    }

    /// Reads the JSON of a success.
    ///
    /// The error holds no part of the answer but the names of its fields.
    pub(crate) fn json<T: DeserializeOwned>(&self, request: &Request) -> Result<T, ApiError> {
        if !self.is_json() {
            return Err(self.bad(
                request,
                &format!("with {} instead of JSON: {WHERE}", self.content_type()),
            ));
        }
        let mut json = serde_json::Deserializer::from_slice(&self.body);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            let place = match error.inner().classify() {
                serde_json::error::Category::Data => format!("does not fit at {path}"),
                _ => "is not whole".to_owned(),
            };
            self.bad(
                request,
                &format!(
                    "and its JSON {place} (line {}, column {})",
                    error.inner().line(),
                    error.inner().column()
                ),
            )
        })?;
        json.end()
            .map_err(|_| self.bad(request, "and something follows its JSON"))?;
        Ok(value)
    }

    /// The text of a success that is one JSON value.
    pub(crate) fn text(&self, request: &Request) -> Result<String, ApiError> {
        if !self.is_json() {
            return Err(self.bad(
                request,
                &format!("with {} instead of JSON: {WHERE}", self.content_type()),
            ));
        }
        String::from_utf8(self.body.to_vec())
            .map_err(|_| self.bad(request, "and its JSON is not UTF-8"))
    }
}

/// What a person can do.
const WHERE: &str = "see whether [core] execution_api_server_url names the API server";

/// Whether a conflict is this one.
pub(crate) fn has_previous_state(error: &ApiError, states: &[&str]) -> bool {
    let state = error.detail.get("previous_state").and_then(Value::as_str);
    state.is_some_and(|state| states.contains(&state))
}
