//! The Execution API of Airflow over HTTP: [`Client`].
//!
//! A client speaks for one task instance, with the token that the executor was given for it. It is an
//! [`ExecutionApi`](aileron_execution_api::ExecutionApi), so a supervisor does not know that a network lies in between.
//!
//! ```no_run
//! use aileron_client::{ApiToken, Client, ClientSettings};
//! use aileron_execution_api::ExecutionApi;
//!
//! # async fn example(ti_id: uuid::Uuid, token: String) -> Result<(), Box<dyn std::error::Error>> {
//! let settings = ClientSettings::from_config(&aileron_config::Config::from_env())?;
//! let client = Client::new("http://airflow:8080/execution/", ti_id, ApiToken::new(token)?, &settings)?;
//! let orders = client.variable("orders_url").await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is sent again
//!
//! A request whose answer did not come (no connection, connection lost, no answer in time) or that the server failed to serve
//! (500 and above) is sent again, as `[workers] execution_api_retries` and its neighbours say. All operations of Airflow can
//! be repeated but for these, where the answer to the repetition depends on whether the first request was carried out:
//!
//! | Operation | The server says to the repetition | What the caller gets |
//! |---|---|---|
//! | [`start`](aileron_execution_api::ExecutionApi::start) | the same answer, as host, user and process are the same | that answer |
//! | [`update_state`](aileron_execution_api::ExecutionApi::update_state) to `up_for_retry` | 404 or 410: the id belongs to the next try now | success |
//! | `update_state` to a waiting state | 409: the task instance has been woken up already | success |
//! | [`trigger_dag_run`](aileron_execution_api::ExecutionApi::trigger_dag_run) | 409: the run exists | success, when that run is the one that was asked for |
//! | [`update_hitl_detail`](aileron_execution_api::ExecutionApi::update_hitl_detail) | 409: answered already | the answer, when it is the one that was sent |
//! | [`Client::connection_test`], [`Client::run_callback`] | 409: each works once | these are sent again only when they did not leave this host |
//!
//! A refusal (400 to 499) is never repeated.
//!
//! # Why reqwest
//!
//! It is well kept, brings keep-alive, proxies from the environment (as Python's client) and is there anyway for object storage.
//! TLS is rustls with *ring*: nothing of OpenSSL, no file needed in the image; the roots are Mozilla's, bundled. They are only
//! looked at when the server's URL says `https`.
//!
//! Source: `airflow/sdk/api/client.py` and `airflow/api_fastapi/execution_api` of Airflow 3.3.2 and 3.4.0b2.
#![forbid(unsafe_code)]

mod answer;
mod asset_query;
mod attempt;
mod client;
mod connection_test;
mod detail;
mod error;
mod operations;
mod repetition;
mod retry;
mod route;
mod settings;
mod state_payload;
mod tls;
mod token;
mod version;

pub use client::Client;
pub use connection_test::{ConnectionTestConnection, ConnectionTestState};
pub use error::ClientError;
pub use retry::RetryPolicy;
pub use settings::ClientSettings;
pub use tls::TlsSettings;
pub use token::ApiToken;
pub use version::ApiVersion;
