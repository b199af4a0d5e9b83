//! Why a rule refused a request, before it is known how the request was called.

use aileron_execution_api::{ApiError, ErrorKind};
use serde_json::{Value, json};

use crate::database::DatabaseError;

/// Why a request was not served.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database did not do it.
    Database(DatabaseError),
    /// A rule says no.
    Refused(Refusal),
}

/// A rule says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    kind: ErrorKind,
    message: String,
    detail: Value,
}

impl Refusal {
    pub(crate) fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub(crate) fn reason(&self) -> Option<&str> {
        self.detail.get("reason").and_then(Value::as_str)
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl Failure {
    /// A refusal whose details are its message.
    pub(crate) fn refused(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Refused(Refusal {
            kind,
            detail: Value::String(message.clone()),
            message,
        })
    }

    /// A refusal as most routes of Airflow say it: with `reason` and `message` in the details.
    pub(crate) fn because(kind: ErrorKind, reason: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Refused(Refusal {
            kind,
            detail: json!({"reason": reason, "message": message}),
            message,
        })
    }

    /// A refusal with details of its own.
    pub(crate) fn detailed(kind: ErrorKind, message: impl Into<String>, detail: Value) -> Self {
        Self::Refused(Refusal {
            kind,
            message: message.into(),
            detail,
        })
    }

    /// What does not exist.
    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::because(ErrorKind::NotFound, "not_found", message)
    }

    /// What this crate does not do yet.
    pub(crate) fn unsupported(what: &str) -> Self {
        Self::refused(
            ErrorKind::Unsupported,
            format!("{what}: not served by the metadata store"),
        )
    }

    /// The error of the request.
    pub(crate) fn of(self, operation: impl Into<String>) -> ApiError {
        match self {
            Self::Database(error) => error.into_api(operation),
            Self::Refused(refusal) => {
                ApiError::new(refusal.kind, operation, refusal.message).with_detail(refusal.detail)
            }
        }
    }
}

impl From<DatabaseError> for Failure {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}
