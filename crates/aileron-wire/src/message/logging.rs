//! Masking secrets and handing over the log socket.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{message, redacted_debug};
use crate::json::free_form;

/// Asks the supervisor to mask a value in the logs. `Debug` does not show it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct MaskSecret {
    /// The value.
    #[serde(deserialize_with = "free_form")]
    pub value: Value,
    /// The name of the field that holds it; a name that sounds secret makes every value inside a
    /// secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl MaskSecret {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(value: Value) -> Self {
        Self { value, name: None }
    }
}

redacted_debug!(MaskSecret { name } hides { value });

message!(MaskSecret, secret = true);

/// Asks for the log socket once more, after a process has replaced itself. The answer is a
/// [`SentFDs`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct ResendLoggingFD {}

message!(ResendLoggingFD);

/// File descriptors, sent along on the same socket. Not used on TCP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct SentFDs {
    /// The file descriptors.
    pub fds: Vec<i64>,
}

message!(SentFDs);
