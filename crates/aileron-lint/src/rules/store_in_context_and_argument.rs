//! AIL304.

use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

use crate::checker::{Checker, Finding};
use crate::diagnostic::{Applicability, Fix};
use crate::fix::replace;
use crate::rule::rule;
use crate::semantic::{Binding, Model, ScopeId, StoreName};

rule! {
    /// A store taken from `**context` in a function that has it as an argument too.
    ///
    /// ## Why it breaks
    ///
    /// Python gives an entry of the context either to the argument of its name or to `**context`, never to both. With the argument
    /// there, `context["asset_state_store"]` raises `KeyError`, and `context.get("asset_state_store")` gives `None`.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import Asset, task
    ///
    /// ORDERS = Asset("orders")
    ///
    /// @task(outlets=[ORDERS])
    /// def load(asset_state_store=None, **context):
    ///     context["asset_state_store"][ORDERS].set("rows", 10)
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```python
    /// from airflow.sdk import Asset, task
    ///
    /// ORDERS = Asset("orders")
    ///
    /// @task(outlets=[ORDERS])
    /// def load(asset_state_store=None, **context):
    ///     asset_state_store[ORDERS].set("rows", 10)
    /// ```
    AIL304, "store-in-context-and-argument", Error, since STATE_STORES
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for task in &model.tasks {
        let scope = task.scope;
        let Some(kwargs) = model.kwargs(scope) else {
            continue;
        };
        let subscripts = model.scopes[scope.0].subscripts.iter();
        let subscripted =
            subscripts.map(|item| (item.range(), item.value.as_ref(), item.slice.as_ref()));
        let got = model.scopes[scope.0]
            .calls
            .iter()
            .filter_map(|site| got(site.call));
        for (place, context, key) in subscripted.chain(got) {
            let Some(store) = key
                .as_string_literal_expr()
                .and_then(|key| StoreName::parse(key.value.to_str()))
            else {
                continue;
            };
            let is_kwargs = context
                .as_name_expr()
                .is_some_and(|name| name.id.as_str() == kwargs);
            if !is_kwargs
                || !is_argument(model, scope, store.as_str())
                || !is_argument(model, scope, kwargs)
            {
                continue;
            }
            let name = store.as_str();
            let message = format!(
                "`{name}` is an argument of `{}`, so `**{kwargs}` does not have it: this raises `KeyError` or gives `None`.",
                task.name
            );
            let fix = Fix::new(
                "Use the argument",
                Applicability::Safe,
                vec![replace(place, name)],
            );
            checker.report(
                &RULE,
                &place,
                Finding::new(message, format!("Use the argument `{name}`.")).fix(Some(fix)),
            );
        }
    }
}

fn got(call: &ExprCall) -> Option<(ruff_text_size::TextRange, &Expr, &Expr)> {
    let attribute = call.func.as_attribute_expr()?;
    let key = call.arguments.args.first()?;
    (attribute.attr.as_str() == "get").then_some((call.range(), attribute.value.as_ref(), key))
}

fn is_argument(model: &Model<'_>, scope: ScopeId, name: &str) -> bool {
    matches!(
        model.scopes[scope.0].bindings.get(name).map(Vec::as_slice),
        Some([Binding::Parameter(..)])
    )
}
