//! AIL301.

use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::{Ranged, TextRange};

use crate::checker::{Checker, Finding};
use crate::diagnostic::{Applicability, Fix};
use crate::fix::{name_uses, replace};
use crate::rule::rule;
use crate::semantic::{Binding, Model, ScopeId};

rule! {
    /// A name that the state stores had before they were released: `task_state`, `task_store`, `asset_state`, `asset_store`.
    ///
    /// ## Why it breaks
    ///
    /// The context of Airflow 3.3 has `task_state_store` and `asset_state_store`. Any other name raises `KeyError`; an argument of
    /// that name is not filled, and stays `None`.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task
    /// def load(**context):
    ///     cursor = context["task_store"].get("cursor")
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task
    /// def load(**context):
    ///     cursor = context["task_state_store"].get("cursor")
    /// ```
    AIL301, "early-store-name", Error, since STATE_STORES
}

fn released(name: &str) -> Option<&'static str> {
    match name {
        "task_state" | "task_store" => Some("task_state_store"),
        "asset_state" | "asset_store" => Some("asset_state_store"),
        _ => None,
    }
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for scope in model.scope_ids().filter(|scope| *scope != ScopeId::MODULE) {
        let subscripts = model.scopes[scope.0].subscripts.iter();
        let subscripted =
            subscripts.map(|subscript| (subscript.value.as_ref(), subscript.slice.as_ref()));
        let got = model.scopes[scope.0]
            .calls
            .iter()
            .filter_map(|site| got_from_context(site.call));
        for (context, key) in subscripted.chain(got) {
            let Some(literal) = key.as_string_literal_expr() else {
                continue;
            };
            let name = literal.value.to_str();
            if let Some(released) = released(name)
                && model.is_context(scope, context)
                && !is_given(model, name)
            {
                let edit = replace(key.range(), format!("\"{released}\""));
                let fix = Fix::new(format!("Use `{released}`"), Applicability::Safe, vec![edit]);
                checker.report(&RULE, key, finding(name, released).fix(Some(fix)));
            }
        }
        check_parameters(checker, scope);
    }
}

fn finding(name: &str, released: &str) -> Finding {
    Finding::new(
        format!("The context has no `{name}`: that was the name before Airflow 3.3 was released."),
        format!("Use `{released}`."),
    )
}

/// `context.get("task_store")`.
fn got_from_context(call: &ExprCall) -> Option<(&Expr, &Expr)> {
    let attribute = call.func.as_attribute_expr()?;
    (attribute.attr.as_str() == "get")
        .then_some((attribute.value.as_ref(), call.arguments.args.first()?))
}

/// `def load(task_store=None)` that is used as a store, in a task that Airflow calls.
fn check_parameters(checker: &mut Checker<'_>, scope: ScopeId) {
    let model = checker.model;
    if !model.is_filled_by_airflow(scope) {
        return;
    }
    let Some(function) = model.scopes[scope.0].function else {
        return;
    };
    for parameter in function.parameters.iter_non_variadic_params() {
        let name = parameter.parameter.name.as_str();
        let Some(released) = released(name) else {
            continue;
        };
        let is_none = parameter
            .default
            .as_deref()
            .is_some_and(Expr::is_none_literal_expr);
        if !is_none || !is_used_as_store(model, scope, name) || is_given(model, name) {
            continue;
        }
        let uses = name_uses(&function.body, name)
            .into_iter()
            .chain([parameter.parameter.name.range()]);
        let edits = uses
            .map(|range: TextRange| replace(range, released))
            .collect();
        let fix = Fix::new(format!("Use `{released}`"), Applicability::Safe, edits);
        let is_free = model.binding_scope(scope, released).is_none();
        checker.report(
            &RULE,
            &parameter.parameter.name,
            finding(name, released).fix(is_free.then_some(fix)),
        );
    }
}

/// Something is set in it, which no plain value lets do.
fn is_used_as_store(model: &Model<'_>, scope: ScopeId, name: &str) -> bool {
    let is_parameter = matches!(
        model.scopes[scope.0].bindings.get(name).map(Vec::as_slice),
        Some([Binding::Parameter(..)])
    );
    is_parameter
        && model.scopes[scope.0].calls.iter().any(|site| {
            let Some(attribute) = site.call.func.as_attribute_expr() else {
                return false;
            };
            let object = match attribute.value.as_ref() {
                Expr::Subscript(subscript) => subscript.value.as_ref(),
                object => object,
            };
            attribute.attr.as_str() == "set"
                && site.call.arguments.len() > 1
                && object
                    .as_name_expr()
                    .is_some_and(|object| object.id.as_str() == name)
        })
}

/// Whether the file itself gives a value of this name to something: `load(task_state=..)`, `op_kwargs={"task_state": ..}`.
fn is_given(model: &Model<'_>, name: &str) -> bool {
    model
        .scopes
        .iter()
        .flat_map(|scope| &scope.calls)
        .any(|site| {
            site.call.arguments.keywords.iter().any(|keyword| {
                keyword
                    .arg
                    .as_ref()
                    .is_some_and(|given| given.as_str() == name)
                    || keyword.value.as_dict_expr().is_some_and(|dict| {
                        dict.items
                            .iter()
                            .filter_map(|item| item.key.as_ref()?.as_string_literal_expr())
                            .any(|key| key.value.to_str() == name)
                    })
            })
        })
}
