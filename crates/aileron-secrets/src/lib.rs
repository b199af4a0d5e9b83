//! A register of secrets, and the masking of texts and JSON values with it.
//!
//! Both ends of a task mask: the task before a line leaves it (`aileron::secrets`), and the supervisor before a line reaches
//! a file. The rules are Airflow's and stand in the documentation of `aileron::secrets`.
#![forbid(unsafe_code)]

mod forms;
mod masker;
mod names;

pub use masker::{MASK, Masker};
pub use names::SensitiveNames;
