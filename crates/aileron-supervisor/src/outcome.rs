//! How a task ended: what it said, what Airflow knows of it, and what follows where it said nothing.
//!
//! Source of the rules: `ActivitySubprocess` in `airflow/sdk/execution_time/supervisor.py` of Airflow 3.3.2. Different here:
//!
//! - A state that Airflow did not acknowledge is sent until it does, for a while, not twice.
//! - `up_for_retry` that follows from the exit code is sent too. In Airflow the scheduler finds it out.
//! - A process that exits with 0 and never said how the task ended has failed. Airflow's supervisor says nothing then, and
//!   the scheduler fails the task.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aileron_execution_api::{ApiError, ErrorKind, ExecutionApi, StateUpdate, TerminalUpdate};
use aileron_wire::message::{
    AwaitInputTask, DeferTask, RescheduleTask, RetryTask, SucceedTask, TaskInstanceState,
    TaskState, TerminalState,
};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::log::{Journal, Level};
use crate::{Delivery, Exit, FinalState};

/// What a task can say about its end.
#[derive(Debug)]
pub(crate) enum Told {
    State(TaskState),
    Success(SucceedTask),
    Retry(RetryTask),
    Deferred(DeferTask),
    Rescheduled(RescheduleTask),
    AwaitingInput(AwaitInputTask),
}

/// What is known about the end of a task.
#[derive(Debug)]
enum Known {
    /// The task has said nothing yet, or what it said was refused as wrong.
    Nothing,
    /// The task has said a state that counts if its process exits with 0.
    AtExit(TaskState),
    /// The task has said it; Airflow does not know it yet.
    Pending { update: StateUpdate, since: Instant },
    /// Airflow knows it.
    Acknowledged(TaskInstanceState),
    /// Airflow does not take it: it has another state, or does not know the task instance.
    Refused(ApiError),
    /// Airflow said that the task should not be running.
    NotWanted,
}

/// How a task ended, as far as it is known.
#[derive(Debug)]
pub(crate) struct Outcome {
    known: Mutex<Known>,
    should_retry: bool,
    delivery_timeout: Duration,
    /// When the task was done with saying how it ended.
    settled: watch::Sender<Option<Instant>>,
    /// When the task wants to be ended, in any case.
    limit: watch::Sender<Option<Instant>>,
    limit_grace: Duration,
}

/// What is left to do when the process has ended.
#[derive(Debug)]
enum Left {
    Nothing(FinalState, Delivery),
    Send(Box<StateUpdate>, Instant),
}

impl Outcome {
    pub(crate) fn new(should_retry: bool, settings: &crate::Settings) -> Self {
        Self {
            known: Mutex::new(Known::Nothing),
            should_retry,
            delivery_timeout: settings.delivery_timeout,
            settled: watch::Sender::new(None),
            limit: watch::Sender::new(None),
            limit_grace: settings.execution_timeout_grace,
        }
    }

    /// The task says how it ended. Returns when Airflow knows it, or why it does not.
    pub(crate) async fn tell(
        &self,
        told: Told,
        api: &dyn ExecutionApi,
        journal: &Journal,
    ) -> Result<(), ApiError> {
        let update = match told {
            // Sent when the process has ended: until then it may still change.
            Told::State(state) => {
                *self.known() = Known::AtExit(state);
                self.settle();
                return Ok(());
            }
            Told::Success(success) => StateUpdate::Success(success),
            Told::Retry(retry) => StateUpdate::Retry(retry),
            Told::Deferred(deferred) => StateUpdate::Deferred(deferred),
            Told::Rescheduled(rescheduled) => StateUpdate::Rescheduled(rescheduled),
            Told::AwaitingInput(awaiting) => StateUpdate::AwaitingInput(awaiting),
        };
        let state = update.state();
        let since = Instant::now();
        *self.known() = Known::Pending {
            update: update.clone(),
            since,
        };
        let result = match self.deliver(update, since, api, journal).await {
            Delivery::Acknowledged => {
                *self.known() = Known::Acknowledged(state);
                Ok(())
            }
            Delivery::Refused(error) => {
                *self.known() = match is_final(&error) {
                    true => Known::Refused(error.clone()),
                    // What the task said makes no sense to Airflow. How it ends is still to be told.
                    false => Known::Nothing,
                };
                Err(error)
            }
            Delivery::Undelivered(error) => Err(error),
        };
        self.settle();
        result
    }

    /// Has a state be what counts, as if the task had said it.
    pub(crate) fn decide(&self, update: StateUpdate) {
        *self.known() = Known::Pending {
            update,
            since: Instant::now(),
        };
    }

    /// Airflow does not want the task to run; `false` when the task has said how it ended, which may be why.
    pub(crate) fn not_wanted(&self) -> bool {
        let mut known = self.known();
        let is_news = matches!(*known, Known::Nothing);
        if is_news {
            *known = Known::NotWanted;
        }
        is_news
    }

    /// Whether the task has said how it ended, whatever became of it.
    pub(crate) fn is_said(&self) -> bool {
        !matches!(*self.known(), Known::Nothing)
    }

    /// The task is to be ended so many seconds from now, with some grace. It does that itself as long as it can.
    pub(crate) fn limit(&self, seconds: f64) {
        let at = Duration::try_from_secs_f64(seconds)
            .ok()
            .and_then(|after| Instant::now().checked_add(after))
            .and_then(|at| at.checked_add(self.limit_grace));
        self.limit.send_replace(at);
    }

    /// Waits until the task is done with saying how it ended; returns when that was.
    pub(crate) async fn settled(&self) -> Instant {
        moment(self.settled.subscribe()).await
    }

    /// Waits until a limit of time is set that lies in the past and nothing was said.
    pub(crate) async fn overdue(&self) {
        let mut limit = self.limit.subscribe();
        loop {
            let at = *limit.borrow_and_update();
            tokio::select! {
                changed = limit.changed() => if changed.is_err() { std::future::pending::<()>().await },
                () = until(at) => {
                    if self.is_said() {
                        std::future::pending::<()>().await;
                    }
                    return;
                }
            }
        }
    }

    /// The process has ended: finds out the state, and lets Airflow know. `by_supervisor` says that the supervisor ended it
    /// after it had said how the task ended.
    pub(crate) async fn conclude(
        &self,
        exit: Exit,
        by_supervisor: bool,
        api: &dyn ExecutionApi,
        journal: &Journal,
    ) -> (FinalState, Delivery) {
        let left = {
            let known = std::mem::replace(&mut *self.known(), Known::Nothing);
            self.left(known, exit, by_supervisor, journal)
        };
        match left {
            Left::Nothing(state, delivery) => (state, delivery),
            Left::Send(update, since) => {
                let state = FinalState::Task(update.state());
                match self.deliver(*update, since, api, journal).await {
                    Delivery::Refused(error) if is_final(&error) => {
                        (FinalState::ServerTerminated, Delivery::Refused(error))
                    }
                    delivery => (state, delivery),
                }
            }
        }
    }

    fn left(&self, known: Known, exit: Exit, by_supervisor: bool, journal: &Journal) -> Left {
        match known {
            Known::Acknowledged(state) => {
                Left::Nothing(FinalState::Task(state), Delivery::Acknowledged)
            }
            Known::Refused(error) => {
                Left::Nothing(FinalState::ServerTerminated, Delivery::Refused(error))
            }
            Known::NotWanted => Left::Nothing(FinalState::ServerTerminated, Delivery::Acknowledged),
            Known::Pending { update, since } => Left::Send(Box::new(update), since),
            Known::AtExit(state) if exit.is_success() || by_supervisor => {
                let update = TerminalUpdate {
                    state: state.state,
                    end_date: state.end_date.unwrap_or_else(Timestamp::now),
                    rendered_map_index: state.rendered_map_index,
                    // A server before 3.4 would refuse it.
                    retry_reason: None,
                };
                Left::Send(Box::new(StateUpdate::Terminal(update)), Instant::now())
            }
            Known::AtExit(TaskState {
                rendered_map_index, ..
            }) => Left::Send(
                Box::new(self.failed(exit, rendered_map_index)),
                Instant::now(),
            ),
            Known::Nothing => {
                if exit.is_success() {
                    journal.say(
                        Level::Error,
                        "The process exited with 0 but never said how the task ended, so the task has failed",
                    );
                }
                Left::Send(Box::new(self.failed(exit, None)), Instant::now())
            }
        }
    }

    /// What follows from a process that ended too early.
    fn failed(&self, exit: Exit, rendered_map_index: Option<String>) -> StateUpdate {
        if !self.should_retry {
            return StateUpdate::Terminal(TerminalUpdate {
                rendered_map_index,
                ..TerminalUpdate::new(TerminalState::Failed, Timestamp::now())
            });
        }
        StateUpdate::Retry(RetryTask {
            rendered_map_index,
            retry_reason: Some(format!("the process of the task ended with {exit}")),
            ..RetryTask::new(Timestamp::now())
        })
    }

    /// Sends a state until it is taken or refused, or until too much time has passed. Tries once at least.
    async fn deliver(
        &self,
        update: StateUpdate,
        since: Instant,
        api: &dyn ExecutionApi,
        journal: &Journal,
    ) -> Delivery {
        let mut waits = Waits::new();
        loop {
            let Err(error) = api.update_state(update.clone()).await else {
                return Delivery::Acknowledged;
            };
            if !error.kind.is_transient() && error.kind != ErrorKind::BadAnswer {
                journal.tell(
                    Level::Error,
                    "Airflow did not take the state of the task",
                    [
                        ("state", json!(update.state().as_str())),
                        ("error", json!(error.to_string())),
                    ],
                );
                return Delivery::Refused(error);
            }
            let wait = waits.next();
            if since.elapsed() + wait > self.delivery_timeout {
                journal.tell(
                    Level::Error,
                    "Airflow could not be told the state of the task",
                    [
                        ("state", json!(update.state().as_str())),
                        ("error", json!(error.to_string())),
                    ],
                );
                return Delivery::Undelivered(error);
            }
            tracing::warn!(wait = ?wait, "the state of a task was not acknowledged; it is sent again: {error}");
            sleep(wait).await;
        }
    }

    fn settle(&self) {
        self.settled.send_replace(Some(Instant::now()));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the answer says that this task instance is no business of ours any more.
pub(crate) fn is_final(error: &ApiError) -> bool {
    matches!(
        error.kind,
        ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::Gone
    )
}

/// Waits for a moment to be said.
async fn moment(mut receiver: watch::Receiver<Option<Instant>>) -> Instant {
    match receiver.wait_for(Option::is_some).await.map(|at| *at) {
        Ok(Some(at)) => at,
        _ => std::future::pending().await,
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Growing waits with some chance in them, so that many tasks do not ask at the same moment.
struct Waits(Duration);

impl Waits {
    fn new() -> Self {
        Self(Duration::from_millis(250))
    }

    fn next(&mut self) -> Duration {
        let wait = self.0.mul_f64(0.5 + fastrand::f64());
        self.0 = (self.0 * 2).min(Duration::from_secs(15));
        wait
    }
}
