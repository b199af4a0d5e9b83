//! Why a request is not served, as HTTP says it.

use aileron_execution_api::{ApiError, ErrorKind};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::answer::json_response;
use crate::version::ApiVersion;

/// Why a request is not served.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: Value,
    retry_after: bool,
    allow: Option<HeaderValue>,
    /// The store cannot do it; somebody else may.
    unsupported: bool,
}

impl Refusal {
    /// A status with what FastAPI calls the detail.
    pub(crate) fn new(status: StatusCode, detail: impl Into<Value>) -> Self {
        Self {
            status,
            body: json!({"detail": detail.into()}),
            retry_after: false,
            allow: None,
            unsupported: false,
        }
    }

    /// A status with a reason and a message, as most routes say it.
    pub(crate) fn because(status: StatusCode, reason: &str, message: impl Into<String>) -> Self {
        Self::new(status, json!({"reason": reason, "message": message.into()}))
    }

    /// What is wrong with the parts of a request.
    pub(crate) fn invalid(problems: Vec<Value>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, problems)
    }

    /// No such route.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// No such method of this route.
    pub(crate) fn not_allowed(method: &'static str) -> Self {
        Self {
            allow: Some(HeaderValue::from_static(method)),
            ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        }
    }

    /// Try again in a moment.
    pub(crate) fn unavailable(reason: &str, message: impl Into<String>) -> Self {
        Self {
            retry_after: true,
            ..Self::because(StatusCode::SERVICE_UNAVAILABLE, reason, message)
        }
    }

    /// What happened is for the log, not for the client.
    fn internal() -> Self {
        Self {
            body: json!({"message": "Internal server error"}),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, Value::Null)
        }
    }

    /// What only Python can do.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self {
            unsupported: true,
            ..Self::because(StatusCode::NOT_IMPLEMENTED, "not_supported", message)
        }
    }

    /// A try that another has followed is gone for clients since 2026-10-30; older ones look for it in
    /// vain.
    pub(crate) fn of_try(error: ApiError, version: ApiVersion) -> Self {
        let is_gone = error.kind == ErrorKind::Gone;
        let refusal = Self::from(error);
        if is_gone && version < ApiVersion::V2026_10_30 {
            return Self::because(
                StatusCode::NOT_FOUND,
                "not_found",
                "Task Instance not found",
            );
        }
        refusal
    }

    /// Whether the store cannot do this at all.
    pub(crate) fn is_unsupported(&self) -> bool {
        self.unsupported
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        let status = error
            .status
            .and_then(|code| StatusCode::from_u16(code).ok());
        match error.kind {
            ErrorKind::Unsupported => Self::unsupported(error.message),
            ErrorKind::Unavailable | ErrorKind::Timeout => {
                tracing::warn!(
                    operation = error.operation,
                    error = error.message,
                    "the store does not answer"
                );
                Self::unavailable("unavailable", "The database does not answer; try again")
            }
            ErrorKind::ServerError | ErrorKind::BadAnswer => {
                tracing::error!(
                    operation = error.operation,
                    error = error.message,
                    "the store failed"
                );
                Self::internal()
            }
            _ => {
                let detail = match *error.detail {
                    Value::Null => Value::String(error.message),
                    detail => detail,
                };
                Self::new(status.unwrap_or(StatusCode::BAD_REQUEST), detail)
            }
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json_response(self.status, &self.body);
        let headers = response.headers_mut();
        if self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(allow) = self.allow {
            headers.insert(header::ALLOW, allow);
        }
        response
    }
}
