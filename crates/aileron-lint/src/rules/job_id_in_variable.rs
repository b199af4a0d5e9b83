//! AIL103.

use crate::checker::{Checker, Finding};
use crate::fix::{Destination, variables_to_store};
use crate::rule::rule;
use crate::state::{Nature, variable_states};

rule! {
    /// The id of a job on another system, kept in a Variable so that a retry finds the job again.
    ///
    /// ## Why it breaks
    ///
    /// The Variable outlives the Dag run. The next run finds the job of the last one, and waits for it instead of submitting its
    /// own. Two runs at once, or two environments on one database, share one id: one of the two jobs is forgotten while it runs.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import Variable, task
    ///
    /// @task(retries=3)
    /// def run_spark_job():
    ///     job_id = Variable.get("spark_job_id", default=None)
    ///     if job_id is None:
    ///         job_id = spark_client.submit()
    ///         Variable.set("spark_job_id", job_id)
    ///     spark_client.wait(job_id)
    /// ```
    ///
    /// ## Use instead
    ///
    /// From Airflow 3.3 on, the task's own store, which the retries of one task instance share.
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task(retries=3)
    /// def run_spark_job(task_state_store=None):
    ///     job_id = task_state_store.get("spark_job_id")
    ///     if job_id is None:
    ///         job_id = spark_client.submit()
    ///         task_state_store.set("spark_job_id", job_id)
    ///     spark_client.wait(job_id)
    /// ```
    ///
    /// An operator is better derived from `ResumableJobMixin`, which does the storing, and looks at the state of the job it finds.
    AIL103, "job-id-in-variable", Warning
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for state in variable_states(model)
        .into_iter()
        .filter(|state| state.nature == Nature::Job)
    {
        let (read, write) = (&state.reads[0], &state.writes[0]);
        let message = format!(
            "The Variable `{}` keeps the id of a job that the task `{}` submits: read here, written on line {}. It outlives the \
             Dag run: the next run takes the old job for its own, and runs at the same time share one id.",
            read.key.shown(),
            state.task.name,
            model.line(write.site.call),
        );
        let help = if checker.has_state_stores() {
            "Keep it in `task_state_store`, which retries of this task instance share; or write an operator with \
             `ResumableJobMixin`, which reconnects to the job it submitted."
        } else {
            "Give the job a name or a token made from the run id and the task id, and ask the other system whether it exists."
        };
        let uses: Vec<_> = state.reads.iter().chain(&state.writes).collect();
        let fix = (checker.has_state_stores() && state.is_private)
            .then(|| {
                let title = "Keep it in `task_state_store`";
                variables_to_store(
                    model,
                    checker.module,
                    state.task,
                    &uses,
                    Destination::TaskStore,
                    title,
                )
            })
            .flatten();
        checker.report(&RULE, read.site.call, Finding::new(message, help).fix(fix));
    }
}
