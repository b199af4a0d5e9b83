//! AIL101.

use crate::checker::{Checker, Finding};
use crate::fix::{Destination, variables_to_store};
use crate::rule::rule;
use crate::state::{Nature, variable_states};

rule! {
    /// A Variable that a task reads and writes as a cursor, a counter or other state of its run.
    ///
    /// ## Why it breaks
    ///
    /// A Variable is global. Two runs of the Dag, two mapped instances, or a backfill beside the schedule read and overwrite the
    /// same cursor, and each skips or repeats what the other did. Nothing ties the value to the run that wrote it: clearing the
    /// run or deleting the Dag leaves it behind.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import Variable, task
    ///
    /// @task(retries=3)
    /// def ingest():
    ///     cursor = Variable.get("ingest_cursor", default="0")
    ///     for record in fetch_records_after(cursor):
    ///         process(record)
    ///         cursor = record["id"]
    ///         Variable.set("ingest_cursor", cursor)
    /// ```
    ///
    /// ## Use instead
    ///
    /// From Airflow 3.3 on, the task's own store. It belongs to one task instance, and is kept for its retries.
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task(retries=3)
    /// def ingest(task_state_store=None):
    ///     cursor = task_state_store.get("ingest_cursor", default="0")
    ///     for record in fetch_records_after(cursor):
    ///         process(record)
    ///         cursor = record["id"]
    ///         task_state_store.set("ingest_cursor", cursor)
    /// ```
    ///
    /// The task's store starts empty in each Dag run. A cursor that the next run goes on from belongs to the asset it is about:
    /// declare the asset in `inlets` or `outlets`, and use `asset_state_store[ASSET]`.
    AIL101, "variable-as-cursor", Warning
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for state in variable_states(model)
        .into_iter()
        .filter(|state| state.nature == Nature::Cursor)
    {
        let (read, write) = (&state.reads[0], &state.writes[0]);
        let asset = Destination::declared_asset(model, state.task);
        let destination = asset.unwrap_or(Destination::TaskStore);
        let message = format!(
            "The Variable `{}` is state of the task `{}`: read here, written on line {}. Variables are global; another run, \
             mapped instance or backfill overwrites it.",
            read.key.shown(),
            state.task.name,
            model.line(write.site.call),
        );
        let help = match (checker.has_state_stores(), asset) {
            (false, _) => {
                "Keep it where the data is, under the id of the Dag run, written together with the data."
            }
            (true, Some(_)) => {
                "Keep it in `asset_state_store`, with the asset that the task declares."
            }
            (true, None) => {
                "Keep it in `task_state_store`, which retries of this task instance share. If the next Dag run goes on from it, \
                 keep it in the `asset_state_store` of an asset that the task declares."
            }
        };
        let uses: Vec<_> = state.reads.iter().chain(&state.writes).collect();
        let fix = (checker.has_state_stores() && state.is_private)
            .then(|| {
                let title = format!("Keep it in `{}`", destination.store().as_str());
                variables_to_store(
                    model,
                    checker.module,
                    state.task,
                    &uses,
                    destination,
                    &title,
                )
            })
            .flatten();
        checker.report(&RULE, read.site.call, Finding::new(message, help).fix(fix));
    }
}
