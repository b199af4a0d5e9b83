//! Calls on Variables, XComs and the state stores.

use ruff_python_ast::{Expr, ExprCall};

use super::Model;
use super::context::StoreName;
use super::key::Key;
use super::scope::{CallSite, ScopeId};

/// `Variable.get(..)` or `Variable.set(..)`.
#[derive(Debug, Clone)]
pub(crate) struct VariableUse<'a> {
    pub(crate) scope: ScopeId,
    pub(crate) site: CallSite<'a>,
    pub(crate) key: Key<'a>,
    /// What is written; nothing for a read.
    pub(crate) written: Option<&'a Expr>,
}

/// `ti.xcom_pull(..)` or `ti.xcom_push(..)`.
#[derive(Debug, Clone)]
pub(crate) struct XComUse<'a> {
    pub(crate) scope: ScopeId,
    pub(crate) site: CallSite<'a>,
    /// Nothing for `return_value`.
    pub(crate) key: Option<&'a Expr>,
    /// Of a pull.
    pub(crate) task_ids: Option<&'a Expr>,
    /// Of a push.
    pub(crate) pushed: Option<&'a Expr>,
}

/// Which store, and of which asset.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StoreKind<'a> {
    Task,
    /// Of the task's only asset, or of this one.
    Asset(Option<&'a Expr>),
}

/// A call on a state store.
#[derive(Debug, Clone)]
pub(crate) struct StoreUse<'a> {
    pub(crate) site: CallSite<'a>,
    pub(crate) store: StoreKind<'a>,
    /// `get`, `set`, `delete`, `clear`, or with an `a` before it.
    pub(crate) method: &'a str,
    pub(crate) key: Option<&'a Expr>,
    /// Of a `set`.
    pub(crate) value: Option<&'a Expr>,
    /// Of a `set` of the task store.
    pub(crate) retention: Option<&'a Expr>,
}

impl<'a> Model<'a> {
    /// All reads and writes of Variables in a scope.
    pub(crate) fn variable_uses(&self, scope: ScopeId) -> Vec<VariableUse<'a>> {
        self.scopes[scope.0]
            .calls
            .iter()
            .filter_map(|site| self.variable_use(scope, site))
            .collect()
    }

    fn variable_use(&self, scope: ScopeId, site: &CallSite<'a>) -> Option<VariableUse<'a>> {
        let attribute = site.call.func.as_attribute_expr()?;
        let is_read = match attribute.attr.as_str() {
            "get" => true,
            "set" => false,
            _ => return None,
        };
        if self.qualified(scope, &attribute.value)? != "airflow.sdk.Variable" {
            return None;
        }
        let arguments = &site.call.arguments;
        let key_expr = arguments.find_argument_value("key", 0)?;
        Some(VariableUse {
            scope,
            site: *site,
            key: self.key(scope, key_expr)?,
            written: if is_read {
                None
            } else {
                Some(arguments.find_argument_value("value", 1)?)
            },
        })
    }

    /// All pulls and pushes of XComs through the task instance, in a scope.
    pub(crate) fn xcom_uses(&self, scope: ScopeId) -> Vec<XComUse<'a>> {
        self.scopes[scope.0]
            .calls
            .iter()
            .filter_map(|site| self.xcom_use(scope, site))
            .collect()
    }

    fn xcom_use(&self, scope: ScopeId, site: &CallSite<'a>) -> Option<XComUse<'a>> {
        let call: &'a ExprCall = site.call;
        let attribute = call.func.as_attribute_expr()?;
        let is_pull = match attribute.attr.as_str() {
            "xcom_pull" => true,
            "xcom_push" => false,
            _ => return None,
        };
        if !self.is_task_instance(scope, &attribute.value) {
            return None;
        }
        let arguments = &call.arguments;
        Some(if is_pull {
            XComUse {
                scope,
                site: *site,
                key: arguments.find_argument_value("key", 2),
                task_ids: arguments.find_argument_value("task_ids", 0),
                pushed: None,
            }
        } else {
            XComUse {
                scope,
                site: *site,
                key: Some(arguments.find_argument_value("key", 0)?),
                task_ids: None,
                pushed: Some(arguments.find_argument_value("value", 1)?),
            }
        })
    }

    /// All calls on state stores in a scope.
    pub(crate) fn store_uses(&self, scope: ScopeId) -> Vec<StoreUse<'a>> {
        self.scopes[scope.0]
            .calls
            .iter()
            .filter_map(|site| self.store_use(scope, site))
            .collect()
    }

    fn store_use(&self, scope: ScopeId, site: &CallSite<'a>) -> Option<StoreUse<'a>> {
        let attribute = site.call.func.as_attribute_expr()?;
        let method = attribute.attr.as_str();
        if !matches!(
            method,
            "get" | "set" | "delete" | "clear" | "aget" | "aset" | "adelete" | "aclear"
        ) {
            return None;
        }
        let store = self.store(scope, &attribute.value)?;
        let arguments = &site.call.arguments;
        let is_set = method.ends_with("set");
        Some(StoreUse {
            site: *site,
            store,
            method,
            key: arguments.find_argument_value("key", 0),
            value: is_set
                .then(|| arguments.find_argument_value("value", 1))
                .flatten(),
            retention: arguments
                .find_keyword("retention")
                .map(|keyword| &keyword.value),
        })
    }

    /// The store that an expression is.
    pub(crate) fn store(&self, scope: ScopeId, expr: &'a Expr) -> Option<StoreKind<'a>> {
        if let Some(entry) = self.context_entry(scope, expr) {
            return StoreName::parse(entry).map(|store| match store {
                StoreName::Task => StoreKind::Task,
                StoreName::Asset => StoreKind::Asset(None),
            });
        }
        let (scope, expr) = self.trace(scope, expr);
        let subscript = expr.as_subscript_expr()?;
        let entry = self.context_entry(scope, &subscript.value)?;
        (StoreName::parse(entry) == Some(StoreName::Asset))
            .then_some(StoreKind::Asset(Some(&subscript.slice)))
    }
}
