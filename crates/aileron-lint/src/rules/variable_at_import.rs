//! AIL107.

use crate::checker::{Checker, Finding};
use crate::rule::rule;

rule! {
    /// A Variable that is read or written when the Dag file is imported.
    ///
    /// ## Why it breaks
    ///
    /// The Dag processor imports the file again and again, and each worker imports it once more for every task. Each import asks the
    /// database or the secrets backend. If the Variable is missing, or the backend is slow, the Dag disappears with an import error.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import DAG, Variable, task
    ///
    /// BUCKET = Variable.get("bucket")
    ///
    /// with DAG("load"):
    ///
    ///     @task
    ///     def load():
    ///         upload(BUCKET)
    ///
    ///     load()
    /// ```
    ///
    /// ## Use instead
    ///
    /// Read it in the task, or in a template: `"{{ var.value.bucket }}"`.
    ///
    /// ```python
    /// from airflow.sdk import DAG, Variable, task
    ///
    /// with DAG("load"):
    ///
    ///     @task
    ///     def load():
    ///         upload(Variable.get("bucket"))
    ///
    ///     load()
    /// ```
    AIL107, "variable-at-import", Warning
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    if !model.has_dag() {
        return;
    }
    for scope in model.import_scopes() {
        for used in model
            .variable_uses(scope)
            .into_iter()
            .filter(|used| !used.site.inert)
        {
            let action = if used.written.is_some() {
                "written"
            } else {
                "read"
            };
            let message = format!(
                "The Variable `{}` is {action} when the file is imported: each time the Dag processor looks at the file, and once \
                 more for every task. If that fails, the Dag disappears.",
                used.key.shown(),
            );
            let help =
                "Read it in the task that needs it, or in a template: `{{ var.value.NAME }}`.";
            checker.report(&RULE, used.site.call, Finding::new(message, help));
        }
    }
}
