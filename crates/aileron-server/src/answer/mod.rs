//! What is answered, in the shapes of Airflow.

mod asset;
mod context;
mod dag_run;
mod legacy_kwargs;
mod time;

use aileron_wire::json::RawJson;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

pub(crate) use asset::{asset, asset_events};
pub(crate) use context::run_context;
pub(crate) use dag_run::dag_run;
pub(crate) use time::moment_or_null;

/// What is answered when all went well.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    body: Option<String>,
    header: Option<(HeaderName, HeaderValue)>,
    typed: bool,
}

impl Answer {
    /// JSON.
    pub(crate) fn json(value: &Value) -> Self {
        Self::text(StatusCode::OK, value.to_string())
    }

    /// JSON, as text.
    pub(crate) fn text(status: StatusCode, text: String) -> Self {
        Self {
            status,
            body: Some(text),
            header: None,
            typed: true,
        }
    }

    /// Made.
    pub(crate) fn created(message: &str) -> Self {
        Self::text(StatusCode::CREATED, json!({"message": message}).to_string())
    }

    /// Done.
    pub(crate) fn done() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            header: None,
            typed: true,
        }
    }

    /// Nothing is in the body, and its type is not told either.
    pub(crate) fn without_type(mut self) -> Self {
        self.typed = false;
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.header = Some((name, value));
        self
    }

    /// `{"key": .., "value": ..}` around a value that nobody takes apart.
    pub(crate) fn keyed(key: &str, value: &RawJson) -> Self {
        let key = Value::String(key.to_owned());
        let text = format!(r#"{{"key":{key},"value":{}}}"#, value.get());
        Self::text(StatusCode::OK, text)
    }

    /// `{"value": ..}` around a value that nobody takes apart.
    pub(crate) fn valued(value: &RawJson) -> Self {
        Self::text(StatusCode::OK, format!(r#"{{"value":{}}}"#, value.get()))
    }

    /// A list of values that nobody takes apart.
    pub(crate) fn list(values: &[RawJson]) -> Self {
        let items: Vec<_> = values.iter().map(RawJson::get).collect();
        Self::text(StatusCode::OK, format!("[{}]", items.join(",")))
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let body = self.body.map_or_else(Body::empty, Body::from);
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if self.typed {
            headers.insert(header::CONTENT_TYPE, JSON);
        }
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
        response
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A JSON answer.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    Answer::text(status, body.to_string()).into_response()
}

/// Null for nothing.
pub(crate) fn value_of<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
