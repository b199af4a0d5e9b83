//! Replies that carry no data of their own.

use serde::{Deserialize, Serialize};

use super::{error_type::ErrorType, message};
use crate::json::{JsonMap, free_form};

/// The request was carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct OKResponse {
    /// Always true.
    pub ok: bool,
}

message!(OKResponse);

/// The request could not be carried out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct ErrorResponse {
    /// What is wrong.
    #[serde(default)]
    pub error: ErrorType,
    /// More about it.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub detail: Option<JsonMap>,
}

message!(ErrorResponse);
