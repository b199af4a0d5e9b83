//! Dag runs.

pub(crate) mod change;
pub(crate) mod query;
