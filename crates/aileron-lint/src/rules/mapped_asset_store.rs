//! AIL303.

use ruff_python_ast::Expr;

use crate::checker::{Checker, Finding};
use crate::rule::rule;
use crate::semantic::{Model, ScopeId, StoreKind, Task, sub_expressions};

rule! {
    /// A mapped task whose instances all write the same key of an asset's store.
    ///
    /// ## Why it breaks
    ///
    /// The store belongs to the asset, not to the task instance. All mapped instances write one value, and the last that writes wins.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import DAG, Asset, task
    ///
    /// ORDERS = Asset("orders")
    ///
    /// with DAG("load"):
    ///
    ///     @task(outlets=[ORDERS])
    ///     def load(country, asset_state_store=None):
    ///         asset_state_store[ORDERS].set("last_id", load_country(country))
    ///
    ///     load.expand(country=["uk", "fr"])
    /// ```
    ///
    /// ## Use instead
    ///
    /// A key for each instance, or one task behind the mapped ones that writes the result of all.
    ///
    /// ```python
    /// from airflow.sdk import DAG, Asset, task
    ///
    /// ORDERS = Asset("orders")
    ///
    /// with DAG("load"):
    ///
    ///     @task(outlets=[ORDERS])
    ///     def load(country, asset_state_store=None):
    ///         asset_state_store[ORDERS].set(f"last_id/{country}", load_country(country))
    ///
    ///     load.expand(country=["uk", "fr"])
    /// ```
    AIL303, "mapped-asset-store", Warning, since STATE_STORES
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    let mapped: Vec<&Task<'_>> = model.tasks.iter().filter(|task| task.mapped).collect();
    for task in mapped {
        for scope in model.reach(task.scope) {
            if asks_for_instance(model, scope) {
                continue;
            }
            for used in model.store_uses(scope) {
                let is_write = matches!(used.store, StoreKind::Asset(_)) && used.value.is_some();
                let Some(key) = used
                    .key
                    .filter(|_| is_write)
                    .and_then(|key| model.text(scope, key))
                else {
                    continue;
                };
                let message = format!(
                    "All mapped instances of `{}` write the same key `{key}` of the asset's store: the last that writes wins.",
                    task.name
                );
                let help = "Put what tells the instances apart into the key, or write once, in a task behind them.";
                checker.report(&RULE, used.site.call, Finding::new(message, help));
            }
        }
    }
}

/// Whether a function does something else for some instance: it tests `map_index`.
fn asks_for_instance(model: &Model<'_>, scope: ScopeId) -> bool {
    model.scopes[scope.0]
        .tests
        .iter()
        .flat_map(|test| sub_expressions(test))
        .any(|part| match part {
            Expr::Attribute(attribute) => attribute.attr.as_str() == "map_index",
            Expr::Name(name) => name.id.as_str() == "map_index",
            _ => false,
        })
}
