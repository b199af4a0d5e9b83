//! AIL202.

use crate::checker::{Checker, Finding};
use crate::producer::{Transport, pushes};
use crate::rule::rule;
use crate::semantic::TaskKind;

rule! {
    /// A value that a task returns or pushes and XCom cannot carry.
    ///
    /// ## Why it breaks
    ///
    /// An XCom is JSON, with serializers for a few types more. A numpy array, a DataFrame of another library than pandas, an object of
    /// a plain class, an open file or a model has none: the task fails at its end, after all its work.
    ///
    /// A custom XCom backend can have its own ways; if yours does, switch the rule off.
    ///
    /// ## Example
    ///
    /// ```python
    /// import numpy as np
    ///
    /// from airflow.sdk import task
    ///
    /// @task
    /// def predict():
    ///     return np.zeros(1000)
    /// ```
    ///
    /// ## Use instead
    ///
    /// A list if it is small. For a large one, object storage, and its path as the XCom.
    ///
    /// ```python
    /// import numpy as np
    ///
    /// from airflow.sdk import ObjectStoragePath, task
    ///
    /// BASE = ObjectStoragePath("s3://predictions/")
    ///
    /// @task
    /// def predict(run_id=None):
    ///     path = BASE / f"{run_id}.npy"
    ///     with path.open("wb") as file:
    ///         np.save(file, np.zeros(1000))
    ///     return str(path)
    /// ```
    AIL202, "not-json-xcom", Error
}

fn check(checker: &mut Checker<'_>) {
    for push in pushes(checker.model) {
        let runs_here = matches!(push.task.kind, TaskKind::Python | TaskKind::Execute);
        if push.value.xcom != Transport::No || !runs_here {
            continue;
        }
        let action = if push.key.as_deref() == Some("return_value") {
            "returns"
        } else {
            "pushes"
        };
        let message = format!(
            "The task `{}` {action} `{}`, which XCom cannot carry: the task fails when it is done.",
            push.task.name, push.value.name
        );
        checker.report(&RULE, push.expr, Finding::new(message, push.value.way_out));
    }
}
