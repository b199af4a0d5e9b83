//! AIL309.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use crate::checker::{Checker, Finding};
use crate::rule::rule;
use crate::semantic::{ClassId, Model};

rule! {
    /// An `external_id_key` that another revision of the file had otherwise.
    ///
    /// ## Why it breaks
    ///
    /// The key is where a resumable job keeps the id of the job it submitted. A task that waits for its retry while the change is
    /// deployed looks under the new key, finds nothing, and submits a second job while the first still runs.
    ///
    /// It is found when the file is compared with a base revision: `aileron lint --diff-base main`.
    ///
    /// ## Before
    ///
    /// ```python
    /// from airflow.sdk import BaseOperator, ResumableJobMixin
    ///
    /// class Submit(ResumableJobMixin, BaseOperator):
    ///     external_id_key = "spark_job_id"
    /// ```
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import BaseOperator, ResumableJobMixin
    ///
    /// class Submit(ResumableJobMixin, BaseOperator):
    ///     external_id_key = "job_id"
    /// ```
    ///
    /// ## Use instead
    ///
    /// Leave it; or deploy when no task of the class is running or waiting for a retry.
    ///
    /// ```python
    /// from airflow.sdk import BaseOperator, ResumableJobMixin
    ///
    /// class Submit(ResumableJobMixin, BaseOperator):
    ///     external_id_key = "spark_job_id"
    /// ```
    AIL309, "changed-external-id-key", Error, since STATE_STORES
}

/// What the mixin has if a class has none.
const DEFAULT_KEY: &str = "remote_job_id";

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    let Some(before) = checker.before else { return };
    for class in model.resumable_jobs() {
        let def = model.classes[class.0].def;
        let old = before
            .resumable_jobs()
            .into_iter()
            .find(|old| before.classes[old.0].def.name.as_str() == def.name.as_str());
        let Some(old) = old else { continue };
        let (Some(old_key), Some(key)) = (key(before, old), key(model, class)) else {
            continue;
        };
        if old_key == key {
            continue;
        }
        let message = format!(
            "`{}` kept its job id under `{old_key}` before: a task that retries after the change does not find the job it \
             submitted, and submits another.",
            def.name
        );
        let help = format!(
            "Keep `{old_key}`, or deploy when no task of `{}` is running or waiting for a retry.",
            def.name
        );
        let place = model
            .class_attribute(class, "external_id_key")
            .map_or(def.name.range(), Ranged::range);
        checker.report(&RULE, &place, Finding::new(message, help));
    }
}

/// The key of a class; nothing if it is computed.
fn key<'a>(model: &Model<'a>, class: ClassId) -> Option<&'a str> {
    match model.class_attribute(class, "external_id_key") {
        None => Some(DEFAULT_KEY),
        Some(value) => {
            let scope = model.classes[class.0].scope;
            let value: &'a Expr = value;
            model.text(scope, value)
        }
    }
}
