//! AIL308.

use ruff_python_ast::{Expr, Number};

use crate::checker::{Checker, Finding};
use crate::rule::rule;
use crate::semantic::{Model, ScopeId, StoreKind, Task};

rule! {
    /// A retention that ends before the task's retries do.
    ///
    /// ## Why it breaks
    ///
    /// What is stored is for the next try. If it expires before the last retry starts, that retry finds nothing, and starts over or
    /// submits the job again.
    ///
    /// ## Example
    ///
    /// ```python
    /// from datetime import timedelta
    ///
    /// from airflow.sdk import task
    ///
    /// @task(retries=5, retry_delay=timedelta(hours=1))
    /// def load(task_state_store=None):
    ///     task_state_store.set("job_id", submit(), retention=timedelta(hours=2))
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```python
    /// from datetime import timedelta
    ///
    /// from airflow.sdk import NEVER_EXPIRE, task
    ///
    /// @task(retries=5, retry_delay=timedelta(hours=1))
    /// def load(task_state_store=None):
    ///     task_state_store.set("job_id", submit(), retention=NEVER_EXPIRE)
    /// ```
    AIL308, "short-retention", Warning, since STATE_STORES
}

/// Airflow's default for `retry_delay`, in seconds.
const DEFAULT_RETRY_DELAY: f64 = 300.0;

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for task in &model.tasks {
        let Some(needed) = time_of_retries(model, task) else {
            continue;
        };
        for scope in model.reach(task.scope) {
            for used in model.store_uses(scope) {
                let Some(retention) = used
                    .retention
                    .filter(|_| matches!(used.store, StoreKind::Task))
                else {
                    continue;
                };
                let Some(seconds) =
                    seconds(model, scope, retention).filter(|seconds| *seconds < needed)
                else {
                    continue;
                };
                let message = format!(
                    "This expires after {}, but the retries of `{}` take at least {}: a late retry finds nothing.",
                    shown(seconds),
                    task.name,
                    shown(needed)
                );
                let help =
                    "Use a retention longer than all retries with their delays, or `NEVER_EXPIRE`.";
                checker.report(&RULE, retention, Finding::new(message, help));
            }
        }
    }
}

/// `retries * retry_delay` in seconds, if the file says both.
fn time_of_retries<'a>(model: &Model<'a>, task: &Task<'a>) -> Option<f64> {
    let (scope, retries) = model.option(task, "retries")?;
    let retries = number(model.trace(scope, retries).1)?;
    let delay = match model.option(task, "retry_delay") {
        Some((scope, delay)) => seconds(model, scope, delay)?,
        None => DEFAULT_RETRY_DELAY,
    };
    Some(retries * delay)
}

/// A `timedelta(..)` of numbers, or a number of seconds.
fn seconds<'a>(model: &Model<'a>, scope: ScopeId, expr: &'a Expr) -> Option<f64> {
    let (scope, expr) = model.trace(scope, expr);
    if let Some(number) = number(expr) {
        return Some(number);
    }
    let call = expr.as_call_expr()?;
    let name = model.qualified(scope, &call.func)?;
    if !matches!(name.as_str(), "datetime.timedelta" | "pendulum.duration") {
        return None;
    }
    let mut total = 0.0;
    for (position, argument) in call.arguments.args.iter().enumerate() {
        total += number(argument)? * unit(["days", "seconds", "microseconds"].get(position)?)?;
    }
    for keyword in &call.arguments.keywords {
        total += number(&keyword.value)? * unit(keyword.arg.as_ref()?.as_str())?;
    }
    Some(total)
}

fn unit(name: &str) -> Option<f64> {
    Some(match name {
        "weeks" => 604_800.0,
        "days" => 86_400.0,
        "hours" => 3_600.0,
        "minutes" => 60.0,
        "seconds" => 1.0,
        "milliseconds" => 1e-3,
        "microseconds" => 1e-6,
        _ => return None,
    })
}

fn number(expr: &Expr) -> Option<f64> {
    match &expr.as_number_literal_expr()?.value {
        Number::Int(int) => int.as_u32().map(f64::from),
        Number::Float(float) => Some(*float),
        Number::Complex { .. } => None,
    }
}

fn shown(seconds: f64) -> String {
    for (name, size) in [("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)] {
        if seconds >= 2.0 * size {
            return format!("{:.0} {name}", seconds / size);
        }
    }
    format!("{seconds:.0} seconds")
}
