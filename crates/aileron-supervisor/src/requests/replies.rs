//! Writing answers.

use aileron_execution_api::{ApiError, ErrorKind};
use aileron_wire::SchemaVersion;
use aileron_wire::frame::{Response, response_frame};
use aileron_wire::json::JsonMap;
use aileron_wire::message::{ErrorResponse, ErrorType, Message};
use serde::Serialize;
use serde_json::{Value, json};

/// A frame, ready to be sent.
pub(crate) type Frame = Vec<u8>;

/// Writes the answers to one request, in the schema version of the task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Replies {
    pub(crate) id: u64,
    pub(crate) version: SchemaVersion,
}

impl Replies {
    /// The request was carried out, and there is nothing to say about it.
    pub(crate) fn nothing(self) -> Frame {
        self.frame(None, None)
    }

    /// This is the answer.
    pub(crate) fn message<M: Message + Serialize>(self, mut message: M) -> Frame {
        if M::SINCE > self.version {
            let text = format!(
                "{} is not known to schema version {}",
                M::TYPE,
                self.version
            );
            return self.wrong(&text);
        }
        message.downgrade(self.version);
        response_frame(self.id, &message).unwrap_or_else(|error| self.wrong(&error.to_string()))
    }

    /// Airflow says no: an answer that SDKs know how to read.
    pub(crate) fn refused(self, error: ErrorType, detail: Value) -> Frame {
        let detail = match detail {
            Value::Object(detail) => Some(detail),
            _ => None,
        };
        self.message(ErrorResponse { error, detail })
    }

    /// The request could not be carried out.
    pub(crate) fn failed(self, error: &ApiError) -> Frame {
        let detail = match error.status {
            Some(status) => json!({
                "status_code": status,
                "message": error.to_string(),
                "detail": error.detail,
            }),
            None => json!({
                "status_code": null,
                "message": error.to_string(),
                "exception_type": kind_name(error.kind),
            }),
        };
        self.error(detail)
    }

    /// The request makes no sense to the supervisor.
    pub(crate) fn wrong(self, message: &str) -> Frame {
        self.error(json!({"status_code": 400, "message": message}))
    }

    /// An answer without data, or why not.
    pub(crate) fn done(self, result: Result<(), ApiError>) -> Frame {
        match result {
            Ok(()) => self.nothing(),
            Err(error) => self.failed(&error),
        }
    }

    /// The answer that `message` makes, or why not.
    pub(crate) fn with<T, M: Message + Serialize>(
        self,
        result: Result<T, ApiError>,
        message: impl FnOnce(T) -> M,
    ) -> Frame {
        match result {
            Ok(value) => self.message(message(value)),
            Err(error) => self.failed(&error),
        }
    }

    /// As [`with`](Self::with); what does not exist is refused with `missing`.
    pub(crate) fn find<T, M: Message + Serialize>(
        self,
        result: Result<T, ApiError>,
        message: impl FnOnce(T) -> M,
        missing: ErrorType,
        detail: Value,
    ) -> Frame {
        match result {
            Err(error) if error.kind == ErrorKind::NotFound => self.refused(missing, detail),
            result => self.with(result, message),
        }
    }

    fn error(self, detail: Value) -> Frame {
        let detail: Option<JsonMap> = match detail {
            Value::Object(detail) => Some(detail),
            _ => None,
        };
        let error = ErrorResponse {
            error: ErrorType::ApiServerError,
            detail,
        };
        let encoded = error
            .encode()
            .expect("text, numbers and JSON from an answer are JSON");
        self.frame(None, Some(encoded))
    }

    fn frame(self, body: Option<Vec<u8>>, error: Option<Vec<u8>>) -> Frame {
        let response = Response {
            id: self.id,
            body: body.map(Into::into),
            error: error.map(Into::into),
        };
        response
            .encode()
            .expect("an answer without data is far below 4 GiB")
    }
}

/// In the words that Airflow would have for it.
fn kind_name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unavailable => "ConnectError",
        ErrorKind::Timeout => "TimeoutException",
        _ => "ApiError",
    }
}
