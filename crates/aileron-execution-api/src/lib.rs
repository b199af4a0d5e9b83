//! What a task may ask of Airflow, as one trait: [`ExecutionApi`].
//!
//! A supervisor answers the requests of its task through this trait and knows nothing about what
//! is behind it. Two things can be: an API server (`aileron-client`) or a metadata database
//! (`aileron-metastore`). An HTTP server puts the second behind the routes that the first calls.
//!
//! Every object that implements the trait speaks for one task instance. What the caller may do,
//! and what is written down about who did it, follows from that.
//!
//! Requests and answers are the messages of `aileron-wire` where a message says the same. Values
//! that travel between tasks are [`RawJson`](aileron_wire::json::RawJson): nobody on the way takes
//! them apart.
//!
//! Source: `airflow/api_fastapi/execution_api` and `airflow/sdk/api/client.py` of Airflow 3.3.2.
#![forbid(unsafe_code)]

mod api;
mod asset;
mod callbacks;
mod connection_tests;
mod error;
mod state;

pub use api::ExecutionApi;
pub use asset::{AssetEventsQuery, AssetEventsSource, AssetRef};
pub use callbacks::Callbacks;
pub use connection_tests::{ConnectionTestResult, ConnectionTests};
pub use error::{ApiError, ErrorKind};
pub use state::{
    EnterRunning, Heartbeat, ServerTerminated, StateUpdate, TerminalUpdate, UpstreamFailed,
};
