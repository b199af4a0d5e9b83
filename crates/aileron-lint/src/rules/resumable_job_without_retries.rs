//! AIL311.

use ruff_python_ast::{Expr, Number};

use crate::checker::{Checker, Finding};
use crate::rule::rule;

rule! {
    /// A resumable job in a task that never retries: `retries=0`.
    ///
    /// ## Why it breaks
    ///
    /// A resumable job reconnects in a retry. Without one, a lost worker fails the task while its job runs on, and nothing reconnects
    /// to it.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import DAG, BaseOperator, ResumableJobMixin
    ///
    /// class Submit(ResumableJobMixin, BaseOperator):
    ///     def execute(self, context):
    ///         return self.execute_resumable(context)
    ///
    ///     def submit_job(self, context):
    ///         return client.submit()
    ///
    ///     def get_job_status(self, external_id, context):
    ///         return client.status(external_id)
    ///
    ///     def is_job_active(self, status):
    ///         return status == "RUNNING"
    ///
    ///     def is_job_succeeded(self, status):
    ///         return status == "DONE"
    ///
    ///     def poll_until_complete(self, external_id, context):
    ///         client.wait(external_id)
    ///
    ///     def get_job_result(self, external_id, context):
    ///         return None
    ///
    /// with DAG("jobs"):
    ///     Submit(task_id="submit", retries=0)
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```python
    /// from airflow.sdk import DAG, BaseOperator, ResumableJobMixin
    ///
    /// class Submit(ResumableJobMixin, BaseOperator):
    ///     def execute(self, context):
    ///         return self.execute_resumable(context)
    ///
    ///     def submit_job(self, context):
    ///         return client.submit()
    ///
    ///     def get_job_status(self, external_id, context):
    ///         return client.status(external_id)
    ///
    ///     def is_job_active(self, status):
    ///         return status == "RUNNING"
    ///
    ///     def is_job_succeeded(self, status):
    ///         return status == "DONE"
    ///
    ///     def poll_until_complete(self, external_id, context):
    ///         client.wait(external_id)
    ///
    ///     def get_job_result(self, external_id, context):
    ///         return None
    ///
    /// with DAG("jobs"):
    ///     Submit(task_id="submit", retries=3)
    /// ```
    ///
    /// A job that must not be resumed says so: `durable=False`.
    AIL311, "resumable-job-without-retries", Warning, since STATE_STORES
}

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    let jobs = model.resumable_jobs();
    if jobs.is_empty() {
        return;
    }
    for scope in model.scope_ids() {
        for site in &model.scopes[scope.0].calls {
            let func = match site.call.func.as_ref() {
                Expr::Attribute(attribute) if attribute.attr.as_str() == "partial" => {
                    attribute.value.as_ref()
                }
                func => func,
            };
            let Some(class) = model
                .class_of(scope, func)
                .filter(|class| jobs.contains(class))
            else {
                continue;
            };
            let arguments = &site.call.arguments;
            let has_unpacked = arguments
                .keywords
                .iter()
                .any(|keyword| keyword.arg.is_none());
            if has_unpacked
                || arguments.find_keyword("durable").is_some()
                || arguments.find_keyword("task_id").is_none()
            {
                continue;
            }
            let own = arguments
                .find_keyword("retries")
                .map(|keyword| (scope, &keyword.value));
            let Some((in_scope, retries)) =
                own.or_else(|| model.default_arg(scope, site.within, "retries"))
            else {
                continue;
            };
            if !is_zero(model.trace(in_scope, retries).1) {
                continue;
            }
            let message = format!(
                "`{}` reconnects to its job in a retry, and this task has none: a lost worker fails the task while the job runs on.",
                model.classes[class.0].def.name
            );
            let help = "Give it retries, or say `durable=False` if the job must not be resumed.";
            checker.report(&RULE, site.call.func.as_ref(), Finding::new(message, help));
        }
    }
}

fn is_zero(expr: &Expr) -> bool {
    expr.as_number_literal_expr()
        .is_some_and(|number| matches!(&number.value, Number::Int(int) if int.as_u32() == Some(0)))
}
