//! AIL102.

use crate::checker::{Checker, Finding};
use crate::fix::{Destination, variables_to_store};
use crate::rule::rule;
use crate::state::{Nature, split_watermarks, variable_states};

rule! {
    /// A watermark or the time of the last processing, kept in a Variable.
    ///
    /// ## Why it breaks
    ///
    /// The watermark is about data, and the Variable knows nothing of the data. Two Dags or two environments that share it move it
    /// under each other. A run that is cleared or repeated moves it back or forth unseen, and whoever reads it cannot tell which
    /// task wrote it.
    ///
    /// ## Example
    ///
    /// ```python
    /// from datetime import datetime, timezone
    ///
    /// from airflow.sdk import Asset, Variable, task
    ///
    /// ORDERS = Asset("orders")
    ///
    /// @task(outlets=[ORDERS])
    /// def load_orders():
    ///     now = datetime.now(tz=timezone.utc).isoformat()
    ///     load(since=Variable.get("orders_watermark", default="2026-01-01T00:00:00+00:00"))
    ///     Variable.set("orders_watermark", now)
    /// ```
    ///
    /// ## Use instead
    ///
    /// From Airflow 3.3 on, the store of the asset. It outlives Dag runs, and records who wrote it.
    ///
    /// ```python
    /// from datetime import datetime, timezone
    ///
    /// from airflow.sdk import Asset, task
    ///
    /// ORDERS = Asset("orders")
    ///
    /// @task(outlets=[ORDERS])
    /// def load_orders(asset_state_store=None):
    ///     state = asset_state_store[ORDERS]
    ///     now = datetime.now(tz=timezone.utc).isoformat()
    ///     load(since=state.get("orders_watermark", default="2026-01-01T00:00:00+00:00"))
    ///     state.set("orders_watermark", now)
    /// ```
    ///
    /// A task has the stores of the assets in its `inlets` and `outlets`, and no others.
    AIL102, "variable-as-watermark", Warning
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for state in variable_states(model)
        .into_iter()
        .filter(|state| state.nature == Nature::Watermark)
    {
        let (read, write) = (&state.reads[0], &state.writes[0]);
        let asset = Destination::declared_asset(model, state.task);
        let message = message(
            read.key.shown(),
            state.task.name,
            model.line(write.site.call),
        );
        let uses: Vec<_> = state.reads.iter().chain(&state.writes).collect();
        let fix = asset
            .filter(|_| checker.has_state_stores() && state.is_private)
            .and_then(|asset| {
                variables_to_store(
                    model,
                    checker.module,
                    state.task,
                    &uses,
                    asset,
                    "Keep it in `asset_state_store`",
                )
            });
        let help = help(checker, asset.is_some());
        checker.report(&RULE, read.site.call, Finding::new(message, help).fix(fix));
    }
    for (task, read, write) in split_watermarks(model) {
        let message = message(read.key.shown(), task.name, model.line(write.site.call));
        let help = help(
            checker,
            model
                .declared_assets(task)
                .is_some_and(|assets| !assets.is_empty()),
        );
        checker.report(&RULE, read.site.call, Finding::new(message, help));
    }
}

fn message(key: &str, task: &str, line: usize) -> String {
    format!(
        "The Variable `{key}` is a watermark of the task `{task}`: read here, written on line {line}. Whoever else uses the name \
         moves it, and nothing ties it to the data it is about."
    )
}

fn help(checker: &Checker<'_>, has_asset: bool) -> &'static str {
    match (checker.has_state_stores(), has_asset) {
        (false, _) => {
            "Keep it where the data is, written together with the data, or take it from the Dag run's data interval."
        }
        (true, true) => "Keep it in `asset_state_store`, with the asset that the task declares.",
        (true, false) => {
            "Declare the asset that it is about in `inlets` or `outlets`, and keep it in `asset_state_store` with that asset."
        }
    }
}
