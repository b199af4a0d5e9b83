//! Asking the supervisor: requests out, replies in, matched by id.
//!
//! [`Channel`] is the seam. [`socket::SocketChannel`] speaks to a supervisor over TCP; unit tests of user tasks answer
//! from memory ([`crate::testing`]).

mod reply;
pub(crate) mod socket;
#[cfg(test)]
mod socket_tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use aileron_wire::frame::FrameError;
use aileron_wire::message::{Message, MessageError};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use reply::Reply;

/// The future of one request.
pub(crate) type CallFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Reply, CommError>> + Send + 'a>>;

/// Where a task's requests go.
pub(crate) trait Channel: Send + Sync {
    /// Sends an encoded message body and waits for its reply. Dropping the future loses nobody else's reply.
    fn call(&self, body: Vec<u8>) -> CallFuture<'_>;
}

/// Why a request to the supervisor got no useful answer.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CommError {
    /// The connection to the supervisor is gone. Every request in flight and every later one gets this same error.
    #[error("the connection to the supervisor is closed: {reason}")]
    Closed {
        /// What ended it.
        reason: Arc<str>,
    },
    /// The supervisor, or the API server behind it, refused the request.
    #[error("{request}: {}", refusal(.error, .detail))]
    Refused {
        /// The `type` of the request.
        request: String,
        /// Airflow's error type, `VARIABLE_NOT_FOUND` for instance.
        error: String,
        /// What Airflow adds to it.
        detail: serde_json::Value,
    },
    /// The request could not be encoded; nothing was sent.
    #[error("{request} was not sent: {reason}")]
    Unsendable {
        /// The `type` of the request.
        request: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The reply is not what the protocol says it is.
    #[error("the supervisor's reply to {request} cannot be read: {reason}")]
    BadReply {
        /// The `type` of the request.
        request: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl CommError {
    pub(crate) fn closed(reason: impl Into<Arc<str>>) -> Self {
        Self::Closed {
            reason: reason.into(),
        }
    }

    pub(crate) fn bad_reply(request: &str, reason: impl ToString) -> Self {
        Self::BadReply {
            request: request.to_owned(),
            reason: reason.to_string(),
        }
    }

    /// Whether Airflow refused with this error type.
    pub fn is_refused_with(&self, error_type: &str) -> bool {
        matches!(self, Self::Refused { error, .. } if error == error_type)
    }
}

/// One readable line out of Airflow's error type and the details that matter to a person.
fn refusal(error: &str, detail: &serde_json::Value) -> String {
    let status = detail
        .get("status_code")
        .and_then(serde_json::Value::as_i64);
    let message = detail
        .get("message")
        .and_then(|m| m.as_str())
        .filter(|m| !m.is_empty());
    let inner = detail.get("detail").filter(|d| !d.is_null());
    let mut text = error.to_owned();
    if let Some(status) = status {
        text.push_str(&format!(" (HTTP {status})"));
    }
    if let Some(message) = message {
        text.push_str(&format!(": {message}"));
    }
    if let Some(inner) = inner {
        text.push_str(&format!(" {inner}"));
    }
    if message.is_none() && inner.is_none() && detail.as_object().is_some_and(|d| !d.is_empty()) {
        text.push_str(&format!(": {detail}"));
    }
    text
}

impl dyn Channel + '_ {
    /// Sends a message and returns the reply as it came.
    pub(crate) async fn send<M: Message + Serialize>(
        &self,
        message: &M,
    ) -> Result<Reply, CommError> {
        let body = message.encode().map_err(|error| CommError::Unsendable {
            request: M::TYPE,
            reason: error.to_string(),
        })?;
        self.call(body).await?.or_refused(M::TYPE)
    }

    /// Sends a message and reads the reply as an `R`.
    pub(crate) async fn ask<M, R>(&self, message: &M) -> Result<R, CommError>
    where
        M: Message + Serialize,
        R: Message + DeserializeOwned,
    {
        self.send(message).await?.read(M::TYPE)
    }
}

impl From<FrameError> for CommError {
    fn from(error: FrameError) -> Self {
        Self::closed(format!("a frame cannot be read: {error}"))
    }
}

impl From<MessageError> for CommError {
    fn from(error: MessageError) -> Self {
        Self::closed(format!("a message cannot be read: {error}"))
    }
}
