//! Dags.

pub(crate) mod data;
mod dates;
mod expansion;
mod fingerprint;
mod query;
mod references;
mod register;
mod serialize;
mod timetable;

pub(crate) use query::get;
pub use register::{DagFile, RegisteredDag};
