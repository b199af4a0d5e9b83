//! What is a task body.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::{Arguments, Expr, ExprCall};

use super::Model;
use super::builder::callee;
use super::scope::{CallSite, ClassId, ScopeId, WithId};

/// Where a body runs, which says what it can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskKind {
    /// `@task` and its like, or a `python_callable`: Airflow fills arguments by their names.
    Python,
    /// `@task.virtualenv`, `@task.docker` and others: another interpreter, with little or no context.
    Elsewhere,
    /// A function with `@asset`.
    Asset,
    /// `execute` of an operator.
    Execute,
}

/// A task body.
#[derive(Debug)]
pub(crate) struct Task<'a> {
    pub(crate) scope: ScopeId,
    pub(crate) kind: TaskKind,
    /// Its id, if the file leaves no doubt.
    pub(crate) id: Option<&'a str>,
    /// The name for people: the id, the function, the class.
    pub(crate) name: &'a str,
    /// Keyword arguments of the decorator or the operator.
    pub(crate) options: HashMap<&'a str, &'a Expr>,
    /// Where the options stand.
    pub(crate) options_scope: ScopeId,
    pub(crate) mapped: bool,
    pub(crate) within: Option<WithId>,
}

/// How a task of this file is used: the calls on its function.
#[derive(Default)]
struct Usage {
    calls: usize,
    mapped: bool,
    renamed: bool,
    grouped: bool,
}

impl<'a> Model<'a> {
    pub(super) fn find_tasks(&self) -> Vec<Task<'a>> {
        let usages = self.usages();
        let mut found: Vec<Task<'a>> = self
            .scope_ids()
            .filter_map(|scope| self.decorated_task(scope, &usages))
            .collect();
        for scope in self.scope_ids() {
            for site in &self.scopes[scope.0].calls {
                found.extend(self.python_callable(scope, site));
            }
        }
        found.extend(
            self.scope_ids()
                .filter_map(|scope| self.execute_method(scope)),
        );
        found
    }

    fn decorated_task(&self, scope: ScopeId, usages: &HashMap<ScopeId, Usage>) -> Option<Task<'a>> {
        let function = self.scopes[scope.0].function?;
        let around = self.scopes[scope.0].parent?;
        let is_task = |name: &str| {
            matches!(
                name,
                "airflow.sdk.task" | "airflow.sdk.asset" | "airflow.sdk.asset.multi"
            ) || (name.starts_with("airflow.sdk.task.")
                && !matches!(name, "airflow.sdk.task.run_if" | "airflow.sdk.task.skip_if"))
        };
        let decorator = self.decorated(scope, is_task)?;
        let name = self.qualified(around, callee(decorator))?;
        let kind = match name.strip_prefix("airflow.sdk.task") {
            None => TaskKind::Asset,
            Some("" | ".python" | ".branch" | ".short_circuit" | ".sensor") => TaskKind::Python,
            Some(".bash" | ".llm" | ".agent") => TaskKind::Python,
            Some(_) => TaskKind::Elsewhere,
        };
        let options = decorator
            .as_call_expr()
            .map(|call| options(&call.arguments))
            .unwrap_or_default();
        let unused = Usage::default();
        let usage = usages.get(&scope).unwrap_or(&unused);
        let is_grouped =
            usage.grouped || self.is_in_task_group(around, self.scopes[scope.0].within);
        let id = match options.get("task_id") {
            Some(id) => self.text(around, id),
            None => Some(function.name.as_str()),
        };
        Some(Task {
            scope,
            kind,
            id: id.filter(|_| !usage.renamed && usage.calls <= 1 && !is_grouped),
            name: function.name.as_str(),
            options,
            options_scope: around,
            mapped: usage.mapped,
            within: self.scopes[scope.0].within,
        })
    }

    /// The calls on functions of this file: `load()`, `load.override(..)()`, `load.partial(..).expand(..)`.
    fn usages(&self) -> HashMap<ScopeId, Usage> {
        let mut usages: HashMap<ScopeId, Usage> = HashMap::new();
        for scope in self.scope_ids() {
            for site in &self.scopes[scope.0].calls {
                let mut renamed = false;
                let mut mapped = false;
                let mut is_outermost = true;
                let mut func = site.call.func.as_ref();
                loop {
                    match func {
                        Expr::Attribute(attribute) => {
                            match attribute.attr.as_str() {
                                "expand" | "expand_kwargs" => mapped = true,
                                // Only the first part of a chain; the whole is another call.
                                "override" | "partial" if is_outermost => {
                                    renamed |= attribute.attr.as_str() == "override"
                                        && site.call.arguments.find_keyword("task_id").is_some();
                                }
                                _ => {}
                            }
                            func = &attribute.value;
                        }
                        Expr::Call(call) => {
                            is_outermost = false;
                            func = &call.func;
                        }
                        _ => break,
                    }
                }
                let Some(function) = self.function_of(scope, func) else {
                    continue;
                };
                let makes_tasks = match site.call.func.as_ref() {
                    Expr::Attribute(attribute) => {
                        matches!(attribute.attr.as_str(), "expand" | "expand_kwargs")
                    }
                    _ => true,
                };
                let usage = usages.entry(function).or_default();
                usage.calls += usize::from(makes_tasks);
                usage.mapped |= mapped;
                usage.renamed |= renamed;
                usage.grouped |= self.is_in_task_group(scope, site.within);
            }
        }
        usages
    }

    /// `PythonOperator(task_id="load", python_callable=load)`.
    fn python_callable(&self, scope: ScopeId, site: &CallSite<'a>) -> Option<Task<'a>> {
        let call: &'a ExprCall = site.call;
        let callable = call.arguments.find_keyword("python_callable")?;
        let body = self.function_of(scope, &callable.value)?;
        let (operator, partial) = match call.func.as_ref() {
            Expr::Attribute(attribute) if attribute.attr.as_str() == "partial" => {
                (attribute.value.as_ref(), true)
            }
            operator => (operator, false),
        };
        let operator = self.qualified(scope, operator)?;
        let class = operator.rsplit('.').next()?;
        let kind = match class {
            "PythonOperator" | "BranchPythonOperator" | "ShortCircuitOperator" | "PythonSensor" => {
                TaskKind::Python
            }
            _ if class.contains("Python") => TaskKind::Elsewhere,
            _ => return None,
        };
        let options = options(&call.arguments);
        let id = options.get("task_id").and_then(|id| self.text(scope, id));
        Some(Task {
            scope: body,
            kind,
            id: id.filter(|_| !self.is_in_task_group(scope, site.within)),
            name: self.scopes[body.0]
                .function
                .map_or("", |function| function.name.as_str()),
            options,
            options_scope: scope,
            mapped: partial,
            within: site.within,
        })
    }

    fn execute_method(&self, scope: ScopeId) -> Option<Task<'a>> {
        let function = self.scopes[scope.0].function?;
        let class = self.scopes[scope.0].class?;
        (function.name.as_str() == "execute" && self.is_operator(class)).then(|| Task {
            scope,
            kind: TaskKind::Execute,
            id: None,
            name: self.classes[class.0].def.name.as_str(),
            options: HashMap::new(),
            options_scope: scope,
            mapped: self.is_mapped(class),
            within: None,
        })
    }

    /// Whether `CLASS.partial(..)` stands somewhere in the file.
    fn is_mapped(&self, class: ClassId) -> bool {
        self.scope_ids().any(|scope| {
            self.scopes[scope.0].calls.iter().any(|site| {
                site.call.func.as_attribute_expr().is_some_and(|attribute| {
                    attribute.attr.as_str() == "partial"
                        && self.class_of(scope, &attribute.value) == Some(class)
                })
            })
        })
    }

    /// Whether a class is an operator: derived from an imported class whose name says so.
    pub(crate) fn is_operator(&self, class: ClassId) -> bool {
        self.imported_bases(class).iter().any(|base| {
            let name = base.rsplit('.').next().unwrap_or_default();
            name.ends_with("Operator") || name.ends_with("Sensor")
        })
    }

    /// Whether Airflow fills a function's arguments by their names.
    pub(crate) fn is_filled_by_airflow(&self, scope: ScopeId) -> bool {
        self.filled.contains(&scope)
    }

    pub(super) fn find_filled(&self) -> HashSet<ScopeId> {
        self.tasks
            .iter()
            .filter(|task| task.kind != TaskKind::Execute)
            .map(|task| task.scope)
            .collect()
    }

    /// An option of a task: its own, or of its Dag's `default_args`.
    pub(crate) fn option(&self, task: &Task<'a>, name: &str) -> Option<(ScopeId, &'a Expr)> {
        if let Some(value) = task.options.get(name) {
            return Some((task.options_scope, value));
        }
        self.default_arg(task.options_scope, task.within, name)
    }

    /// An entry of the `default_args` of the Dag around a place.
    pub(crate) fn default_arg(
        &self,
        scope: ScopeId,
        within: Option<WithId>,
        name: &str,
    ) -> Option<(ScopeId, &'a Expr)> {
        let (dag_scope, dag) = self.dag_around(scope, within)?;
        let (scope, defaults) = self.trace(dag_scope, &dag.find_keyword("default_args")?.value);
        match defaults {
            Expr::Dict(dict) => dict.items.iter().find_map(|item| {
                (self.text(scope, item.key.as_ref()?) == Some(name)).then_some((scope, &item.value))
            }),
            Expr::Call(call)
                if call
                    .func
                    .as_name_expr()
                    .is_some_and(|func| func.id.as_str() == "dict") =>
            {
                call.arguments
                    .find_keyword(name)
                    .map(|keyword| (scope, &keyword.value))
            }
            _ => None,
        }
    }

    /// The assets a task declares in `inlets` and `outlets`, each once. Nothing if they are not written out.
    pub(crate) fn declared_assets(&self, task: &Task<'a>) -> Option<Vec<&'a Expr>> {
        let mut found: Vec<&'a Expr> = Vec::new();
        for name in ["inlets", "outlets"] {
            let Some((scope, value)) = self.option(task, name) else {
                continue;
            };
            let items = match self.trace(scope, value).1 {
                Expr::List(list) => list.elts.as_slice(),
                Expr::Tuple(tuple) => tuple.elts.as_slice(),
                _ => return None,
            };
            for item in items {
                if !found
                    .iter()
                    .any(|known| self.text_of(*known) == self.text_of(item))
                {
                    found.push(item);
                }
            }
        }
        Some(found)
    }
}

fn options(arguments: &Arguments) -> HashMap<&str, &Expr> {
    arguments
        .keywords
        .iter()
        .filter_map(|keyword| Some((keyword.arg.as_ref()?.as_str(), &keyword.value)))
        .collect()
}
