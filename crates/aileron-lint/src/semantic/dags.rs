//! What is a Dag, and which Dag something belongs to.

use ruff_python_ast::{Arguments, Expr, ExprCall};

use super::Model;
use super::builder::callee;
use super::scope::{ScopeId, WithId};

impl<'a> Model<'a> {
    /// Whether the file makes a Dag, or an asset that is one.
    pub(crate) fn has_dag(&self) -> bool {
        self.scope_ids()
            .any(|scope| self.is_dag_function(scope) || self.is_asset_function(scope))
            || self.scope_ids().any(|scope| {
                self.scopes[scope.0]
                    .calls
                    .iter()
                    .any(|site| self.is_dag_call(scope, site.call))
            })
    }

    /// `DAG(..)`.
    pub(crate) fn is_dag_call(&self, scope: ScopeId, call: &ExprCall) -> bool {
        self.qualified(scope, &call.func).as_deref() == Some("airflow.sdk.DAG")
    }

    /// A function with `@dag`; its body runs when the file is imported.
    pub(crate) fn is_dag_function(&self, scope: ScopeId) -> bool {
        self.decorated(scope, |name| name == "airflow.sdk.dag")
            .is_some()
    }

    /// A function with `@task_group`; its body runs when the file is imported.
    pub(crate) fn is_task_group_function(&self, scope: ScopeId) -> bool {
        self.decorated(scope, |name| name == "airflow.sdk.task_group")
            .is_some()
    }

    /// A function with `@asset`: a Dag of one task.
    pub(crate) fn is_asset_function(&self, scope: ScopeId) -> bool {
        self.decorated(scope, |name| {
            matches!(name, "airflow.sdk.asset" | "airflow.sdk.asset.multi")
        })
        .is_some()
    }

    /// The first decorator of a function whose full name is meant.
    pub(crate) fn decorated(
        &self,
        scope: ScopeId,
        is_meant: impl Fn(&str) -> bool,
    ) -> Option<&'a Expr> {
        let function = self.scopes[scope.0].function?;
        let around = self.scopes[scope.0].parent.unwrap_or(ScopeId::MODULE);
        function
            .decorator_list
            .iter()
            .map(|decorator| &decorator.expression)
            .find(|decorator| {
                self.qualified(around, callee(decorator))
                    .is_some_and(|name| is_meant(&name))
            })
    }

    /// The arguments of the Dag that a place belongs to: of the `with DAG(..)` or the `@dag` around it.
    pub(crate) fn dag_around(
        &self,
        scope: ScopeId,
        within: Option<WithId>,
    ) -> Option<(ScopeId, &'a Arguments)> {
        for with in self.withs_around(within) {
            let with = &self.withs[with.0];
            if let (scope, Expr::Call(call)) = self.trace(with.scope, with.context)
                && self.is_dag_call(scope, call)
            {
                return Some((scope, &call.arguments));
            }
        }
        let at = &self.scopes[scope.0];
        if let Some(Expr::Call(call)) = self.decorated(scope, |name| name == "airflow.sdk.dag") {
            return Some((at.parent?, &call.arguments));
        }
        self.dag_around(at.parent?, at.within)
    }

    /// Whether a place is in a task group, of the `with` or of the decorator.
    pub(crate) fn is_in_task_group(&self, scope: ScopeId, within: Option<WithId>) -> bool {
        let in_with = self.withs_around(within).any(|with| {
            let with = &self.withs[with.0];
            self.qualified(with.scope, callee(with.context))
                .is_none_or(|name| name == "airflow.sdk.TaskGroup")
        });
        let at = &self.scopes[scope.0];
        in_with
            || self.is_task_group_function(scope)
            || at
                .parent
                .is_some_and(|parent| self.is_in_task_group(parent, at.within))
    }

    fn withs_around(&self, within: Option<WithId>) -> impl Iterator<Item = WithId> {
        std::iter::successors(within, |with| self.withs[with.0].outer)
    }

    /// Whether a function's body runs when the file is imported: `@dag`, `@task_group`, or called from there.
    pub(crate) fn import_scopes(&self) -> Vec<ScopeId> {
        let mut found: Vec<ScopeId> = vec![ScopeId::MODULE];
        found.extend(self.scope_ids().filter(|scope| {
            (self.is_dag_function(*scope) || self.is_task_group_function(*scope))
                && !self.tasks.iter().any(|task| task.scope == *scope)
        }));
        let mut next = 0;
        while let Some(&at) = found.get(next) {
            next += 1;
            for site in self.scopes[at.0].calls.iter().filter(|site| !site.inert) {
                let Some(function) = self.function_of(at, &site.call.func) else {
                    continue;
                };
                let is_task = self.tasks.iter().any(|task| task.scope == function);
                let is_plain = self.scopes[function.0]
                    .function
                    .is_some_and(|def| def.decorator_list.is_empty());
                if !is_task && is_plain && !found.contains(&function) {
                    found.push(function);
                }
            }
        }
        found
    }
}

impl<'a> Model<'a> {
    /// The id of the Dag that a task belongs to: of the Dag around it, or of the function with `@dag`.
    pub(crate) fn dag_id(&self, task: &super::Task<'a>) -> Option<String> {
        if let Some((scope, arguments)) = self.dag_around(task.options_scope, task.within)
            && let Some(id) = arguments.find_argument_value("dag_id", 0)
        {
            return self.text(scope, id).map(str::to_owned);
        }
        let mut at = Some(task.options_scope);
        while let Some(scope) = at {
            if self.is_dag_function(scope) {
                return self.scopes[scope.0]
                    .function
                    .map(|function| function.name.to_string());
            }
            at = self.scopes[scope.0].parent;
        }
        None
    }
}
