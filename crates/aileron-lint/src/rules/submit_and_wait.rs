//! AIL106.

use ruff_python_ast::{Expr, ExprCall};

use crate::checker::{Checker, Finding};
use crate::rule::rule;
use crate::semantic::{Model, ScopeId};
use crate::state::Nature;

rule! {
    /// One task submits a job, and a sensor waits for it.
    ///
    /// ## Why it breaks
    ///
    /// It need not break, and is advice. But retrying the sensor never submits again, and retrying the task submits a second job: a
    /// failed job needs both cleared by hand.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import DAG, task
    /// from airflow.providers.amazon.aws.sensors.emr import EmrServerlessJobSensor
    ///
    /// with DAG("jobs"):
    ///
    ///     @task
    ///     def submit_job():
    ///         return client.submit()
    ///
    ///     EmrServerlessJobSensor(task_id="wait", application_id="orders", job_run_id=submit_job())
    /// ```
    ///
    /// ## Use instead
    ///
    /// Three cases:
    ///
    /// - A triggerer runs: one deferrable operator that submits and waits (`deferrable=True`). It takes no worker slot while it waits.
    /// - No triggerer: one synchronous operator with `ResumableJobMixin` (from Airflow 3.3 on). A retry reconnects to the job.
    /// - Slots are scarce and there is no triggerer: leave it as it is, with `mode="reschedule"`.
    ///
    /// ```python
    /// from airflow.sdk import DAG
    /// from airflow.providers.amazon.aws.operators.emr import EmrServerlessStartJobOperator
    ///
    /// with DAG("jobs"):
    ///     EmrServerlessStartJobOperator(task_id="run", application_id="orders", deferrable=True)
    /// ```
    AIL106, "submit-and-wait", Advice
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for scope in model.scope_ids() {
        for site in &model.scopes[scope.0].calls {
            let Some(submitter) = submitter(model, scope, site.call) else {
                continue;
            };
            let message = format!(
                "`{submitter}` submits a job, and this sensor waits for it: a retry of either does half of the work."
            );
            let resumable = if checker.has_state_stores() {
                "Without one: one synchronous operator with `ResumableJobMixin`, whose retry reconnects to the job. "
            } else {
                "Without one: one operator that submits and waits. "
            };
            let help = format!(
                "If a triggerer runs: one deferrable operator that does both. {resumable}If slots are scarce and there is no \
                 triggerer: leave it, with `mode=\"reschedule\"`."
            );
            checker.report(&RULE, site.call.func.as_ref(), Finding::new(message, help));
        }
    }
}

/// Whether an argument is the id of a job, and not of what jobs run on.
fn is_job_argument(name: &str) -> bool {
    let is_place = ["application", "app_id", "cluster", "session", "flow"]
        .iter()
        .any(|place| name.contains(place));
    !is_place && Nature::of_name(name) == Some(Nature::Job)
}

/// The task whose job a sensor waits for.
fn submitter<'a>(model: &Model<'a>, scope: ScopeId, call: &'a ExprCall) -> Option<&'a str> {
    let decorated = model.function_of(scope, &call.func);
    let is_sensor = match decorated {
        Some(function) => model
            .decorated(function, |name| name == "airflow.sdk.task.sensor")
            .is_some(),
        None => is_sensor_class(model, scope, &call.func),
    };
    if !is_sensor {
        return None;
    }
    let keywords = call
        .arguments
        .keywords
        .iter()
        .filter_map(|keyword| Some((keyword.arg.as_ref()?.as_str(), &keyword.value)));
    let parameters = decorated
        .and_then(|function| model.scopes[function.0].function)
        .map(|function| &function.parameters);
    let positional = parameters.into_iter().flat_map(|parameters| {
        let names = parameters
            .iter_non_variadic_params()
            .map(|parameter| parameter.parameter.name.as_str());
        names.zip(&call.arguments.args)
    });
    keywords
        .chain(positional)
        .filter(|(name, _)| is_job_argument(name))
        .find_map(|(_, value)| task_that_gives(model, scope, value))
}

fn is_sensor_class(model: &Model<'_>, scope: ScopeId, func: &Expr) -> bool {
    if let Some(class) = model.class_of(scope, func) {
        return model
            .imported_bases(class)
            .iter()
            .any(|base| base.ends_with("Sensor") || base.ends_with("SensorOperator"));
    }
    model.qualified(scope, func).is_some_and(|name| {
        name.ends_with("Sensor") || name.ends_with("SensorAsync") || name.ends_with("SensorTrigger")
    })
}

/// The task that a value comes from: `submit()`, `submit.output`, `submit.output["id"]`, or a template that pulls.
fn task_that_gives<'a>(model: &Model<'a>, scope: ScopeId, value: &'a Expr) -> Option<&'a str> {
    let (scope, value) = model.trace(scope, value);
    match value {
        Expr::Call(call) => {
            let function = model.function_of(scope, &call.func)?;
            let task = model.tasks.iter().find(|task| task.scope == function)?;
            Some(task.name)
        }
        Expr::Subscript(subscript) => task_that_gives(model, scope, &subscript.value),
        Expr::Attribute(attribute) if attribute.attr.as_str() == "output" => {
            let (scope, operator) = model.trace(scope, &attribute.value);
            let call = operator.as_call_expr()?;
            let id = call.arguments.find_keyword("task_id")?;
            model.text(scope, &id.value)
        }
        Expr::StringLiteral(literal) => {
            let text = literal.value.to_str();
            let (_, pulled) = text.split_once("xcom_pull(")?;
            let quoted = pulled.split(['\'', '"']).nth(1)?;
            let is_task_id = pulled.trim_start().starts_with(['\'', '"', '['])
                || pulled.trim_start().starts_with("task_ids");
            is_task_id.then_some(quoted)
        }
        _ => None,
    }
}
