//! Dag runs.

pub(crate) mod clear;
mod create;
mod dag_model;
mod events;
pub(crate) mod note;
pub(crate) mod query;
#[cfg(test)]
mod query_tests;
pub(crate) mod trigger;

pub use create::{DagRunRequest, TriggeredBy};
