//! XComs that a task pushes and pulls itself, to survive a retry.

use ruff_python_ast::Expr;
use ruff_text_size::Ranged;

use super::nature::Nature;
use crate::semantic::{Key, Model, ScopeId, Task, TaskKind, XComUse, sub_expressions};
use crate::version::AirflowVersion;

/// A task's own XCom, pulled before it is pushed.
pub(crate) struct OwnXCom<'m, 'a> {
    pub(crate) task: &'m Task<'a>,
    pub(crate) nature: Nature,
    pub(crate) key: Key<'a>,
    pub(crate) pulls: Vec<XComUse<'a>>,
    pub(crate) pushes: Vec<XComUse<'a>>,
}

/// The XComs that tasks of the file push and pull themselves.
///
/// Only in one function: what `execute` pushed, `execute_complete` may pull, because Airflow keeps the XComs of a task that was
/// deferred. Sensors are left out: poking is not retrying.
pub(crate) fn own_xcoms<'m, 'a>(
    model: &'m Model<'a>,
    target: AirflowVersion,
) -> Vec<OwnXCom<'m, 'a>> {
    let mut found: Vec<OwnXCom<'m, 'a>> = Vec::new();
    for task in model.tasks.iter().filter(|task| !is_sensor(model, task)) {
        let uses = model.xcom_uses(task.scope);
        for pull in uses.iter().filter(|used| used.pushed.is_none()) {
            if !is_own(model, task, pull, target) || looks_back(pull) {
                continue;
            }
            let Some(key) = pull.key.and_then(|key| model.key(pull.scope, key)) else {
                continue;
            };
            let pushes: Vec<XComUse<'a>> = uses
                .iter()
                .filter(|used| used.pushed.is_some())
                .filter(|push| {
                    push.key
                        .and_then(|expr| model.key(push.scope, expr))
                        .as_ref()
                        == Some(&key)
                })
                .cloned()
                .collect();
            let is_before = pushes
                .iter()
                .any(|push| push.site.call.start() > pull.site.call.start());
            if !is_before
                || found
                    .iter()
                    .any(|known| known.task.scope == task.scope && known.key == key)
            {
                continue;
            }
            let pulls = uses
                .iter()
                .filter(|used| used.pushed.is_none() && is_own(model, task, used, target))
                .filter(|used| {
                    used.key
                        .and_then(|expr| model.key(used.scope, expr))
                        .as_ref()
                        == Some(&key)
                })
                .cloned()
                .collect();
            let nature = Nature::of_name(key.shown()).unwrap_or(Nature::Cursor);
            found.push(OwnXCom {
                task,
                nature,
                key,
                pulls,
                pushes,
            });
        }
    }
    found
}

fn is_sensor(model: &Model<'_>, task: &Task<'_>) -> bool {
    match task.kind {
        TaskKind::Execute => model.scopes[task.scope.0].class.is_some_and(|class| {
            model
                .imported_bases(class)
                .iter()
                .any(|base| base.ends_with("Sensor") || base.ends_with("SensorOperator"))
        }),
        _ => model
            .decorated(task.scope, |name| name == "airflow.sdk.task.sensor")
            .is_some(),
    }
}

/// Whether a pull names its own task, by its id or by `ti.task_id`.
///
/// A pull that names no task means its own since Airflow 3; but it may be left from Airflow 2, where it meant any task. It
/// counts only if the key says that it is for a retry.
fn is_own<'a>(
    model: &Model<'a>,
    task: &Task<'a>,
    pull: &XComUse<'a>,
    target: AirflowVersion,
) -> bool {
    let arguments = &pull.site.call.arguments;
    if ["dag_id", "run_id"]
        .iter()
        .any(|name| arguments.find_keyword(name).is_some())
    {
        return false;
    }
    let Some(task_ids) = pull.task_ids else {
        let key = pull.key.and_then(|key| model.text(pull.scope, key));
        return target >= AirflowVersion::SDK && key.and_then(Nature::of_name).is_some();
    };
    let one = match model.trace(pull.scope, task_ids).1 {
        Expr::List(list) if list.elts.len() == 1 => &list.elts[0],
        other => other,
    };
    match one {
        Expr::Attribute(attribute) if attribute.attr.as_str() == "task_id" => {
            is_this_task(model, pull.scope, &attribute.value)
        }
        _ => task.id.is_some() && model.text(pull.scope, one) == task.id,
    }
}

/// `ti`, `context["task"]`, `self` of an operator.
fn is_this_task<'a>(model: &Model<'a>, scope: ScopeId, expr: &'a Expr) -> bool {
    matches!(
        model.context_entry(scope, expr),
        Some("ti" | "task_instance" | "task")
    ) || (expr
        .as_name_expr()
        .is_some_and(|name| name.id.as_str() == "self")
        && model.enclosing_class(scope).is_some())
}

/// `include_prior_dates=True` asks for what an earlier Dag run pushed; that does survive.
fn looks_back(pull: &XComUse<'_>) -> bool {
    pull.site
        .call
        .arguments
        .find_argument_value("include_prior_dates", 3)
        .is_some_and(|value| {
            !sub_expressions(value)
                .iter()
                .all(|part| part.is_boolean_literal_expr() && !is_true(part))
        })
}

fn is_true(expr: &Expr) -> bool {
    expr.as_boolean_literal_expr()
        .is_some_and(|literal| literal.value)
}
