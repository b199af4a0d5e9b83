//! What the one who runs Dags on a store may be told.

use jiff::Timestamp;

use crate::database::DatabaseError;

/// Why a Dag run was not created or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database did not do it.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// No such Dag.
    #[error("no Dag {dag_id:?} in the database; register it first")]
    NoDag {
        /// The Dag.
        dag_id: String,
    },
    /// A Dag has one run at most for a logical date.
    #[error(
        "Dag {dag_id:?} has a run of the logical date {logical_date} already: {run_id:?}; go on with that, or take another date"
    )]
    LogicalDateTaken {
        /// The Dag.
        dag_id: String,
        /// The logical date.
        logical_date: Timestamp,
        /// The run that has it.
        run_id: String,
    },
    /// Another has created the run in the meantime.
    #[error("Dag {dag_id:?} has a run {run_id:?} already")]
    RunTaken {
        /// The Dag.
        dag_id: String,
        /// The Dag run.
        run_id: String,
    },
    /// No such Dag run.
    #[error("Dag {dag_id:?} has no run {run_id:?} in the database")]
    NoDagRun {
        /// The Dag.
        dag_id: String,
        /// The Dag run.
        run_id: String,
    },
}
