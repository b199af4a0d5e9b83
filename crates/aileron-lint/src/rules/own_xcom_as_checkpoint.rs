//! AIL105.

use crate::checker::{Checker, Finding};
use crate::fix::own_xcom_to_store;
use crate::rule::rule;
use crate::state::{Nature, own_xcoms};

rule! {
    /// A task that pulls the XCom it pushes itself, to go on after a retry where it stopped.
    ///
    /// ## Why it breaks
    ///
    /// Airflow deletes the XComs of a task instance when a new try of it starts. The pull gives `None` in every try, and each retry
    /// starts from the beginning.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task(retries=5)
    /// def process_batch(**context):
    ///     ti = context["ti"]
    ///     cursor = ti.xcom_pull(task_ids="process_batch", key="cursor") or 0
    ///     while page := fetch_page(after=cursor):
    ///         load(page)
    ///         cursor = page[-1]["id"]
    ///         ti.xcom_push(key="cursor", value=cursor)
    /// ```
    ///
    /// ## Use instead
    ///
    /// From Airflow 3.3 on, the task's own store, which is kept for the retries.
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task(retries=5)
    /// def process_batch(**context):
    ///     cursor = context["task_state_store"].get("cursor") or 0
    ///     while page := fetch_page(after=cursor):
    ///         load(page)
    ///         cursor = page[-1]["id"]
    ///         context["task_state_store"].set("cursor", cursor)
    /// ```
    AIL105, "own-xcom-as-checkpoint", Error
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for found in own_xcoms(model, checker.target())
        .into_iter()
        .filter(|found| found.nature != Nature::Job)
    {
        let message = format!(
            "The task `{}` pulls the XCom `{}` that it pushes itself on line {}. Airflow deletes a task instance's XComs when a \
             retry starts: each retry gets nothing here and starts over.",
            found.task.name,
            found.key.shown(),
            model.line(found.pushes[0].site.call),
        );
        let help = if checker.has_state_stores() {
            "Keep it in `task_state_store`, which retries of this task instance share."
        } else {
            "Keep it where the data is, under the id of the Dag run, written together with the data."
        };
        let fix = checker
            .has_state_stores()
            .then(|| own_xcom_to_store(model, &found))
            .flatten();
        checker.report(
            &RULE,
            found.pulls[0].site.call,
            Finding::new(message, help).fix(fix),
        );
    }
}
