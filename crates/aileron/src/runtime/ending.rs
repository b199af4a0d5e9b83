//! Waiting for a task's body to end, or ending it.

use std::any::Any;
use std::future::pending;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};

use super::outcome::Outcome;
use super::signals::StopSignals;
use crate::comm::CommError;
use crate::comm::socket::SocketChannel;
use crate::{Context, Error, Result};

/// What all on-kill hooks of a task have together. With the default grace period it stays below the five seconds
/// after which an Airflow supervisor follows SIGTERM by SIGKILL (3.3.2, `WatchedSubprocess.kill`).
const KILL_HOOK_LIMIT: Duration = Duration::from_secs(2);

/// How long things may take.
pub(super) struct Limits {
    /// The body; `None`: as long as it likes.
    pub(super) execution_timeout: Option<Duration>,
    /// The body, after it was told to stop.
    pub(super) grace_period: Duration,
}

/// Why a body is ended from outside.
enum Stop {
    Signal(&'static str),
    TimedOut(Duration),
    Orphaned(CommError),
}

/// Waits until the body is done, or ends it: cancels its token, gives it the grace period, drops it, runs the on-kill
/// hooks.
pub(super) async fn wait(
    mut body: JoinHandle<Result<()>>,
    context: &Context,
    channel: &SocketChannel,
    mut signals: StopSignals,
    limits: Limits,
) -> Outcome {
    let stop = tokio::select! {
        biased;
        done = &mut body => return match (finished(done), channel.close_reason()) {
            // The body noticed before this did: a request of its own failed. It was ended from outside all the same.
            (Outcome::Ended(error), Some(reason)) => {
                tracing::warn!(target: "aileron.runtime", "the task ended: {error}");
                context.cancellation().cancel();
                run_kill_hooks(context).await;
                Outcome::Orphaned(reason)
            }
            (outcome, _) => outcome,
        },
        name = signals.received() => Stop::Signal(name),
        error = channel.closed() => Stop::Orphaned(error),
        limit = timeout(limits.execution_timeout) => Stop::TimedOut(limit),
    };
    tracing::warn!(
        target: "aileron.runtime",
        "{}: cancelling the task; it has {:?} to stop by itself", stop.reason(), limits.grace_period
    );
    context.cancellation().cancel();
    let ended = tokio::time::timeout(limits.grace_period, &mut body).await;
    let error = match ended.map(finished) {
        Ok(Outcome::Success) if !matches!(stop, Stop::Orphaned(_)) => return Outcome::Success,
        Ok(Outcome::Ended(error)) => Some(error),
        Ok(_) => None,
        Err(_) => {
            body.abort();
            None
        }
    };
    run_kill_hooks(context).await;
    stop.outcome(error)
}

impl Stop {
    fn reason(&self) -> String {
        match self {
            Self::Signal(name) => format!("{name} received"),
            Self::TimedOut(limit) => format!("the execution timeout of {limit:?} is over"),
            Self::Orphaned(error) => error.to_string(),
        }
    }

    /// The outcome, with what the body itself said when it stopped in time.
    fn outcome(self, error: Option<Error>) -> Outcome {
        let reason = self.reason();
        match self {
            Self::Orphaned(error) => Outcome::Orphaned(error),
            Self::Signal(_) | Self::TimedOut(_) => Outcome::Ended(match error {
                Some(error) => error.context(reason),
                None => Error::msg(reason),
            }),
        }
    }
}

fn finished(done: Result<Result<()>, JoinError>) -> Outcome {
    match done {
        Ok(Ok(())) => Outcome::Success,
        Ok(Err(error)) => Outcome::Ended(error),
        Err(error) => Outcome::Ended(match error.try_into_panic() {
            Ok(panic) => Error::msg(format_args!(
                "the task panicked: {}",
                message(panic.as_ref())
            )),
            Err(error) => error.into(),
        }),
    }
}

/// What a panic said.
fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(no message)")
}

async fn timeout(limit: Option<Duration>) -> Duration {
    match limit {
        Some(limit) => {
            tokio::time::sleep(limit).await;
            limit
        }
        None => pending().await,
    }
}

async fn run_kill_hooks(context: &Context) {
    let hooks = &context.inner.kill_hooks;
    if hooks.is_empty() {
        return;
    }
    tracing::info!(target: "aileron.runtime", "running the on-kill hooks");
    // A task of its own, so that a hook that panics is an error and not the end of the report.
    let context = context.clone();
    let run = tokio::task::spawn_local(async move { context.inner.kill_hooks.run().await });
    match tokio::time::timeout(KILL_HOOK_LIMIT, run).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::error!(target: "aileron.runtime", "an on-kill hook failed: {error}")
        }
        Err(_) => tracing::error!(
            target: "aileron.runtime",
            "the on-kill hooks did not end within {KILL_HOOK_LIMIT:?}"
        ),
    }
}
