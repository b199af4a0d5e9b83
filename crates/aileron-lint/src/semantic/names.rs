//! What a name stands for: imports, aliases, and the names Airflow has had over time.

use ruff_python_ast::Expr;

use super::Model;
use super::scope::{Binding, ClassId, ScopeId};

/// How often an alias of an alias is followed.
const DEPTH: usize = 8;

impl<'a> Model<'a> {
    /// How a name of this scope is bound, in the innermost scope that binds it. Empty for builtins and unknown names.
    pub(crate) fn bindings(&self, scope: ScopeId, name: &str) -> &[Binding<'a>] {
        self.binding_scope(scope, name)
            .map_or(&[], |scope| self.scopes[scope.0].bindings[name].as_slice())
    }

    /// The innermost scope that binds a name.
    pub(crate) fn binding_scope(&self, scope: ScopeId, name: &str) -> Option<ScopeId> {
        let mut at = Some(scope);
        while let Some(id) = at {
            if self.scopes[id.0].bindings.contains_key(name) {
                return Some(id);
            }
            at = self.scopes[id.0].parent;
        }
        None
    }

    /// The full name of an imported thing: `airflow.sdk.Variable.get` for `V.get` after `from airflow.sdk import Variable as V`.
    ///
    /// Nothing if the name means different things on different paths. An import that is tried first and one that is the
    /// fallback mean the same if Airflow has the same thing under both names.
    pub(crate) fn qualified(&self, scope: ScopeId, expr: &Expr) -> Option<String> {
        self.qualified_within(scope, expr, DEPTH)
    }

    fn qualified_within(&self, scope: ScopeId, expr: &Expr, depth: usize) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        match expr {
            Expr::Name(name) => {
                let bound_in = self.binding_scope(scope, name.id.as_str())?;
                match self.scopes[bound_in.0].bindings[name.id.as_str()].as_slice() {
                    [Binding::Value(value)] => self.qualified_within(bound_in, value, depth),
                    bindings => same_import(bindings),
                }
            }
            Expr::Attribute(attribute) => {
                let value = self.qualified_within(scope, &attribute.value, depth)?;
                Some(canonical(&format!("{value}.{}", attribute.attr)))
            }
            _ => None,
        }
    }

    /// The class of this file that a name stands for.
    pub(crate) fn class_of(&self, scope: ScopeId, expr: &Expr) -> Option<ClassId> {
        match self.bindings(scope, expr.as_name_expr()?.id.as_str()) {
            [Binding::Class(class)] => Some(*class),
            _ => None,
        }
    }

    /// The function of this file that a name stands for.
    pub(crate) fn function_of(&self, scope: ScopeId, expr: &Expr) -> Option<ScopeId> {
        match self.bindings(scope, expr.as_name_expr()?.id.as_str()) {
            [Binding::Function(function)] => Some(*function),
            _ => None,
        }
    }
}

/// The one thing that all imports of a name mean.
fn same_import(bindings: &[Binding<'_>]) -> Option<String> {
    let mut found: Option<String> = None;
    for binding in bindings {
        let Binding::Import(name) = binding else {
            return None;
        };
        let name = canonical(name);
        if found.as_ref().is_some_and(|known| *known != name) {
            return None;
        }
        found = Some(name);
    }
    found
}

/// One name for each thing that Airflow has under several: what `airflow.sdk` calls it.
///
/// The paths are those of Airflow 2.0 to 3.4. Other names stay as they are.
fn canonical(name: &str) -> String {
    let Some(rest) = name.strip_prefix("airflow.") else {
        return name.to_owned();
    };
    let sdk = |short: &str| format!("airflow.sdk.{short}");
    match rest {
        "models.Variable" | "models.variable.Variable" | "sdk.definitions.variable.Variable" => {
            sdk("Variable")
        }
        "DAG" | "models.DAG" | "models.dag.DAG" | "sdk.definitions.dag.DAG" => sdk("DAG"),
        "decorators.task" | "decorators.base.task" | "sdk.definitions.decorators.task" => {
            sdk("task")
        }
        "decorators.dag" | "models.dag.dag" | "sdk.definitions.dag.dag" => sdk("dag"),
        "decorators.task_group"
        | "decorators.task_group.task_group"
        | "sdk.definitions.decorators.task_group" => sdk("task_group"),
        "decorators.setup" => sdk("setup"),
        "decorators.teardown" => sdk("teardown"),
        "utils.task_group.TaskGroup" | "sdk.definitions.taskgroup.TaskGroup" => sdk("TaskGroup"),
        "models.BaseOperator"
        | "models.baseoperator.BaseOperator"
        | "sdk.bases.operator.BaseOperator" => sdk("BaseOperator"),
        "sensors.base.BaseSensorOperator"
        | "sensors.base_sensor_operator.BaseSensorOperator"
        | "sdk.bases.sensor.BaseSensorOperator" => sdk("BaseSensorOperator"),
        "operators.python.get_current_context"
        | "providers.standard.operators.python.get_current_context"
        | "sdk.execution_time.context.get_current_context"
        | "sdk.definitions.context.get_current_context"
        | "sdk.definitions._internal.contextmanager.get_current_context" => {
            sdk("get_current_context")
        }
        "sdk.bases.resumablejobmixin.ResumableJobMixin"
        | "providers.common.compat.sdk.ResumableJobMixin" => sdk("ResumableJobMixin"),
        "sdk.execution_time.context.NEVER_EXPIRE" | "providers.common.compat.sdk.NEVER_EXPIRE" => {
            sdk("NEVER_EXPIRE")
        }
        "datasets.Dataset"
        | "Dataset"
        | "sdk.definitions.asset.Asset"
        | "sdk.definitions.asset.Dataset" => sdk("Asset"),
        _ => {
            if let Some(short) = rest.strip_prefix("providers.common.compat.sdk.") {
                return sdk(short);
            }
            match python_operator(rest) {
                Some(operator) => format!("airflow.providers.standard.{operator}"),
                None => name.to_owned(),
            }
        }
    }
}

/// Operators that moved into the provider `standard`.
fn python_operator(rest: &str) -> Option<String> {
    for (old, new) in [
        ("operators.python.", "operators.python."),
        ("operators.python_operator.", "operators.python."),
        ("operators.bash.", "operators.bash."),
        ("operators.bash_operator.", "operators.bash."),
        ("operators.trigger_dagrun.", "operators.trigger_dagrun."),
        ("sensors.python.", "sensors.python."),
        ("sensors.external_task.", "sensors.external_task."),
    ] {
        if let Some(class) = rest.strip_prefix(old) {
            return Some(format!("{new}{class}"));
        }
    }
    None
}
