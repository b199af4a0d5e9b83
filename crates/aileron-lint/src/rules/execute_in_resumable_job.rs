//! AIL310.

use crate::checker::{Checker, Finding};
use crate::rule::rule;
use crate::semantic::{Model, ScopeId};

rule! {
    /// `self.execute()` called from what `execute` runs in a resumable job.
    ///
    /// ## Why it breaks
    ///
    /// `execute` calls `execute_resumable`, which calls `submit_job`, `poll_until_complete` and the others. One of these that calls
    /// `execute` again never comes to an end, and submits a job in every round.
    ///
    /// ## Example
    ///
    /// ```python
    /// from airflow.sdk import BaseOperator, ResumableJobMixin
    ///
    /// class Submit(ResumableJobMixin, BaseOperator):
    ///     def execute(self, context):
    ///         return self.execute_resumable(context)
    ///
    ///     def execute_resumable(self, context):
    ///         self.log.info("submitting")
    ///         return self.execute(context)
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```python
    /// from airflow.sdk import BaseOperator, ResumableJobMixin
    ///
    /// class Submit(ResumableJobMixin, BaseOperator):
    ///     def execute(self, context):
    ///         return self.execute_resumable(context)
    ///
    ///     def execute_resumable(self, context):
    ///         self.log.info("submitting")
    ///         return super().execute_resumable(context)
    /// ```
    AIL310, "execute-in-resumable-job", Error, since STATE_STORES
}

/// What `ResumableJobMixin.execute_resumable` runs.
const STEPS: [&str; 7] = [
    "execute_resumable",
    "submit_job",
    "get_job_status",
    "is_job_active",
    "is_job_succeeded",
    "poll_until_complete",
    "get_job_result",
];

fn check(checker: &mut Checker<'_>) {
    let model = checker.model;
    for class in model.resumable_jobs() {
        let Some(execute) = model.method(class, "execute") else {
            continue;
        };
        if !calls_own(model, execute, "execute_resumable")
            .next()
            .is_some_and(|_| true)
        {
            continue;
        }
        for step in STEPS {
            let Some(scope) = model.classes[class.0].methods.get(step).copied() else {
                continue;
            };
            for call in calls_own(model, scope, "execute").collect::<Vec<_>>() {
                let message = format!(
                    "`{step}` runs within `execute`, and calls it again: this never comes to an end."
                );
                let help = "Call `super().execute_resumable(context)`, or what `execute` is to do.";
                checker.report(&RULE, call, Finding::new(message, help));
            }
        }
    }
}

/// Calls of `self.NAME(..)` in a method.
fn calls_own<'a>(
    model: &Model<'a>,
    scope: ScopeId,
    name: &'static str,
) -> impl Iterator<Item = &'a ruff_python_ast::ExprCall> {
    let calls: Vec<_> = model.scopes[scope.0]
        .calls
        .iter()
        .map(|site| site.call)
        .collect();
    calls.into_iter().filter(move |call| {
        call.func.as_attribute_expr().is_some_and(|attribute| {
            attribute.attr.as_str() == name
                && attribute
                    .value
                    .as_name_expr()
                    .is_some_and(|object| object.id.as_str() == "self")
        })
    })
}
