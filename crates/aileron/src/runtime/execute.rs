//! One task, from its start to its terminal message.

use std::sync::Arc;

use aileron_config::Config;
use aileron_wire::message::StartupDetails;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::body::{self, Start};
use super::ending::{self, Limits};
use super::outcome::{Outcome, Report};
use super::settle;
use super::signals::StopSignals;
use crate::comm::CommError;
use crate::comm::socket::SocketChannel;
use crate::context::{
    self, Inner, KillHooks, Produced, Progress, StateSettings, Storage, TaskAssets,
};
use crate::dag::{Dag, Handler, TaskNode};
use crate::{Bundle, Context, Ending, Error, traces};

/// Runs the task and reports how it ended.
///
/// # Errors
/// Only when the supervisor could not be told.
pub(super) async fn run_task(
    bundle: &Bundle,
    details: StartupDetails,
    channel: SocketChannel,
    signals: StopSignals,
) -> Result<(), CommError> {
    let should_retry = details.ti_context.should_retry;
    let progress = Arc::<Progress>::default();
    let (outcome, produced, forgetful) =
        execute(bundle, details, &channel, signals, Arc::clone(&progress)).await;
    log(&outcome, should_retry);
    if let Outcome::Ended(error) = &outcome
        && error.is_failure()
    {
        traces::failed(error);
    }
    let report = Report {
        should_retry,
        rendered_map_index: progress.rendered_map_index(),
        produced,
    };
    match outcome.report(&channel, report).await {
        // The supervisor has the message and sends it again when this process is gone (3.3.2, supervisor.py,
        // `_replay_pending_terminal_state_msg`): that is no reason to end as if the task had crashed.
        Err(error @ CommError::Refused { .. }) => {
            tracing::error!(target: "aileron.runtime", "the end of the task was not accepted: {error}");
            Ok(())
        }
        Ok(()) => {
            if let Some(context) = forgetful {
                settle::forget_state(&context).await;
            }
            Ok(())
        }
        other => other,
    }
}

/// How the task ended, what it says about its outlets, and its context when the objects of its state go now that it has succeeded.
async fn execute(
    bundle: &Bundle,
    mut details: StartupDetails,
    channel: &SocketChannel,
    signals: StopSignals,
    progress: Arc<Progress>,
) -> (Outcome, Produced, Option<Context>) {
    let (dag, node) = match find(bundle, &details) {
        Ok(found) => found,
        Err(outcome) => return (outcome, Produced::default(), None),
    };
    let limits = Limits {
        execution_timeout: node.options.execution_timeout,
        grace_period: bundle.grace_period,
    };
    let retry_policy = node.retry_policy;
    let start = Start::of(&mut details);
    let assets = TaskAssets::new(node.options.inlets.clone(), node.options.outlets.clone());
    let context = context(details, &dag, channel.clone(), progress, assets);
    let body = body::run(context.clone(), dag, node, start);
    let body = tokio::task::spawn_local(body.in_current_span());
    let outcome = ending::wait(body, &context, channel, signals, limits).await;
    let outcome = settle::judge(outcome, retry_policy, &context);
    let produced = context.inner.assets.produced();
    let forgetful = matches!(outcome, Outcome::Success) && settle::forgets_state(&context).await;
    (outcome, produced, forgetful.then_some(context))
}

/// The Dag and the task that the supervisor names.
fn find(bundle: &Bundle, details: &StartupDetails) -> Result<(Dag, TaskNode), Outcome> {
    let ti = &details.ti;
    let Some(definition) = bundle.find(&ti.dag_id) else {
        tracing::error!(
            target: "aileron.runtime",
            "this bundle has no Dag `{}`; it has {}", ti.dag_id,
            context::list(bundle.dags().iter().map(|dag| dag.dag_id()))
        );
        return Err(Outcome::Removed);
    };
    let dag = definition
        .build()
        .map_err(|errors| Outcome::Ended(Error::no_retry(errors)))?;
    match dag.node(&ti.task_id) {
        Some(node) if matches!(node.handler, Handler::Rust(_)) => {
            let node = node.clone();
            Ok((dag, node))
        }
        _ => {
            tracing::error!(
                target: "aileron.runtime",
                "Dag `{}` of this bundle has no task `{}`; it has {}", ti.dag_id, ti.task_id,
                context::list(dag.task_ids())
            );
            Err(Outcome::Removed)
        }
    }
}

fn context(
    details: StartupDetails,
    dag: &Dag,
    channel: SocketChannel,
    progress: Arc<Progress>,
    assets: TaskAssets,
) -> Context {
    let run = details.ti_context;
    let mut params = dag.params().clone();
    for (name, value) in run.dag_run.conf.iter().flatten() {
        params.insert(name.clone(), value.clone());
    }
    let config = Arc::new(Config::from_env());
    Context {
        inner: Arc::new(Inner {
            task_instance: details.ti,
            dag_run: run.dag_run,
            max_tries: run.max_tries,
            start_date: run.start_date.or(Some(details.start_date)),
            task_reschedule_count: run.task_reschedule_count,
            first_reschedule_date: run.first_task_reschedule_start_date,
            params,
            channel: Arc::new(channel),
            cancellation: CancellationToken::new(),
            kill_hooks: KillHooks::default(),
            progress,
            runtime: Some(tokio::runtime::Handle::current()),
            assets,
            state_settings: StateSettings::new(Arc::clone(&config)),
            storage: Storage::new(config),
        }),
    }
}

fn log(outcome: &Outcome, should_retry: bool) {
    match outcome {
        Outcome::Success => tracing::debug!(target: "aileron.runtime", "the task succeeded"),
        Outcome::Removed => {}
        Outcome::Ended(error) if !error.is_failure() => {
            tracing::info!(target: "aileron.runtime", "{}: {error}", waiting(error));
        }
        Outcome::Ended(error) if outcome.is_retried(should_retry) => {
            tracing::error!(target: "aileron.runtime", "the task failed and will be tried again: {error}");
        }
        Outcome::Ended(error) if should_retry => {
            tracing::error!(target: "aileron.runtime", "the task failed and is not to be tried again: {error}");
        }
        Outcome::Ended(error) => {
            tracing::error!(target: "aileron.runtime", "the task failed: {error}");
        }
        Outcome::Orphaned(error) => {
            tracing::error!(target: "aileron.runtime", "the task was ended: {error}");
        }
    }
}

/// What becomes of a task that neither succeeded nor failed.
fn waiting(error: &Error) -> &'static str {
    match error.ending() {
        Ending::Skip => "the task is skipped",
        Ending::Reschedule { .. } => "the task runs again later",
        Ending::Defer(_) => "the task waits for its trigger",
        Ending::AwaitInput(_) => "the task waits for a person",
        Ending::Failure | Ending::NoRetry | Ending::Retry { .. } => "the task failed",
    }
}
