//! What is to be run.

use aileron_wire::message::{BundleInfo, TaskInstance};

/// The try of a task instance that is to be run; the part of an `ExecuteTask` workload that the task is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// The task instance.
    pub ti: TaskInstance,
    /// The Dag file, relative to its Dag bundle.
    pub dag_rel_path: String,
    /// The Dag bundle.
    pub bundle_info: BundleInfo,
    /// The Python class of the Sentry integration; empty for none.
    pub sentry_integration: String,
}

impl Workload {
    /// Without a Sentry integration.
    #[must_use]
    pub fn new(ti: TaskInstance, dag_rel_path: impl Into<String>, bundle_info: BundleInfo) -> Self {
        Self {
            ti,
            dag_rel_path: dag_rel_path.into(),
            bundle_info,
            sentry_integration: String::new(),
        }
    }
}
