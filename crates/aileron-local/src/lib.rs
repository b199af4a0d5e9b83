//! Runs a Dag on one machine, without an Airflow.
//!
//! - [`plan`]: what of a Dag counts for the order in which its tasks run.
//! - [`decide`]: what to do next, given the states of the task instances. No input or output happens there.
//! - [`home`], [`lock`], [`orphan`]: where runs are kept, who runs one, and what an earlier one left behind.
//! - [`trigger`]: the triggers that only wait for a time.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod decide;
pub mod home;
pub mod lock;
pub mod orphan;
pub mod plan;
pub mod trigger;
