//! Free-form values: what a person chose, as JSON allows it.
//!
//! The wire is MessagePack, which can say more than JSON: maps with integer keys, raw bytes, NaN.
//! The supervisor refuses all of those in an XCom, a state value or any other free-form field, and
//! then never answers the request. [`check`] finds them before they are sent.

mod check;
mod decode;
mod encode;
mod free_form;
mod plain;
mod raw;
mod text;

pub use check::{NotJson, Problem, check};
pub use decode::{JsonDecodeError, decode};
pub use encode::{JsonEncodeError, encode};
pub use raw::RawJson;

pub(crate) use decode::{Mismatch, decode_with_path, describe, kind_of};
pub(crate) use encode::encode_onto;
pub(crate) use free_form::{free_form, tree};

/// A JSON object with its keys in the order they came.
pub type JsonMap = serde_json::Map<String, serde_json::Value>;
