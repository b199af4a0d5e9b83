//! AIL108.

use ruff_python_ast::{Expr, ExprCall};
use ruff_text_size::Ranged;

use crate::checker::{Checker, Finding};
use crate::diagnostic::{Applicability, Fix};
use crate::fix::{add_import_member, replace};
use crate::rule::rule;
use crate::semantic::ScopeId;
use crate::state::Nature;

rule! {
    /// `datetime.utcnow()` stored as a watermark.
    ///
    /// ## Why it breaks
    ///
    /// `utcnow()` has no time zone. Its text says nothing of UTC, and whoever reads it back takes it for local time; compared with one
    /// of Airflow's times it raises `TypeError`. Python 3.12 deprecates it.
    ///
    /// ## Example
    ///
    /// ```python
    /// from datetime import datetime
    ///
    /// from airflow.sdk import Asset, task
    ///
    /// ORDERS = Asset("orders")
    ///
    /// @task(outlets=[ORDERS])
    /// def load_orders(asset_state_store=None):
    ///     load(since=asset_state_store[ORDERS].get("watermark"))
    ///     asset_state_store[ORDERS].set("watermark", datetime.utcnow().isoformat())
    /// ```
    ///
    /// ## Use instead
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
    ///     load(since=asset_state_store[ORDERS].get("watermark"))
    ///     asset_state_store[ORDERS].set("watermark", datetime.now(timezone.utc).isoformat())
    /// ```
    AIL108, "utcnow-watermark", Warning
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for scope in model.scope_ids().filter(|scope| *scope != ScopeId::MODULE) {
        let variables = model
            .variable_uses(scope)
            .into_iter()
            .filter_map(|used| used.written);
        let stores = model
            .store_uses(scope)
            .into_iter()
            .filter_map(|used| used.value);
        let xcoms = model.xcom_uses(scope).into_iter().filter(|used| {
            let key = used.key.and_then(|key| model.text(scope, key));
            key.and_then(Nature::of_name) == Some(Nature::Watermark)
        });
        let xcoms = xcoms.filter_map(|used| used.pushed);
        for stored in variables.chain(stores).chain(xcoms).collect::<Vec<_>>() {
            let Some((scope, call)) = model.stored_time(scope, stored) else {
                continue;
            };
            if model.qualified(scope, &call.func).as_deref() != Some("datetime.datetime.utcnow") {
                continue;
            }
            let message = "`utcnow()` has no time zone: what is stored reads back as local time, and cannot be compared with \
                           Airflow's times.";
            let help = "Use `datetime.now(timezone.utc)`.";
            let fix = fix(checker, call);
            checker.report(&RULE, call, Finding::new(message, help).fix(fix));
        }
    }
}

fn fix(checker: &Checker<'_>, call: &ExprCall) -> Option<Fix> {
    let class = call.func.as_attribute_expr()?.value.as_ref();
    let written = checker.model.text_of(class);
    let (zone, import) = match class {
        // `datetime.utcnow()`
        Expr::Name(_) => (
            "timezone.utc".to_owned(),
            add_import_member(checker.module, "datetime", "timezone")?,
        ),
        // `datetime.datetime.utcnow()`
        Expr::Attribute(class) => (
            format!(
                "{}.timezone.utc",
                checker.model.text_of(class.value.as_ref())
            ),
            None,
        ),
        _ => return None,
    };
    let mut edits = vec![replace(call.range(), format!("{written}.now({zone})"))];
    edits.extend(import);
    Some(Fix::new(
        "Use a time with its zone",
        Applicability::Unsafe,
        edits,
    ))
}
