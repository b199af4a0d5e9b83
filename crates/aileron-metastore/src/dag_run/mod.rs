//! Dag runs.

pub(crate) mod change;
mod create;
mod events;
pub(crate) mod query;
#[cfg(test)]
mod query_tests;

pub use create::{DagRunRequest, TriggeredBy};
