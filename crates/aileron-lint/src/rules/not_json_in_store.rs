//! AIL306.

use ruff_text_size::Ranged;

use crate::checker::{Checker, Finding};
use crate::diagnostic::{Applicability, Fix};
use crate::fix::replace;
use crate::producer::Transport;
use crate::rule::rule;
use crate::semantic::ScopeId;

rule! {
    /// A value stored in a state store that is not JSON: a `datetime`, a tuple, a set, bytes, an object.
    ///
    /// ## Why it breaks
    ///
    /// A store takes text, numbers, booleans, lists and dicts with text as keys, and refuses everything else. Unlike an XCom it has no
    /// serializers: a `datetime` or a tuple that an XCom carries fails here.
    ///
    /// ## Example
    ///
    /// ```python
    /// from datetime import datetime, timezone
    ///
    /// from airflow.sdk import task
    ///
    /// @task
    /// def load(task_state_store=None):
    ///     task_state_store.set("started", datetime.now(timezone.utc))
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
    AIL306, "not-json-in-store", Error, since STATE_STORES
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for scope in model.scope_ids().filter(|scope| *scope != ScopeId::MODULE) {
        for used in model.store_uses(scope) {
            let Some(stored) = used.value else { continue };
            let is_context_time = matches!(
                model.context_entry(scope, stored),
                Some("logical_date" | "data_interval_start" | "data_interval_end")
            );
            let value = model.value(scope, stored);
            let is_time = is_context_time
                || matches!(value.name.as_str(), "datetime.datetime" | "datetime.date");
            let is_refused = value.store == Transport::No && !value.name.contains("None");
            if !is_refused && !is_context_time {
                continue;
            }
            let name = if is_context_time {
                "datetime.datetime"
            } else {
                value.name.as_str()
            };
            let message = format!(
                "A state store takes JSON only, and this is {}: storing it fails.",
                article(name)
            );
            let help = match (is_time, value.name.as_str()) {
                (true, _) => {
                    "Store `value.isoformat()`, and read it back with `datetime.fromisoformat`."
                }
                (_, name) if name.starts_with("tuple") || name.starts_with("set") => {
                    "Store `list(..)` of it."
                }
                _ if value.way_out.is_empty() => "Store it as text, or as a dict of its parts.",
                _ => "Store what it is made from, or a reference to where it is kept.",
            };
            let fix = is_time.then(|| {
                let text = model.text_of(stored);
                let edit = replace(stored.range(), format!("{text}.isoformat()"));
                Fix::new("Store it as text", Applicability::Unsafe, vec![edit])
            });
            checker.report(&RULE, stored, Finding::new(message, help).fix(fix));
        }
    }
}

fn article(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o']) {
        "an"
    } else {
        "a"
    };
    format!("{article} `{name}`")
}
