//! The context of a task: `context["ti"]`, `**kwargs`, an argument that Airflow fills by its name.

use ruff_python_ast::{Expr, Parameter};

use super::Model;
use super::scope::{Binding, ScopeId};

/// A state store, by its name in the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum StoreName {
    Task,
    Asset,
}

impl StoreName {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Task => "task_state_store",
            Self::Asset => "asset_state_store",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Task, Self::Asset]
            .into_iter()
            .find(|store| store.as_str() == name)
    }
}

/// Arguments that are taken for what they are called in any function, not only where Airflow fills them.
const TELLING: [&str; 4] = [
    "ti",
    "task_instance",
    "task_state_store",
    "asset_state_store",
];

/// Whether Airflow's context has an entry of this name that says which run it is.
pub(crate) fn is_context_key(name: &str) -> bool {
    matches!(
        name,
        "ds" | "ds_nodash"
            | "ts"
            | "ts_nodash"
            | "ts_nodash_with_tz"
            | "run_id"
            | "dag_run"
            | "logical_date"
            | "execution_date"
            | "data_interval_start"
            | "data_interval_end"
            | "dag"
            | "task"
            | "ti"
            | "task_instance"
            | "params"
            | "conf"
            | "var"
    )
}

impl<'a> Model<'a> {
    /// The name of the context entry that an expression is: `ti` for `context["ti"]`, or for the argument `ti` of a task.
    pub(crate) fn context_entry(&self, scope: ScopeId, expr: &'a Expr) -> Option<&'a str> {
        let (scope, expr) = self.trace(scope, expr);
        match expr {
            Expr::Subscript(subscript) if self.is_context(scope, &subscript.value) => {
                self.text(scope, &subscript.slice)
            }
            Expr::Call(call) => {
                let attribute = call.func.as_attribute_expr()?;
                if attribute.attr.as_str() != "get" || !self.is_context(scope, &attribute.value) {
                    return None;
                }
                self.text(scope, call.arguments.args.first()?)
            }
            Expr::Name(name) => {
                let (bound_in, parameter) = self.parameter(scope, name.id.as_str())?;
                let name = parameter.name.as_str();
                let filled =
                    self.is_filled_by_airflow(bound_in) && !self.is_variadic(bound_in, parameter);
                (filled || TELLING.contains(&name)).then_some(name)
            }
            _ => None,
        }
    }

    /// Whether an expression is the task instance of the context.
    pub(crate) fn is_task_instance(&self, scope: ScopeId, expr: &'a Expr) -> bool {
        matches!(
            self.context_entry(scope, expr),
            Some("ti" | "task_instance")
        )
    }

    /// Whether an expression is the context: `**kwargs` of a task, the argument of `execute`, `get_current_context()`.
    pub(crate) fn is_context(&self, scope: ScopeId, expr: &'a Expr) -> bool {
        let (scope, expr) = self.trace(scope, expr);
        match expr {
            Expr::Call(call) => {
                self.qualified(scope, &call.func).as_deref()
                    == Some("airflow.sdk.get_current_context")
            }
            Expr::Name(name) => {
                let Some((bound_in, parameter)) = self.parameter(scope, name.id.as_str()) else {
                    return false;
                };
                if parameter.name.as_str() == "context" {
                    return true;
                }
                let is_kwargs = self.kwargs(bound_in) == Some(parameter.name.as_str());
                (is_kwargs && self.is_filled_by_airflow(bound_in))
                    || self.context_argument(bound_in) == Some(parameter.name.as_str())
            }
            _ => false,
        }
    }

    /// The parameter that a name is, if nothing else is ever stored in it.
    fn parameter(&self, scope: ScopeId, name: &str) -> Option<(ScopeId, &'a Parameter)> {
        let bound_in = self.binding_scope(scope, name)?;
        match self.scopes[bound_in.0].bindings[name].as_slice() {
            [Binding::Parameter(parameter)] => Some((bound_in, parameter)),
            _ => None,
        }
    }

    /// The name of the `**` parameter.
    pub(crate) fn kwargs(&self, scope: ScopeId) -> Option<&'a str> {
        let kwarg = self.scopes[scope.0].function?.parameters.kwarg.as_deref()?;
        Some(kwarg.name.as_str())
    }

    fn is_variadic(&self, scope: ScopeId, parameter: &Parameter) -> bool {
        self.scopes[scope.0].function.is_some_and(|function| {
            [&function.parameters.vararg, &function.parameters.kwarg]
                .into_iter()
                .flatten()
                .any(|variadic| variadic.name == parameter.name)
        })
    }

    /// The second argument of `execute` and its like in an operator.
    pub(crate) fn context_argument(&self, scope: ScopeId) -> Option<&'a str> {
        let function = self.scopes[scope.0].function?;
        let takes_context = matches!(
            function.name.as_str(),
            "execute"
                | "poke"
                | "pre_execute"
                | "post_execute"
                | "execute_complete"
                | "execute_resumable"
                | "submit_job"
        );
        if !takes_context || !self.is_operator(self.scopes[scope.0].class?) {
            return None;
        }
        let mut parameters = function
            .parameters
            .posonlyargs
            .iter()
            .chain(&function.parameters.args);
        parameters
            .nth(1)
            .map(|parameter| parameter.parameter.name.as_str())
    }
}
