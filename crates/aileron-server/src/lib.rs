//! Airflow's Execution API over HTTP.
//!
//! [`router`] puts the routes that a supervisor calls in front of a [`Store`]: any
//! [`ExecutionApi`](aileron_execution_api::ExecutionApi) per task instance, such as
//! `aileron-metastore` gives. [`serve`](serve::serve) listens, keeps limits and drains.
//!
//! This crate owns HTTP: routes, dated versions, validation, tokens, headers, limits. The rules
//! about state are the store's.
//!
//! Requests are told apart and refused as FastAPI and pydantic do it in Airflow, so that a client
//! sees the same status and the same list of what is wrong with a body.
//!
//! Source: `airflow/api_fastapi/execution_api` of Airflow 3.3.2 and 3.4.0b2, and what their servers
//! answer.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answer;
pub mod auth;
mod call;
mod endpoint;
mod handler;
mod metrics;
mod operation;
mod python_parts;
mod refusal;
mod request;
pub mod serve;
mod store;
mod unread;
mod upstream;
mod version;

pub use handler::{RouterSettings, router};
pub use metrics::Metrics;
pub use python_parts::PythonParts;
pub use store::{Store, StoreStatus};
pub use upstream::{Upstream, UpstreamError};
pub use version::ApiVersion;
