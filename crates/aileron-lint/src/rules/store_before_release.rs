//! AIL302.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Alias, Expr, Stmt};
use ruff_text_size::Ranged;

use crate::checker::{Checker, Finding};
use crate::rule::rule;
use crate::semantic::{Model, ScopeId, StoreName, sub_expressions};

rule! {
    /// A state store or a resumable job, in a Dag for an Airflow before 3.3.
    ///
    /// ## Why it breaks
    ///
    /// `task_state_store`, `asset_state_store`, `ResumableJobMixin` and `NEVER_EXPIRE` came with Airflow 3.3. Before that the
    /// context has no such entry, and the import fails.
    ///
    /// ## Target
    ///
    /// `3.2`
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task
    /// def load(**context):
    ///     cursor = context["task_state_store"].get("cursor")
    /// ```
    ///
    /// ## Use instead
    ///
    /// Upgrade, or keep the state where the data is. Code that must run on both asks first.
    ///
    /// ```python
    /// from airflow.sdk import task
    ///
    /// @task
    /// def load(**context):
    ///     store = context.get("task_state_store")
    ///     cursor = store.get("cursor") if store else None
    /// ```
    AIL302, "store-before-release", Error
}

fn check(checker: &mut Checker<'_>) {
    if checker.has_state_stores() {
        return;
    }
    let mut imports = Imports {
        guards: 0,
        found: Vec::new(),
    };
    imports.visit_body(&checker.module.body);
    for alias in imports.found {
        report(checker, alias, alias.name.as_str());
    }
    let model = checker.model;
    for scope in model.scope_ids().filter(|scope| *scope != ScopeId::MODULE) {
        for subscript in &model.scopes[scope.0].subscripts {
            if let Some(store) = subscript
                .slice
                .as_string_literal_expr()
                .and_then(|key| StoreName::parse(key.value.to_str()))
                && model.is_context(scope, &subscript.value)
                && !is_asked_for(model, scope, store)
            {
                report(checker, *subscript, store.as_str());
            }
        }
        let Some(function) = model.scopes[scope.0]
            .function
            .filter(|_| model.is_filled_by_airflow(scope))
        else {
            continue;
        };
        for parameter in function.parameters.iter_non_variadic_params() {
            if let Some(store) = StoreName::parse(parameter.parameter.name.as_str())
                && !is_asked_for(model, scope, store)
            {
                report(checker, &parameter.parameter.name, store.as_str());
            }
        }
    }
}

fn report(checker: &mut Checker<'_>, place: &impl Ranged, name: &str) {
    let target = checker.target();
    let message =
        format!("`{name}` came with Airflow 3.3, and these Dags are for Airflow {target}.");
    let help = "Keep the state where the data is, or ask whether it is there before using it.";
    checker.report(&RULE, place, Finding::new(message, help));
}

/// Whether the function tests for the store, or for the version of Airflow.
fn is_asked_for(model: &Model<'_>, scope: ScopeId, store: StoreName) -> bool {
    model.scopes[scope.0]
        .tests
        .iter()
        .flat_map(|test| sub_expressions(test))
        .any(|part| match part {
            Expr::Name(name) => {
                name.id.as_str() == store.as_str() || name.id.as_str().starts_with("AIRFLOW_V")
            }
            Expr::StringLiteral(literal) => literal.value.to_str() == store.as_str(),
            _ => false,
        })
}

/// Imports of what came with 3.3, outside `try` and `if`.
struct Imports<'a> {
    guards: usize,
    found: Vec<&'a Alias>,
}

impl<'a> Visitor<'a> for Imports<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::ImportFrom(import) if self.guards == 0 => {
                let is_sdk = import.module.as_ref().is_some_and(|module| {
                    module.as_str() == "airflow.sdk" || module.as_str().starts_with("airflow.sdk.")
                });
                self.found.extend(import.names.iter().filter(|alias| {
                    is_sdk && matches!(alias.name.as_str(), "ResumableJobMixin" | "NEVER_EXPIRE")
                }));
            }
            Stmt::If(_) | Stmt::Try(_) => {
                self.guards += 1;
                visitor::walk_stmt(self, stmt);
                self.guards -= 1;
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
