//! The body of a task: from its beginning, or from where it goes on after a wait.

use aileron_wire::message::{Kwargs, StartupDetails, TaskArgBinding};

use super::arguments::arguments;
use super::settle;
use crate::context::{self, NIL, RETURN_VALUE};
use crate::dag::{Dag, Handler, Returned, TaskNode};
use crate::ending::Resumed;
use crate::{Context, Error, Result, ResultExt as _};

/// What Airflow says about how the task is to start.
pub(super) struct Start {
    keys_to_clear: Vec<String>,
    bindings: Option<Vec<TaskArgBinding>>,
    /// Where to go on after a wait, and with what.
    next: Option<(String, Option<Kwargs>)>,
}

impl Start {
    pub(super) fn of(details: &mut StartupDetails) -> Self {
        let context = &mut details.ti_context;
        let next_kwargs = context.next_kwargs.take();
        Self {
            keys_to_clear: std::mem::take(&mut context.xcom_keys_to_clear),
            bindings: context.arg_bindings.take(),
            next: context
                .next_method
                .take()
                .map(|method| (method, next_kwargs)),
        }
    }

    /// Whether another try came before, and this one is at its beginning: it does not go on after a wait.
    fn is_new_try(&self, context: &Context) -> bool {
        context.try_number() > 1 && self.next.is_none() && context.inner.task_reschedule_count == 0
    }
}

/// Deletes what an earlier try has passed by reference. What cannot be deleted does not keep this try from running.
async fn clear_objects(context: &Context) {
    if let Err(error) = context.inner.storage.clear_raw(context).await {
        tracing::warn!(target: "aileron.xcom", "objects of an earlier try are left: {error}");
    }
}

/// Everything that happens on behalf of the task and may fail it.
pub(super) async fn run(context: Context, dag: Dag, node: TaskNode, start: Start) -> Result<()> {
    let done = work(&context, &dag, &node, start).await;
    settle::settle(&context, &dag, &node, done).await
}

/// Runs the body of the task, or where it goes on, and stores what it returns.
async fn work(context: &Context, dag: &Dag, node: &TaskNode, start: Start) -> Result<()> {
    let channel = context.channel();
    if start.is_new_try(context) {
        clear_objects(context).await;
    }
    // What an earlier try of this task left behind. Airflow 3.3 leaves it to the runtime, 3.4 sends an empty list.
    for key in start.keys_to_clear {
        tracing::debug!(target: "aileron.runtime", key, "clearing an XCom of an earlier try");
        context::clear_xcom(context, &key).await?;
    }
    let assets = &context.inner.assets;
    assets.prepare(channel, context.ti().id).await?;
    let returned = match start.next {
        None => begin(context, dag, node, start.bindings.as_deref()).await?,
        Some((method, kwargs)) => resume(context, node, &method, kwargs).await?,
    };
    // Airflow stores no XCom for a task that returns nothing.
    if returned.0.encoded != NIL {
        context::push_kept(context, RETURN_VALUE, returned.0, None)
            .await
            .context("storing the return value")?;
    }
    assets.produce(channel).await?;
    Ok(())
}

/// Runs the body from its beginning.
async fn begin(
    context: &Context,
    dag: &Dag,
    node: &TaskNode,
    bindings: Option<&[TaskArgBinding]>,
) -> Result<Returned> {
    let Handler::Rust(handler) = &node.handler else {
        return Err(Error::no_retry("a task of another language"));
    };
    let arguments = arguments(context, dag, node, bindings).await?;
    let values = arguments.encoded();
    let body = handler(context.clone(), arguments);
    if values.is_empty() {
        return body.await;
    }
    // Airflow shows the arguments beside the task. The body does not wait for that.
    let values = values.iter().map(|(name, encoded)| (*name, &encoded[..]));
    let (shown, returned) = tokio::join!(context.show_fields(values), body);
    if let Err(error) = shown {
        tracing::warn!(target: "aileron.runtime", "the arguments are not shown in Airflow: {error}");
    }
    returned
}

/// Goes on after a wait.
async fn resume(
    context: &Context,
    node: &TaskNode,
    method: &str,
    kwargs: Option<Kwargs>,
) -> Result<Returned> {
    let (name, resumed) = Resumed::read(method, kwargs)?;
    let handler = match name {
        Some(name) => node
            .resume
            .iter()
            .find(|handler| handler.name == name)
            .ok_or_else(|| Error::no_retry(settle::no_handler(node, name)))?,
        // Airflow forgets which handler a failed wait belonged to.
        None => {
            let mut takers = node.resume.iter().filter(|handler| handler.takes_failures);
            match (takers.next(), takers.next()) {
                (Some(handler), None) => handler,
                _ => return Err(resumed.into_failure()),
            }
        }
    };
    tracing::info!(target: "aileron.runtime", "going on in `{}`", handler.name);
    (handler.run)(context.clone(), resumed).await
}
