//! AIL305.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use crate::checker::{Checker, Finding};
use crate::diagnostic::{Applicability, Fix};
use crate::fix::replace;
use crate::rule::rule;
use crate::semantic::{Model, ScopeId, StoreUse};

rule! {
    /// `None` stored in a state store.
    ///
    /// ## Why it breaks
    ///
    /// A store refuses `None` with `ValueError`, because `get` gives `None` for a key that is not there.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task
    /// def load(task_state_store=None):
    ///     task_state_store.set("job_id", None)
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task
    /// def load(task_state_store=None):
    ///     task_state_store.delete("job_id")
    /// ```
    AIL305, "none-in-store", Error, since STATE_STORES
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for scope in model.scope_ids().filter(|scope| *scope != ScopeId::MODULE) {
        for used in model.store_uses(scope) {
            let Some(value) = used.value.filter(|value| may_be_none(model, scope, value)) else {
                continue;
            };
            let message = "A state store refuses `None`: this raises `ValueError`.";
            let help = "Use `delete` to forget the key, and `get` with a default to read it.";
            let fix = delete(model, &used, value);
            checker.report(&RULE, value, Finding::new(message, help).fix(fix));
        }
    }
}

/// `None`, a name that is nothing but `None`, or `x if y else None`.
fn may_be_none<'a>(model: &Model<'a>, scope: ScopeId, value: &'a Expr) -> bool {
    match model.trace(scope, value).1 {
        Expr::NoneLiteral(_) => true,
        Expr::If(conditional) => {
            conditional.body.is_none_literal_expr() || conditional.orelse.is_none_literal_expr()
        }
        _ => false,
    }
}

fn delete(model: &Model<'_>, used: &StoreUse<'_>, value: &Expr) -> Option<Fix> {
    if !value.is_none_literal_expr() {
        return None;
    }
    let store = model.text_of(used.site.call.func.as_attribute_expr()?.value.as_ref());
    let method = if used.method == "aset" {
        "adelete"
    } else {
        "delete"
    };
    let call = format!("{store}.{method}({})", model.text_of(used.key?));
    let edit = replace(used.site.call.range(), call);
    Some(Fix::new(
        "Delete the key",
        Applicability::Unsafe,
        vec![edit],
    ))
}
