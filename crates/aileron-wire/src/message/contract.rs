//! What every message can do.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::SchemaVersion;
use crate::frame::{EncodeError, FrameError, message_type};
use crate::json::{self, Mismatch};

/// Why a body is not the message that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The body is not a map with a `type`.
    #[error(transparent)]
    Body(#[from] FrameError),
    /// No message of this direction has such a `type`.
    #[error(
        "a message of the unknown type {found:?} came; this side knows schema version {}",
        SchemaVersion::LATEST
    )]
    UnknownType {
        /// The `type` that came.
        found: String,
    },
    /// Another message than the expected one.
    #[error("a message of type {expected} was expected, but {found:?} came")]
    WrongType {
        /// The `type` that was expected.
        expected: &'static str,
        /// The `type` that came.
        found: String,
    },
    /// A field is missing or has a wrong type.
    #[error("a {message_type} message does not fit, at {}: {reason}; {found} came", if .path.is_empty() { "its top" } else { .path })]
    Mismatch {
        /// The `type` of the message.
        message_type: &'static str,
        /// The way to the part that does not fit, such as `ti.try_number`.
        path: String,
        /// What is wrong. Never shows a value that may be secret.
        reason: String,
        /// What came: its kind and, unless it may be secret, its first characters.
        found: String,
    },
    /// The body is not MessagePack.
    #[error("a {message_type} message is corrupt: {reason}")]
    Corrupt {
        /// The `type` of the message.
        message_type: &'static str,
        /// What is wrong.
        reason: String,
    },
}

/// A message with a `type`.
pub trait Message: Sized {
    /// The `type` on the wire.
    const TYPE: &'static str;

    /// The first schema version that has the message.
    const SINCE: SchemaVersion = SchemaVersion::V2026_06_16;

    /// Whether any value in it may be a secret, so that errors show none.
    const SECRET: bool = false;

    /// Takes out what `to` does not know. Does not check that `to` knows the message at all.
    fn downgrade(&mut self, to: SchemaVersion) {
        let _ = to;
    }

    /// Checks the `type` of a body, then decodes it.
    ///
    /// # Errors
    ///
    /// Any [`MessageError`].
    fn decode(body: &[u8]) -> Result<Self, MessageError>
    where
        Self: DeserializeOwned,
    {
        let found = message_type(body)?;
        if found != Self::TYPE {
            return Err(MessageError::WrongType {
                expected: Self::TYPE,
                found: found.to_owned(),
            });
        }
        Self::decode_checked(body)
    }

    /// Decodes a body whose `type` the caller has read already.
    ///
    /// # Errors
    ///
    /// [`MessageError::Mismatch`] or [`MessageError::Corrupt`].
    fn decode_checked(body: &[u8]) -> Result<Self, MessageError>
    where
        Self: DeserializeOwned,
    {
        json::decode_with_path(body).map_err(mismatch::<Self>)
    }

    /// Encodes the body.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Serialize`] and [`EncodeError::NotJson`].
    fn encode(&self) -> Result<Vec<u8>, EncodeError>
    where
        Self: Serialize,
    {
        json::encode(self).map_err(json::JsonEncodeError::into_encode_error::<Self>)
    }
}

fn mismatch<M: Message>(mismatch: Mismatch) -> MessageError {
    let message_type = M::TYPE;
    match mismatch {
        Mismatch::Corrupt(reason) => MessageError::Corrupt {
            message_type,
            reason,
        },
        Mismatch::At {
            path,
            reason,
            value,
        } if M::SECRET || leads_to_secret(&path) => MessageError::Mismatch {
            message_type,
            path,
            reason: without_value(&reason, &value),
            found: format!("{} (not shown)", json::kind_of(&value)),
        },
        Mismatch::At {
            path,
            reason,
            value,
        } => MessageError::Mismatch {
            message_type,
            path,
            reason,
            found: json::describe(&value),
        },
    }
}

/// Whether the path enters the Connections or Variables that other messages carry along, or stops
/// above them, so that what came may hold them.
fn leads_to_secret(path: &str) -> bool {
    const CARRIERS: [&str; 5] = [
        "connections",
        "variables",
        "ti_context",
        "context_from_server",
        "callback_requests",
    ];
    let last = path.rsplit('.').next().unwrap_or(path);
    path.is_empty()
        || path.contains("connections[")
        || path.contains("variables[")
        || path.contains("callback_requests[")
        || CARRIERS.contains(&last)
}

/// What `serde` says, without the value it may quote: `invalid type: string "x", expected u16`.
fn without_value(reason: &str, value: &Value) -> String {
    match reason.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        // Said of a map, such as a missing field: names keys, quotes no values.
        None if value.is_object() => reason.to_owned(),
        None => "the value does not fit".to_owned(),
    }
}

/// Implements [`Message`] for a struct.
macro_rules! message {
    (
        $name:ident $(<$value:ident>)?
        $(, since = $since:ident)? $(, secret = $secret:literal)? $(, downgrade = $method:ident)?
    ) => {
        impl$(<$value>)? $crate::message::Message for $name$(<$value>)? {
            const TYPE: &'static str = stringify!($name);
            $(const SINCE: $crate::SchemaVersion = $crate::SchemaVersion::$since;)?
            $(const SECRET: bool = $secret;)?
            $(fn downgrade(&mut self, to: $crate::SchemaVersion) {
                self.$method(to);
            })?
        }
    };
}

pub(super) use message;
