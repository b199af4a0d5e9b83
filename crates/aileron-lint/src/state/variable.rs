//! Variables that a task reads and writes.

use std::collections::HashSet;

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::nature::{Nature, is_time};
use crate::semantic::{Binding, Key, Model, ScopeId, Task, VariableUse, sub_expressions};

/// A Variable that a task reads and writes.
pub(crate) struct VariableState<'m, 'a> {
    pub(crate) task: &'m Task<'a>,
    pub(crate) nature: Nature,
    pub(crate) reads: Vec<VariableUse<'a>>,
    pub(crate) writes: Vec<VariableUse<'a>>,
    /// Nothing else in the file uses the Variable, and the task's own function has all of it.
    pub(crate) is_private: bool,
}

/// The Variables that each task of the file reads and writes as state.
pub(crate) fn variable_states<'m, 'a>(model: &'m Model<'a>) -> Vec<VariableState<'m, 'a>> {
    let all: Vec<VariableUse<'a>> = model
        .scope_ids()
        .flat_map(|scope| model.variable_uses(scope))
        .collect();
    if all.is_empty() {
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut states = Vec::new();
    for task in &model.tasks {
        let reach: HashSet<ScopeId> = model.reach(task.scope).into_iter().collect();
        let reached: Vec<&VariableUse<'a>> = all
            .iter()
            .filter(|used| reach.contains(&used.scope))
            .collect();
        let mut keys: Vec<&Key<'a>> = Vec::new();
        for used in &reached {
            if !keys.contains(&&used.key) {
                keys.push(&used.key);
            }
        }
        for key in keys {
            let (writes, reads): (Vec<_>, Vec<_>) = reached
                .iter()
                .filter(|used| used.key == *key)
                .map(|used| (*used).clone())
                .partition(|used| used.written.is_some());
            let Some(first) = reads.first() else { continue };
            let Some(nature) = nature(model, &reads, &writes) else {
                continue;
            };
            if seen.insert(first.site.call.range()) {
                let of_key = all.iter().filter(|used| used.key == *key);
                let is_private = of_key.clone().all(|used| used.scope == task.scope);
                states.push(VariableState {
                    task,
                    nature,
                    reads,
                    writes,
                    is_private,
                });
            }
        }
    }
    states
}

/// What kind of state a Variable is that is read and written; nothing if it may rightly be a Variable.
fn nature<'a>(
    model: &Model<'a>,
    reads: &[VariableUse<'a>],
    writes: &[VariableUse<'a>],
) -> Option<Nature> {
    let key = reads.first()?.key.shown();
    if writes.is_empty() {
        return None;
    }
    let made: Vec<(ScopeId, &'a Expr)> = writes
        .iter()
        .filter_map(|write| Some((write.scope, write.written?)))
        .filter(|(scope, value)| !is_fixed(model, *scope, value))
        .collect();
    let named = Nature::of_name(key).or_else(|| {
        reads
            .iter()
            .find_map(|read| Nature::of_name(held_by(model, read)?))
    });
    match named {
        Some(Nature::Job)
            if made
                .iter()
                .any(|(scope, value)| is_from_call(model, *scope, value, reads)) =>
        {
            Some(Nature::Job)
        }
        Some(Nature::Job) => None,
        Some(nature) => Some(nature),
        None if Nature::is_setting(key) => None,
        None if made
            .iter()
            .any(|(scope, value)| is_time(model, *scope, value)) =>
        {
            Some(Nature::Watermark)
        }
        None => {
            let is_changed = made.iter().any(|(scope, value)| {
                reads
                    .iter()
                    .any(|read| model.comes_from(*scope, value, read.site.call))
            });
            is_changed.then_some(Nature::Cursor)
        }
    }
}

/// The local name that a read Variable is stored in.
fn held_by<'a>(model: &Model<'a>, read: &VariableUse<'a>) -> Option<&'a str> {
    model.scopes[read.scope.0].bindings.iter().find_map(|(name, bindings)| {
        bindings
            .iter()
            .any(|binding| matches!(binding, Binding::Value(value) if value.range().contains_range(read.site.call.range())))
            .then_some(*name)
    })
}

/// Whether a value is written out: a literal.
fn is_fixed<'a>(model: &Model<'a>, scope: ScopeId, value: &'a Expr) -> bool {
    model.trace(scope, value).1.is_literal_expr()
}

/// Whether a value comes from a call on something else than the Variable and plain conversions.
fn is_from_call<'a>(
    model: &Model<'a>,
    scope: ScopeId,
    value: &'a Expr,
    reads: &[VariableUse<'a>],
) -> bool {
    model.origins(scope, value).into_iter().any(|(_, origin)| {
        sub_expressions(origin)
            .into_iter()
            .filter_map(Expr::as_call_expr)
            .any(|call| {
                let is_read = reads
                    .iter()
                    .any(|read| read.site.call.range() == call.range());
                let is_conversion = call.func.as_name_expr().is_some_and(|name| {
                    matches!(
                        name.id.as_str(),
                        "str" | "int" | "float" | "len" | "max" | "min"
                    )
                });
                !is_read && !is_conversion
            })
    })
}

/// A watermark that one task reads and another writes.
pub(crate) fn split_watermarks<'m, 'a>(
    model: &'m Model<'a>,
) -> Vec<(&'m Task<'a>, VariableUse<'a>, VariableUse<'a>)> {
    let mut found: Vec<(&'m Task<'a>, VariableUse<'a>, VariableUse<'a>)> = Vec::new();
    let uses: Vec<(&'m Task<'a>, VariableUse<'a>)> = model
        .tasks
        .iter()
        .flat_map(|task| {
            model
                .reach(task.scope)
                .into_iter()
                .map(move |scope| (task, scope))
        })
        .flat_map(|(task, scope)| {
            model
                .variable_uses(scope)
                .into_iter()
                .map(move |used| (task, used))
        })
        .filter(|(_, used)| Nature::of_name(used.key.shown()) == Some(Nature::Watermark))
        .collect();
    for (task, read) in uses.iter().filter(|(_, used)| used.written.is_none()) {
        let writes = || {
            uses.iter()
                .filter(|(_, used)| used.written.is_some() && used.key == read.key)
        };
        if writes().any(|(writer, _)| writer.scope == task.scope) {
            continue;
        }
        if let Some((_, write)) = writes().next()
            && !found
                .iter()
                .any(|(_, known, _)| known.site.call.range() == read.site.call.range())
        {
            found.push((task, read.clone(), write.clone()));
        }
    }
    found
}
