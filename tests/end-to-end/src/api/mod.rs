//! Airflow's public REST API (version 2), as far as tests need it.

mod dags;
mod hitl;
mod http;
mod settings;
mod task_instances;
mod xcoms;

pub use dags::DagRun;
pub use http::{Api, UnexpectedAnswer};
pub use task_instances::TaskInstance;
