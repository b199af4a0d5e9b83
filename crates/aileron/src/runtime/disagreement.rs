//! Warnings where Airflow's arguments are not those of the Rust Dag.
//!
//! Airflow's are used: it has scheduled the task after the tasks that the Python Dag file names.

use aileron_wire::message::TaskArgBinding;

use super::arguments::{folded, name};
use crate::dag::{Param, TaskNode};

/// The Rust Dag has an edge from `task_id`, and Airflow passes something else.
pub(super) fn warn_about_edge(param: &Param, task_id: &str, came: &str) {
    tracing::warn!(
        target: "aileron.runtime",
        "argument `{}`: the Dag file passes {came}, the Rust Dag the output of task `{task_id}`; the Dag file counts",
        param.name
    );
}

/// Airflow passes an argument under the name of another parameter.
pub(super) fn warn_about_order(node: &TaskNode, bindings: &[TaskArgBinding]) {
    for (param, binding) in node.params.iter().zip(bindings) {
        let passed = folded(name(binding));
        let other = node.params.iter().any(|p| folded(p.name) == passed);
        if other && folded(param.name) != passed {
            tracing::warn!(
                target: "aileron.runtime",
                "argument `{}` gets what the Dag file passes as `{}`: arguments go by position, is their order right?",
                param.name,
                name(binding)
            );
        }
    }
}
