//! Moving state from Variables and XComs into a state store.

use ruff_python_ast::{Expr, ModModule};
use ruff_text_size::{Ranged, TextRange};

use super::imports::drop_import_if_unused;
use super::store::store_access;
use super::text::{remove_argument, remove_assignment, replace};
use crate::diagnostic::{Applicability, Edit, Fix};
use crate::producer::Transport;
use crate::semantic::{Model, StoreName, Task, VariableUse, XComUse};
use crate::state::OwnXCom;

/// A store, and the asset if the task has more than one.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Destination<'a> {
    TaskStore,
    AssetStore(&'a Expr),
}

impl<'a> Destination<'a> {
    pub(crate) const fn store(self) -> StoreName {
        match self {
            Self::TaskStore => StoreName::Task,
            Self::AssetStore(_) => StoreName::Asset,
        }
    }

    /// The store of the asset that a task declares: of the only one, or of its only outlet. Not for mapped tasks, which would
    /// overwrite each other.
    pub(crate) fn declared_asset(model: &Model<'a>, task: &Task<'a>) -> Option<Self> {
        if task.mapped {
            return None;
        }
        let assets = model.declared_assets(task)?;
        let asset = match assets.as_slice() {
            [] => return None,
            [asset] => asset,
            _ => {
                let (scope, outlets) = model.option(task, "outlets")?;
                let (_, outlets) = model.trace(scope, outlets);
                let [outlet] = outlets.as_list_expr()?.elts.as_slice() else {
                    return None;
                };
                outlet
            }
        };
        matches!(asset, Expr::Name(_) | Expr::Attribute(_)).then_some(Self::AssetStore(asset))
    }
}

/// `Variable.get` and `Variable.set` become `get` and `set` of a store.
pub(crate) fn variables_to_store<'a>(
    model: &Model<'a>,
    module: &ModModule,
    task: &Task<'a>,
    uses: &[&VariableUse<'a>],
    destination: Destination<'a>,
    title: &str,
) -> Option<Fix> {
    if !are_alike(uses) || !uses.iter().all(|used| is_storable(model, used)) {
        return None;
    }
    let access = store_access(model, task, destination.store())?;
    let store = with_asset(model, access.expression, destination);
    let mut edits = access.edits;
    let mut gone: Vec<TextRange> = Vec::new();
    for used in uses {
        let call = used.site.call;
        let method = if used.written.is_some() { "set" } else { "get" };
        edits.push(replace(call.func.range(), format!("{store}.{method}")));
        gone.push(call.func.range());
        for keyword in &call.arguments.keywords {
            match keyword.arg.as_ref().map(|name| name.as_str()) {
                Some("key" | "value" | "default") => {}
                Some("default_var") => {
                    let name = keyword.arg.as_ref().expect("it was matched above");
                    edits.push(replace(name.range(), "default"));
                }
                Some(_) => edits.push(remove_argument(&call.arguments, keyword.range())),
                None => return None,
            }
        }
        // `Variable.set(key, value, description, ..)`
        if call.arguments.args.len() > 2 {
            return None;
        }
    }
    let variable = uses
        .first()?
        .site
        .call
        .func
        .as_attribute_expr()?
        .value
        .as_ref();
    edits.extend(drop_import_if_unused(model.source, module, variable, &gone));
    Some(Fix::new(title, Applicability::Unsafe, edits))
}

/// Whether all are JSON or none is: a store keeps what it is given, and text is not taken apart.
fn are_alike(uses: &[&VariableUse<'_>]) -> bool {
    let is_json = |used: &&VariableUse<'_>| {
        let name = if used.written.is_some() {
            "serialize_json"
        } else {
            "deserialize_json"
        };
        used.site
            .call
            .arguments
            .find_keyword(name)
            .map(|keyword| is_true(&keyword.value))
    };
    let first = uses.first().and_then(is_json).unwrap_or(false);
    uses.iter()
        .all(|used| is_json(used).unwrap_or(false) == first)
}

fn is_true(expr: &Expr) -> bool {
    expr.as_boolean_literal_expr()
        .is_some_and(|literal| literal.value)
}

/// Whether a store takes what is written, as text or as it is; and whether nobody waits for the `KeyError` of what is read.
fn is_storable(model: &Model<'_>, used: &VariableUse<'_>) -> bool {
    match used.written {
        Some(value) => model.value(used.scope, value).store != Transport::No,
        None => {
            let arguments = &used.site.call.arguments;
            let has_default = arguments.args.len() > 1
                || ["default", "default_var"]
                    .iter()
                    .any(|name| arguments.find_keyword(name).is_some());
            has_default || !used.site.is_tried
        }
    }
}

fn with_asset(model: &Model<'_>, expression: String, destination: Destination<'_>) -> String {
    match destination {
        Destination::TaskStore => expression,
        Destination::AssetStore(asset) => format!("{expression}[{}]", model.text_of(asset)),
    }
}

/// `ti.xcom_pull` of a task's own XCom and its `ti.xcom_push` become `get` and `set` of the task's store.
pub(crate) fn own_xcom_to_store<'a>(model: &Model<'a>, own: &OwnXCom<'_, 'a>) -> Option<Fix> {
    let (pulls, pushes) = (&own.pulls, &own.pushes);
    let is_storable = |push: &XComUse<'a>| {
        push.pushed
            .is_some_and(|value| model.value(push.scope, value).store != Transport::No)
    };
    if !pushes.iter().all(is_storable) {
        return None;
    }
    let access = store_access(model, own.task, StoreName::Task)?;
    let (store, mut edits) = (access.expression, access.edits);
    let mut gone: Vec<TextRange> = Vec::new();
    for pull in pulls {
        let call = pull.site.call;
        let key = model.text_of(pull.key?);
        let default = match call.arguments.find_keyword("default") {
            Some(default) => format!(", default={}", model.text_of(&default.value)),
            None => String::new(),
        };
        edits.push(replace(
            call.range(),
            format!("{store}.get({key}{default})"),
        ));
        gone.push(call.range());
    }
    for push in pushes {
        let call = push.site.call;
        edits.push(replace(call.func.range(), format!("{store}.set")));
        edits.extend(positional(
            call.arguments.keywords.iter(),
            &call.arguments.args,
        ));
        gone.push(call.func.range());
    }
    edits.extend(forget_task_instance(model, own.task, &gone));
    Some(Fix::new(
        "Keep it in `task_state_store`",
        Applicability::Unsafe,
        edits,
    ))
}

/// `key=` and `value=` in that order are not needed.
fn positional<'k>(
    keywords: impl Iterator<Item = &'k ruff_python_ast::Keyword>,
    args: &[Expr],
) -> Vec<Edit> {
    let keywords: Vec<_> = keywords.collect();
    let names: Vec<Option<&str>> = keywords
        .iter()
        .map(|keyword| keyword.arg.as_ref().map(|name| name.as_str()))
        .collect();
    let is_in_order = matches!(
        (args.len(), names.as_slice()),
        (0, [Some("key"), Some("value")]) | (1, [Some("value")])
    );
    if !is_in_order {
        return Vec::new();
    }
    keywords
        .iter()
        .map(|keyword| replace(TextRange::new(keyword.start(), keyword.value.start()), ""))
        .collect()
}

/// `ti = context["ti"]` goes with the last that used it.
fn forget_task_instance<'a>(
    model: &Model<'a>,
    task: &Task<'a>,
    gone: &[TextRange],
) -> Option<Edit> {
    let scope = &model.scopes[task.scope.0];
    let body = &scope.function?.body;
    let name = scope
        .bindings
        .iter()
        .find_map(|(name, bindings)| match bindings.as_slice() {
            [crate::semantic::Binding::Value(value)]
                if model.is_task_instance(task.scope, value) =>
            {
                Some(*name)
            }
            _ => None,
        })?;
    remove_assignment(model.source, body, name, gone)
}
