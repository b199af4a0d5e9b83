//! Why a request was not served.

use serde_json::Value;

/// What kind of refusal, in the terms of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// 400: the request makes no sense.
    BadRequest,
    /// 401: no token, or one that is not valid.
    Unauthorized,
    /// 403: the token does not allow this.
    Forbidden,
    /// 404: what was asked for does not exist.
    NotFound,
    /// 409: what is stored does not allow this now.
    Conflict,
    /// 410: the task instance was replaced by a later try.
    Gone,
    /// 413: the request is larger than the server takes.
    TooLarge,
    /// 422: a field is missing or wrong.
    Invalid,
    /// Any other status of the range 400 to 499.
    OtherClientError,
    /// 500 to 599: the server failed.
    ServerError,
    /// 501: this cannot be done here.
    Unsupported,
    /// Nobody answered: no connection, connection lost, database away.
    Unavailable,
    /// Nobody answered in time.
    Timeout,
    /// The answer makes no sense.
    BadAnswer,
}

impl ErrorKind {
    /// The kind that a status of the range 400 to 599 says.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            400 => Self::BadRequest,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            409 => Self::Conflict,
            410 => Self::Gone,
            413 => Self::TooLarge,
            422 => Self::Invalid,
            501 => Self::Unsupported,
            500..=599 => Self::ServerError,
            _ => Self::OtherClientError,
        }
    }

    /// Whether the same request may be served later.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::ServerError | Self::Unavailable | Self::Timeout)
    }
}

/// A request that was not served.
///
/// Shows what was asked, and what the other side said. It holds neither a token nor a stored value.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{operation}: {message}")]
pub struct ApiError {
    /// What kind.
    pub kind: ErrorKind,
    /// The HTTP status that came, or that stands for this error; `None` where there is none.
    pub status: Option<u16>,
    /// What was asked, for a person: `get variable "x"`.
    pub operation: String,
    /// What went wrong, for a person.
    pub message: String,
    /// The `detail` of the answer; null where it had none.
    pub detail: Box<Value>,
}

impl ApiError {
    /// An error without details.
    #[must_use]
    pub fn new(kind: ErrorKind, operation: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            status: status_of(kind),
            operation: operation.into(),
            message: message.into(),
            detail: Box::new(Value::Null),
        }
    }

    /// Adds what a server says in `detail`.
    #[must_use]
    pub fn with_detail(mut self, detail: Value) -> Self {
        self.detail = Box::new(detail);
        self
    }

    /// The `reason` in the details, such as `not_found`.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.detail.get("reason").and_then(Value::as_str)
    }
}

fn status_of(kind: ErrorKind) -> Option<u16> {
    Some(match kind {
        ErrorKind::BadRequest => 400,
        ErrorKind::Unauthorized => 401,
        ErrorKind::Forbidden => 403,
        ErrorKind::NotFound => 404,
        ErrorKind::Conflict => 409,
        ErrorKind::Gone => 410,
        ErrorKind::TooLarge => 413,
        ErrorKind::Invalid => 422,
        ErrorKind::ServerError => 500,
        ErrorKind::Unsupported => 501,
        ErrorKind::OtherClientError
        | ErrorKind::Unavailable
        | ErrorKind::Timeout
        | ErrorKind::BadAnswer => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_and_its_kind_say_the_same() {
        for status in [400, 401, 403, 404, 409, 410, 413, 422, 500, 501] {
            assert_eq!(status_of(ErrorKind::of_status(status)), Some(status));
        }
        assert_eq!(ErrorKind::of_status(503), ErrorKind::ServerError);
        assert_eq!(ErrorKind::of_status(418), ErrorKind::OtherClientError);
    }

    #[test]
    fn only_a_failing_server_is_worth_asking_again() {
        assert!(ErrorKind::of_status(502).is_transient());
        assert!(ErrorKind::Unavailable.is_transient());
        assert!(!ErrorKind::of_status(501).is_transient());
        assert!(!ErrorKind::of_status(409).is_transient());
    }
}
