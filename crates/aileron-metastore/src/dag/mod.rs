//! Dags.

pub(crate) mod data;
mod dates;
mod expansion;
mod fingerprint;
mod query;
mod references;
mod register;
mod retries;
mod serialize;
mod timetable;

pub(crate) use data::latest_raw;
pub(crate) use query::get;
pub use register::{DagFile, RegisteredDag};
pub use retries::{TaskRetries, retries};
