//! AIL104.

use crate::checker::{Checker, Finding};
use crate::fix::own_xcom_to_store;
use crate::rule::rule;
use crate::state::{Nature, own_xcoms};

rule! {
    /// The id of a job on another system, which a task pushes as an XCom and pulls itself to find the job again.
    ///
    /// ## Why it breaks
    ///
    /// Airflow deletes the XComs of a task instance when a new try of it starts. The retry finds nothing and submits a second job
    /// while the first still runs.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task(retries=3)
    /// def load_orders(ti=None):
    ///     job_id = ti.xcom_pull(task_ids="load_orders", key="batch_job_id")
    ///     if job_id is None:
    ///         job_id = batch_client.submit()
    ///         ti.xcom_push(key="batch_job_id", value=job_id)
    ///     batch_client.wait(job_id)
    /// ```
    ///
    /// ## Use instead
    ///
    /// From Airflow 3.3 on, the task's own store, which is kept for the retries.
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task(retries=3)
    /// def load_orders(task_state_store=None):
    ///     job_id = task_state_store.get("batch_job_id")
    ///     if job_id is None:
    ///         job_id = batch_client.submit()
    ///         task_state_store.set("batch_job_id", job_id)
    ///     batch_client.wait(job_id)
    /// ```
    ///
    /// An operator is better derived from `ResumableJobMixin`, which does the storing, and looks at the state of the job it finds.
    AIL104, "job-id-in-own-xcom", Error
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for found in own_xcoms(model, checker.target())
        .into_iter()
        .filter(|found| found.nature == Nature::Job)
    {
        let message = format!(
            "The task `{}` pulls the job id `{}` that it pushes itself on line {}. Airflow deletes a task instance's XComs when a \
             retry starts: the retry finds nothing and submits the job again.",
            found.task.name,
            found.key.shown(),
            model.line(found.pushes[0].site.call),
        );
        let help = if checker.has_state_stores() {
            "Keep it in `task_state_store`, which retries of this task instance share; or write an operator with \
             `ResumableJobMixin`, which reconnects to the job it submitted."
        } else {
            "Give the job a name or a token made from the run id and the task id, and ask the other system whether it exists."
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
