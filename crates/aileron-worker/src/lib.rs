//! Runs the workload that an Airflow executor hands out, without Python: what `aileron execute-workload` does.
//!
//! A workload is JSON: which try of which task instance, where its log goes, and the token to speak for it. [`execute`] finds the
//! bundle that has the Dag, runs the task under `aileron-supervisor` with an API server behind it (`aileron-client`), writes the log
//! to standard output and to the file Airflow looks for, and uploads that file where `[logging]` says.
//!
//! Source: `airflow/sdk/execution_time/execute_workload.py` and `supervisor.py` of Airflow 3.3.2.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod error;
mod execute;
mod lines;
mod remote_log;
mod roots;
mod search;
mod settings;
mod workload;

pub use error::WorkerError;
pub use execute::execute;
pub use lines::JsonLines;
pub use roots::BundleRoots;
pub use workload::Workload;
