//! Runs a Dag on one machine, without an Airflow.
//!
//! - [`plan`]: what of a Dag counts for the order in which its tasks run.
//! - [`decide`]: what to do next, given the states of the task instances. No input or output happens there.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod decide;
pub mod plan;
