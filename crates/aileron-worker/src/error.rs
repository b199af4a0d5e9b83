//! Why a workload was not run.

use std::path::PathBuf;

use aileron_client::ClientError;
use aileron_config::ConfigError;
use aileron_supervisor::SuperviseError;

/// The task of a workload was not run, or Airflow does not know how it ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The workload cannot be read. What it holds is not shown: it has a token.
    #[error("the workload {0}")]
    Workload(String),
    /// An option cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An option makes no sense.
    #[error("[{section}] {key}: {reason}")]
    Option {
        /// The section.
        section: &'static str,
        /// The key.
        key: &'static str,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// There is no client for the API server.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Nobody said where bundles are.
    #[error(
        "nobody says where bundles are: give --bundles DIR, set AILERON_BUNDLES, or set executables_root in [sdk] coordinators"
    )]
    NoRoots,
    /// A directory of bundles cannot be read.
    #[error("cannot read {}: {reason}", path.display())]
    Root {
        /// The directory.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// No bundle has the Dag.
    #[error("no bundle has the Dag {dag_id:?}; {looked_at}")]
    NoBundle {
        /// The Dag.
        dag_id: String,
        /// Where was looked, and what was found there.
        looked_at: String,
    },
    /// The task body was not reached.
    #[error(transparent)]
    Supervise(#[from] SuperviseError),
    /// Airflow was not told how the task ended.
    #[error("the task ended as {state}, and Airflow could not be told: {error}")]
    Undelivered {
        /// The state.
        state: String,
        /// Why.
        error: Box<aileron_execution_api::ApiError>,
    },
}
