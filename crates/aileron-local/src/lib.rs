//! Runs a Dag on one machine, without an Airflow.
//!
//! - [`plan`]: what of a Dag counts for the order in which its tasks run.
//! - [`decide`]: what to do next, given the states of the task instances. No input or output happens there.
//! - [`Home`], [`lock`], [`orphan`]: where runs are kept, who runs one, and what an earlier one left behind.
//! - [`run()`]: a run from its beginning to its end, in processes.
//! - [`trigger`]: the triggers that only wait for a time.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod decide;
mod error;
mod event;
mod home;
pub mod lock;
mod logs;
pub mod orphan;
pub mod plan;
mod report;
mod run;
mod runner;
mod store;
pub mod trigger;

pub use error::RunError;
pub use event::{Event, InstanceName, Listener};
pub use home::{Home, HomeError};
pub use logs::log_file;
pub use report::{InstanceReport, Outcome, RunReport};
pub use run::{Request, run};
pub use runner::{Interrupt, Mapping};
pub use store::Source;
