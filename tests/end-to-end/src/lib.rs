//! Running Rust tasks and Dags against a real Airflow.
//!
//! - [`Airflow`] is a running Airflow with its own home, ports and processes; dropping it ends them all.
//! - [`ExecutionApiServer`] is the Execution API of an Airflow alone: a tenth of the time, and the test plays the worker.
//! - [`ApiWorker`] is one worker of an Airflow's own API server, as it is deployed, on a PostgreSQL.
//! - [`AileronServer`] is a running `aileron serve`.
//! - [`Comparison`] is Airflow's Execution API beside ours, each on its copy of one database.
//! - [`Api`] speaks Airflow's public REST API: trigger Dag runs, wait for them, read XComs and logs.
//! - [`TaskLog`] is a task's log file as Airflow wrote it.
//! - [`bundle`] builds and packs the bundles of this workspace.
//! - [`Postgres`] is a PostgreSQL server with databases to clone, [`PgBouncer`] a pooler before it.
//! - [`Live`] is a deployment to look at: a database that an Airflow 2.11 or 3.3 has filled with real runs.
//! - [`supervised`] runs one bundle task under Airflow's own supervisor code, without the rest of Airflow.
//!
//! Which Python runs Airflow is said by environment variables, see [`AirflowVersion::python`]; `cargo xtask test` prepares
//! the environments and sets them.

mod aileron_server;
mod airflow;
mod api;
pub mod bundle;
mod comparison;
mod deadline;
mod fault_proxy;
mod job_service;
mod live;
mod new_project;
mod object_store;
mod outcome;
mod packages;
mod postgres;
mod python_call;
mod server_keeper;
mod suite;
pub mod supervised;
mod task_log;
mod version;

pub use aileron_server::AileronServer;
pub use airflow::{
    Airflow, ApiWorker, ExecutionApiServer, Setup, create_database, rows, rows_of_all,
};
pub use api::{Api, DagRun, TaskInstance, UnexpectedAnswer};
pub use comparison::{Answer, Comparison};
pub use deadline::Deadline;
pub use fault_proxy::{Fault, FaultProxy};
pub use job_service::JobService;
pub use live::{AIRFLOW_2_PYTHON, Kept, Live, LiveAirflow, RestServer};
pub use new_project::build_like_the_workspace;
pub use object_store::{MOTO_PYTHON, ObjectStore};
pub use outcome::{
    Difference, LOCAL_RUN_ID, Local, NOT_COMPARED, SCENARIOS, Scenario, compare, compare_all,
    normal, outcomes,
};
pub use packages::{PANDAS_PYTHON, STORAGE_PYTHON, pandas_packages, storage_packages};
pub use postgres::{
    PGBOUNCER, POSTGRES, POSTGRES_URL, PgBouncer, Postgres, PostgresDatabase, create_cluster,
};
pub use python_call::call_python;
pub use suite::Suite;
pub use task_log::{LogLine, TaskLog};
pub use version::AirflowVersion;

/// The root of this workspace.
///
/// # Panics
/// Never: this crate lies two directories below it.
pub fn workspace_root() -> &'static std::path::Path {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("tests/end-to-end lies two directories below the root")
}
