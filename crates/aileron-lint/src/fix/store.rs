//! Getting at a state store in a task body.

use ruff_python_ast::{Expr, Parameters};
use ruff_text_size::{Ranged, TextSize};

use super::text::insert;
use crate::diagnostic::Edit;
use crate::semantic::{Binding, Model, StoreName, Task, TaskKind};

/// An expression that is a store, and what must be changed to have it.
pub(crate) struct StoreAccess {
    pub(crate) expression: String,
    pub(crate) edits: Vec<Edit>,
}

/// How a task body gets at a store: from an argument, from its context, or from an argument that is added. Nothing if the body
/// has no way to it.
pub(crate) fn store_access<'a>(
    model: &Model<'a>,
    task: &Task<'a>,
    store: StoreName,
) -> Option<StoreAccess> {
    let scope = &model.scopes[task.scope.0];
    let function = scope.function?;
    let name = store.as_str();
    let found = |expression: String| {
        Some(StoreAccess {
            expression,
            edits: Vec::new(),
        })
    };
    match scope.bindings.get(name).map(Vec::as_slice) {
        Some([Binding::Parameter(..)]) => return found(name.to_owned()),
        Some(_) => return None,
        None => {}
    }
    if task.kind == TaskKind::Elsewhere {
        return None;
    }
    if let Some(context) = context_name(model, task) {
        return found(format!("{context}[\"{name}\"]"));
    }
    if task.kind != TaskKind::Python || is_called_plainly(model, task) {
        return None;
    }
    let edit = add_parameter(model.source, &function.parameters, &format!("{name}=None"))?;
    Some(StoreAccess {
        expression: name.to_owned(),
        edits: vec![edit],
    })
}

/// Whether the file calls the function itself, so that Airflow does not fill its arguments there.
fn is_called_plainly(model: &Model<'_>, task: &Task<'_>) -> bool {
    let is_decorated = model.scopes[task.scope.0]
        .function
        .is_some_and(|function| !function.decorator_list.is_empty());
    !is_decorated
        && model.scope_ids().any(|scope| {
            let calls = &model.scopes[scope.0].calls;
            calls
                .iter()
                .any(|site| model.called_function(scope, site.call) == Some(task.scope))
        })
}

/// What the context is called in a task body.
fn context_name<'a>(model: &Model<'a>, task: &Task<'a>) -> Option<&'a str> {
    let scope = &model.scopes[task.scope.0];
    let is_argument = |name: &&str| {
        matches!(
            scope.bindings.get(name).map(Vec::as_slice),
            Some([Binding::Parameter(..)])
        )
    };
    let named = match task.kind {
        TaskKind::Execute => model.context_argument(task.scope),
        TaskKind::Asset => Some("context"),
        _ => model.kwargs(task.scope),
    };
    named.filter(is_argument).or_else(|| {
        scope
            .bindings
            .iter()
            .find_map(|(name, bindings)| match bindings.as_slice() {
                [Binding::Value(value @ Expr::Call(_))] if model.is_context(task.scope, value) => {
                    Some(*name)
                }
                _ => None,
            })
    })
}

/// Adds a parameter with a default, behind all that are there.
fn add_parameter(source: &str, parameters: &Parameters, parameter: &str) -> Option<Edit> {
    if parameters.kwarg.is_some() {
        return None;
    }
    let last = parameters.iter().map(|parameter| parameter.end()).max();
    let text = &source[parameters.range().start().to_usize()..parameters.range().end().to_usize()];
    if !text.ends_with(')') {
        return None;
    }
    let Some(last) = last else {
        return Some(insert(parameters.end() - TextSize::from(1), parameter));
    };
    Some(insert(last, format!(", {parameter}")))
}
