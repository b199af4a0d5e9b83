//! Between the end of a task's body and the report of it: what the ending needs, and whether it can be.

use std::panic::{AssertUnwindSafe, catch_unwind};

use aileron_wire::message::{SkipDownstreamTasks, SkippedTask};

use super::outcome::Outcome;
use crate::context::StateOf;
use crate::dag::{Dag, RetryPolicy, TaskNode};
use crate::{Context, Ending, Error, Result, RetryDecision, context};

/// Does what the body's end needs before it can be reported.
pub(super) async fn settle(
    context: &Context,
    dag: &Dag,
    node: &TaskNode,
    done: Result<()>,
) -> Result<()> {
    let Err(error) = done else {
        return skip_downstream(context, dag).await;
    };
    match error.ending() {
        Ending::Defer(deferral) => {
            check_handler(node, &deferral.next_method)?;
            Err(error)
        }
        Ending::AwaitInput(request) => {
            check_handler(node, &request.next_method)?;
            let detail = request.detail(context.ti().id);
            context.channel().send(&detail).await.map_err(|error| {
                Error::from(error).context(format_args!("asking {:?}", request.subject))
            })?;
            Err(error)
        }
        _ => Err(error),
    }
}

/// Whether the state of a task that succeeded goes, and lies in objects: `[state_store] clear_on_success`. Asked before the report, because
/// nobody answers afterwards.
pub(super) async fn forgets_state(context: &Context) -> bool {
    let forgets = context.inner.storage.forgets_states(context).await;
    forgets.unwrap_or_else(|error| {
        tracing::warn!(target: "aileron.runtime", "the objects of the task's state are left: {error}");
        false
    })
}

/// Deletes the objects of the task's state. Airflow deletes the rows, when it takes the report.
pub(super) async fn forget_state(context: &Context) {
    let storage = &context.inner.storage;
    if let Err(error) = storage.clear_states(context, StateOf::Task).await {
        tracing::warn!(target: "aileron.runtime", "the objects of the task's state are left: {error}");
    }
}

async fn skip_downstream(context: &Context, dag: &Dag) -> Result<()> {
    let task_ids = context.skipped_downstream();
    if task_ids.is_empty() {
        return Ok(());
    }
    tracing::info!(target: "aileron.runtime", "skipping {}", context::list(&task_ids));
    let unknown = |id: &&String| dag.node(id.as_str()).is_none();
    for task_id in task_ids.iter().filter(unknown) {
        // The Dag file may have more tasks than the bundle knows; Airflow ignores those it does not know either.
        tracing::warn!(
            target: "aileron.runtime",
            "Dag `{}` of this bundle has no task `{task_id}` to skip; it has {}",
            dag.dag_id(), context::list(dag.task_ids())
        );
    }
    let request = SkipDownstreamTasks {
        tasks: task_ids.into_iter().map(SkippedTask::Task).collect(),
    };
    let sent = context.channel().send(&request).await;
    sent.map_err(|error| Error::from(error).context("skipping tasks downstream"))?;
    Ok(())
}

/// A task must not wait for something and then have nowhere to go on.
fn check_handler(node: &TaskNode, name: &str) -> Result<()> {
    if node.resume.iter().any(|handler| handler.name == name) {
        return Ok(());
    }
    Err(Error::no_retry(no_handler(node, name)))
}

pub(super) fn no_handler(node: &TaskNode, name: &str) -> String {
    format!(
        "task `{}` has no resume handler `{name}`; it has {}. Declare it: `#[task(resume = [{name}])]`",
        node.task_id,
        context::list(node.resume.iter().map(|handler| handler.name))
    )
}

/// The outcome as the task's retry policy judges it.
pub(super) fn judge(outcome: Outcome, policy: Option<RetryPolicy>, context: &Context) -> Outcome {
    match (outcome, policy) {
        (Outcome::Ended(error), Some(policy)) if error.ending() == &Ending::Failure => {
            Outcome::Ended(decide(error, policy, context))
        }
        (outcome, _) => outcome,
    }
}

fn decide(error: Error, policy: RetryPolicy, context: &Context) -> Error {
    // A policy that panics (the panic is logged as every other) must not cost the task its report.
    let decision = catch_unwind(AssertUnwindSafe(|| policy(&error, context)));
    let decision = decision.unwrap_or_else(|_| {
        tracing::error!(target: "aileron.runtime", "the retry policy panicked; going on without it");
        RetryDecision::Default
    });
    match decision {
        RetryDecision::Default => error,
        RetryDecision::Fail { reason } => {
            let reason = reason.unwrap_or_else(|| "no reason given".to_owned());
            tracing::info!(target: "aileron.runtime", "the retry policy lets the task fail: {reason}");
            error.into_no_retry()
        }
        RetryDecision::Retry { delay, reason } => {
            if let Some(reason) = &reason {
                tracing::info!(target: "aileron.runtime", "the retry policy wants a retry: {reason}");
            }
            error.with_ending(Ending::Retry { delay, reason })
        }
    }
}
