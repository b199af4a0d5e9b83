//! Moving the XComs of a whole Airflow to object storage, and back.
//!
//! Airflow has one XCom backend for all its Dags. Turning on that of object storage, the flip, is proved before it is made:
//!
//! - [`preflight`] judges what Airflow itself says where tasks run.
//! - [`calibrate`] reads how large the XComs of a metadata database are, and proposes the threshold.
//! - [`roundtrip`] sends values through the configured backend, in Python and in Rust, and compares what comes back.
//! - [`rollback`] brings values back into the database, so that the backend can be set back without a task getting a path.
//! - [`sweep`] finds objects that no row refers to, and rows whose object is gone.
//! - [`lifecycle`] is the rule of the bucket that lets objects expire.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod base;
pub mod calibrate;
pub mod lifecycle;
mod object;
pub mod preflight;
pub mod rollback;
pub mod roundtrip;
pub mod sweep;

pub use base::{Base, BaseName};
pub use object::ObjectProblem;
