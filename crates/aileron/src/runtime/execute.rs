//! One task, from its start to its terminal message.

use std::sync::Arc;

use aileron_config::Config;
use aileron_wire::message::{StartupDetails, TaskArgBinding};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::arguments::arguments;
use super::ending::{self, Limits};
use super::outcome::Outcome;
use super::signals::StopSignals;
use crate::comm::CommError;
use crate::comm::socket::SocketChannel;
use crate::context::{self, Inner, KillHooks, Produced, RETURN_VALUE, StateSettings, TaskAssets};
use crate::dag::{Dag, Handler, TaskNode};
use crate::{Bundle, Context, Error, Result, traces};

/// A msgpack nil: what `()` and `None` encode to. Airflow stores no XCom for a task that returns nothing.
const NIL: [u8; 1] = [0xc0];

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
    let (outcome, produced) = execute(bundle, details, &channel, signals).await;
    log(&outcome, should_retry);
    if let Outcome::Failed(error) = &outcome {
        traces::failed(error);
    }
    match outcome.report(&channel, should_retry, produced).await {
        // The supervisor has the message and sends it again when this process is gone (3.3.2, supervisor.py,
        // `_replay_pending_terminal_state_msg`): that is no reason to end as if the task had crashed.
        Err(error @ CommError::Refused { .. }) => {
            tracing::error!(target: "aileron.runtime", "the end of the task was not accepted: {error}");
            Ok(())
        }
        other => other,
    }
}

async fn execute(
    bundle: &Bundle,
    mut details: StartupDetails,
    channel: &SocketChannel,
    signals: StopSignals,
) -> (Outcome, Produced) {
    let (dag, node) = match find(bundle, &details) {
        Ok(found) => found,
        Err(outcome) => return (outcome, Produced::default()),
    };
    let limits = Limits {
        execution_timeout: node.options.execution_timeout,
        grace_period: bundle.grace_period,
    };
    let keys_to_clear = details.ti_context.xcom_keys_to_clear.clone();
    let bindings = details.ti_context.arg_bindings.take();
    let assets = TaskAssets::new(node.options.inlets.clone(), node.options.outlets.clone());
    let context = context(details, &dag, channel.clone(), assets);
    let body = body(context.clone(), dag, node, keys_to_clear, bindings);
    let body = tokio::task::spawn_local(body.in_current_span());
    let outcome = ending::wait(body, &context, channel, signals, limits).await;
    (outcome, context.inner.assets.produced())
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
        .map_err(|errors| Outcome::Failed(Error::no_retry(errors)))?;
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
    assets: TaskAssets,
) -> Context {
    let run = details.ti_context;
    let mut params = dag.params().clone();
    for (name, value) in run.dag_run.conf.iter().flatten() {
        params.insert(name.clone(), value.clone());
    }
    Context {
        inner: Arc::new(Inner {
            task_instance: details.ti,
            dag_run: run.dag_run,
            max_tries: run.max_tries,
            start_date: run.start_date.or(Some(details.start_date)),
            params,
            channel: Arc::new(channel),
            cancellation: CancellationToken::new(),
            kill_hooks: KillHooks::default(),
            runtime: Some(tokio::runtime::Handle::current()),
            assets,
            state_settings: StateSettings::new(Config::from_env()),
        }),
    }
}

/// Everything that happens on behalf of the task and may fail it.
async fn body(
    context: Context,
    dag: Dag,
    node: TaskNode,
    keys_to_clear: Vec<String>,
    bindings: Option<Vec<TaskArgBinding>>,
) -> Result<()> {
    let Handler::Rust(handler) = &node.handler else {
        return Err(Error::no_retry("a task of another language"));
    };
    let channel = context.channel();
    // What an earlier try of this task left behind. Airflow 3.3 leaves it to the runtime, 3.4 sends an empty list.
    for key in keys_to_clear {
        tracing::debug!(target: "aileron.runtime", key, "clearing an XCom of an earlier try");
        context::delete_xcom(channel, context.ti(), &key).await?;
    }
    let assets = &context.inner.assets;
    assets.prepare(channel, context.ti().id).await?;
    let arguments = arguments(&context, &dag, &node, bindings.as_deref()).await?;
    let returned = handler(context.clone(), arguments).await?;
    if returned != NIL {
        context::push_encoded(channel, context.ti(), RETURN_VALUE, returned)
            .await
            .map_err(|error| Error::from(error).context("storing the return value"))?;
    }
    assets.produce(channel).await?;
    Ok(())
}

fn log(outcome: &Outcome, should_retry: bool) {
    match outcome {
        Outcome::Success => tracing::debug!(target: "aileron.runtime", "the task succeeded"),
        Outcome::Removed => {}
        Outcome::Failed(error) if should_retry && error.may_retry() => {
            tracing::error!(target: "aileron.runtime", "the task failed and will be tried again: {error}");
        }
        Outcome::Failed(error) if should_retry => {
            tracing::error!(target: "aileron.runtime", "the task failed and is not to be tried again: {error}");
        }
        Outcome::Failed(error) => {
            tracing::error!(target: "aileron.runtime", "the task failed: {error}");
        }
        Outcome::Orphaned(error) => {
            tracing::error!(target: "aileron.runtime", "the task was ended: {error}");
        }
    }
}
