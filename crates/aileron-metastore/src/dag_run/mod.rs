//! Dag runs.

pub(crate) mod change;
pub(crate) mod query;
#[cfg(test)]
mod query_tests;
