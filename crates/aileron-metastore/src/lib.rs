//! Airflow's metadata database: its schema, and the rules of the Execution API on it.
//!
//! [`Metastore`] opens a SQLite file, or connects to the PostgreSQL server of an Airflow.
//! [`Metastore::task`] answers the requests of one task instance. The rules about states, values
//! and events live here, whoever asks: the embedded store of one machine or an API server.
//!
//! A file that is made here is a database of Airflow 3.3.2: that Airflow can open it, and nothing
//! is kept beside it. Requests of task instances are answered on a database of Airflow 3.4.0b2 too.
//!
//! Source: `airflow/models` and `airflow/api_fastapi/execution_api` of Airflow 3.3.2 and 3.4.0b2.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod database;
pub mod inventory;
pub mod schema;

mod asset;
mod asset_event;
mod asset_state_store;
mod callback;
mod connection;
mod connection_test;
mod dag;
mod dag_run;
mod failure;
mod fernet_keys;
#[cfg(test)]
mod fixture;
mod hitl;
mod key_length;
mod metastore;
mod run;
mod scope;
#[cfg(test)]
mod secrets_tests;
mod settings;
#[cfg(test)]
mod state_tests;
mod state_value;
mod store_error;
mod task_api;
mod task_instance;
mod task_state_store;
mod team;
mod variable;
mod xcom;

pub use callback::CallbackApi;
pub use connection_test::ConnectionTestApi;
pub use dag::{DagFile, RegisteredDag};
pub use dag_run::{DagRunRequest, TriggeredBy};
pub use fernet_keys::{FernetKeyError, FernetKeys};
pub use metastore::Metastore;
pub use run::{DefaultAnswer, PendingTrigger, Run, TaskInstanceRecord, Untouched};
pub use settings::{EnvironmentSecrets, Settings, SettingsError};
pub use store_error::StoreError;
pub use task_api::TaskApi;
