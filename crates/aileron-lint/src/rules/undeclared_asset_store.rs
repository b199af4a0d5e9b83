//! AIL312.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use crate::checker::{Checker, Finding};
use crate::rule::rule;
use crate::semantic::{Model, ScopeId, StoreKind, Task, TaskKind};

rule! {
    /// The store of an asset that the task does not declare.
    ///
    /// ## Why it breaks
    ///
    /// A task has the stores of the assets in its `inlets` and `outlets`. Asking for another raises `KeyError`. Without saying which,
    /// there must be exactly one; with two it raises `ValueError`. A task without assets has no `asset_state_store` in its context, and
    /// an argument of that name stays `None`.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import Asset, task
    ///
    /// ORDERS = Asset("orders")
    /// CUSTOMERS = Asset("customers")
    ///
    /// @task(outlets=[ORDERS])
    /// def load(asset_state_store=None):
    ///     asset_state_store[CUSTOMERS].set("rows", 10)
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```python
    /// from airflow.sdk import Asset, task
    ///
    /// ORDERS = Asset("orders")
    /// CUSTOMERS = Asset("customers")
    ///
    /// @task(inlets=[CUSTOMERS], outlets=[ORDERS])
    /// def load(asset_state_store=None):
    ///     asset_state_store[CUSTOMERS].set("rows", 10)
    /// ```
    AIL312, "undeclared-asset-store", Error, since STATE_STORES
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for task in model
        .tasks
        .iter()
        .filter(|task| task.kind == TaskKind::Python && is_only_task(model, task))
    {
        let Some(declared) = declared(model, task) else {
            continue;
        };
        for used in model.store_uses(task.scope) {
            let finding = match used.store {
                StoreKind::Asset(None) if declared.len() != 1 => not_one(task, declared.len()),
                StoreKind::Asset(Some(asset)) => match made_at(model, task.scope, asset) {
                    Some(made) if !declared.contains(&made) => {
                        undeclared(task, model.text_of(asset))
                    }
                    _ => continue,
                },
                _ => continue,
            };
            checker.report(&RULE, used.site.call.func.as_ref(), finding);
        }
    }
}

fn not_one(task: &Task<'_>, count: usize) -> Finding {
    let name = task.name;
    let message = if count == 0 {
        format!("The task `{name}` declares no asset, and has no `asset_state_store`: this fails.")
    } else {
        format!(
            "The task `{name}` declares {count} assets, and does not say whose store this is: this raises `ValueError`."
        )
    };
    Finding::new(
        message,
        "Declare the asset in `inlets` or `outlets`, and say which: `asset_state_store[ASSET]`.",
    )
}

fn undeclared(task: &Task<'_>, asset: &str) -> Finding {
    Finding::new(
        format!(
            "The task `{}` does not declare `{asset}`, and has no store of it: this fails.",
            task.name
        ),
        format!("Declare it: `inlets=[{asset}]` or `outlets=[{asset}]`."),
    )
}

/// Whether the function is the body of one task, with its options as they stand.
fn is_only_task(model: &Model<'_>, task: &Task<'_>) -> bool {
    let is_overridden = |attribute: &str| matches!(attribute, "override" | "partial");
    model
        .tasks
        .iter()
        .filter(|other| other.scope == task.scope)
        .count()
        == 1
        && !model.scope_ids().any(|scope| {
            model.scopes[scope.0].calls.iter().any(|site| {
                site.call.func.as_attribute_expr().is_some_and(|attribute| {
                    is_overridden(attribute.attr.as_str())
                        && model.function_of(scope, &attribute.value) == Some(task.scope)
                })
            })
        })
}

/// Where the assets are made that a task declares: the places of the calls `Asset(..)`. Nothing if one of them is not known.
fn declared(model: &Model<'_>, task: &Task<'_>) -> Option<Vec<ruff_text_size::TextRange>> {
    let assets = model.declared_assets(task)?;
    assets
        .into_iter()
        .map(|asset| made_at(model, task.options_scope, asset))
        .collect()
}

/// The place of the call `Asset(..)` that a name of the module stands for.
fn made_at<'a>(
    model: &Model<'a>,
    scope: ScopeId,
    asset: &'a Expr,
) -> Option<ruff_text_size::TextRange> {
    let (made_in, made) = model.trace(scope, asset);
    let call = made.as_call_expr()?;
    let is_asset = model.qualified(made_in, &call.func)? == "airflow.sdk.Asset";
    (asset.is_name_expr() && is_asset).then(|| call.range())
}
