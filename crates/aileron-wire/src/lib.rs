//! The coordinator protocol: how a task talks to its Airflow supervisor.
//!
//! A supervisor and a task exchange length-prefixed MessagePack [`frame`]s over a socket. A frame
//! carries one [`message`]: a map with a `type` key. Values that a person chose (XComs, `conf`,
//! trigger arguments) follow the rules of [`json`]; instants and durations those of [`time`].
//!
//! Two [schema versions](version::SchemaVersion) exist. The types here describe the newest one;
//! what was added later is absent by default, so the same types speak both.
//!
//! This crate does no I/O. A reader puts bytes into a buffer and cuts frames out of it:
//!
//! ```
//! use aileron_wire::frame::{FrameDecoder, Response, response_frame};
//! use aileron_wire::message::{OKResponse, ToTask};
//! use bytes::BytesMut;
//!
//! let mut buf = BytesMut::from(&response_frame(3, &OKResponse { ok: true })?[..]);
//! let payload = FrameDecoder::default().next_frame(&mut buf)?.expect("a whole frame is there");
//! let response = Response::decode(payload)?;
//! let body = response.body.expect("an OKResponse is a body");
//! assert_eq!(ToTask::decode(&body)?, ToTask::OKResponse(OKResponse { ok: true }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod frame;
pub mod json;
pub mod message;
pub mod msgpack;
#[cfg(feature = "schema")]
pub mod schema;
pub mod time;
pub mod version;

pub use version::SchemaVersion;
