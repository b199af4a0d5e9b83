//! AIL307.

use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

use crate::checker::{Checker, Finding};
use crate::diagnostic::{Applicability, Fix};
use crate::fix::{add_import_member, insert};
use crate::producer::Transport;
use crate::rule::rule;
use crate::semantic::{Model, ScopeId};

rule! {
    /// A time without a time zone, stored as text in a state store.
    ///
    /// ## Why it breaks
    ///
    /// The text says nothing of the worker's time zone. Read back on another worker, or after a change of summer time, it is another
    /// time; compared with one of Airflow's times it raises `TypeError`.
    ///
    /// ## Example
    ///
    /// ```python
    /// from datetime import datetime
    ///
    /// from airflow.sdk import task
    ///
    /// @task
    /// def load(task_state_store=None):
    ///     task_state_store.set("started", datetime.now().isoformat())
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```python
    /// from datetime import datetime, timezone
    ///
    /// from airflow.sdk import task
    ///
    /// @task
    /// def load(task_state_store=None):
    ///     task_state_store.set("started", datetime.now(timezone.utc).isoformat())
    /// ```
    AIL307, "naive-datetime-in-store", Warning, since STATE_STORES
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for scope in model.scope_ids().filter(|scope| *scope != ScopeId::MODULE) {
        for used in model.store_uses(scope) {
            let Some((scope, call)) = used.value.and_then(|value| naive_time(model, scope, value))
            else {
                continue;
            };
            let message = "This time has no time zone: what is stored is another time to whoever reads it elsewhere, and cannot be \
                           compared with Airflow's times.";
            let help = "Use `datetime.now(timezone.utc)`.";
            let fix = fix(checker, scope, call);
            checker.report(&RULE, call, Finding::new(message, help).fix(fix));
        }
    }
}

/// The call of `datetime.now()` without a zone whose text is stored.
fn naive_time<'a>(
    model: &Model<'a>,
    scope: ScopeId,
    value: &'a Expr,
) -> Option<(ScopeId, &'a ExprCall)> {
    let (scope, call) = model.stored_time(scope, value)?;
    if model.value(scope, value).store == Transport::No {
        return None;
    }
    let is_naive = match model.qualified(scope, &call.func)?.as_str() {
        "datetime.datetime.now" => call.arguments.is_empty(),
        "datetime.datetime.today" => true,
        "datetime.datetime.fromtimestamp" => call.arguments.len() == 1,
        _ => false,
    };
    is_naive.then_some((scope, call))
}

/// `datetime.now()` gets its zone.
fn fix(checker: &Checker<'_>, scope: ScopeId, call: &ExprCall) -> Option<Fix> {
    let attribute = call.func.as_attribute_expr()?;
    let is_now = checker.model.qualified(scope, &call.func)? == "datetime.datetime.now";
    if !is_now || !attribute.value.is_name_expr() {
        return None;
    }
    let import = add_import_member(checker.module, "datetime", "timezone")?;
    let inside = call.arguments.range.end() - ruff_text_size::TextSize::from(1);
    let mut edits = vec![insert(inside, "timezone.utc")];
    edits.extend(import);
    debug_assert!(call.range().contains(inside));
    Some(Fix::new(
        "Use a time with its zone",
        Applicability::Unsafe,
        edits,
    ))
}
