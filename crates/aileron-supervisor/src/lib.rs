//! Runs one try of one task instance: process, sockets, requests, heartbeats, logs and terminal state.
//!
//! [`supervise`] starts the program of a bundle, in any language, tells it which task to run, and answers its requests
//! through an [`ExecutionApi`](aileron_execution_api::ExecutionApi). What is behind that, an API server or a metadata
//! database, is not known here.
//!
//! One process can supervise many tasks at the same time, on one thread: every call of [`supervise`] is a future of its own
//! and shares nothing with the others but what it was given.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use aileron_execution_api::ExecutionApi;
//! use aileron_secrets::Masker;
//! use aileron_supervisor::{FileSink, Settings, Stop, SuperviseError, Supervised, TaskCommand, TaskLog, Workload, supervise};
//! use aileron_wire::SchemaVersion;
//!
//! async fn run(api: Arc<dyn ExecutionApi>, workload: Workload, stop: Stop) -> Result<(), SuperviseError> {
//!     let log = TaskLog::new(Arc::new(Masker::from_env().0)).with(FileSink::new("logs/attempt=1.log"));
//!     let finished = supervise(Supervised {
//!         api,
//!         workload,
//!         command: TaskCommand::new("bundles/orders", SchemaVersion::V2026_06_16),
//!         settings: Settings::default(),
//!         log,
//!         stop,
//!     })
//!     .await?;
//!     println!("{} after {}", finished.state, finished.exit);
//!     Ok(())
//! }
//! ```
//!
//! Source of the behaviour: `airflow/sdk/execution_time/supervisor.py` and `airflow/sdk/coordinators` of Airflow 3.3.2.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod command;
mod connect;
mod ender;
mod error;
mod finished;
mod heartbeat;
mod host;
mod log;
mod outcome;
mod process;
mod requests;
mod secrets;
mod settings;
mod stop;
mod supervise;
#[cfg(feature = "testing")]
pub mod testing;
mod workload;

pub use command::TaskCommand;
pub use error::SuperviseError;
pub use finished::{Delivery, Ended, Exit, FinalState, Finished};
pub use log::{FileModes, FileSink, LogSink, StdoutSink, TaskLog};
pub use settings::Settings;
pub use stop::Stop;
pub use supervise::{Supervised, supervise};
pub use workload::Workload;
