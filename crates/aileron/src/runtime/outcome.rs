//! How a task ended, and the terminal message that says so.

use std::time::Duration;

use aileron_wire::message::{
    AwaitInputTask, DeferTask, Kwargs, RescheduleTask, RetryTask, SucceedTask, TaskState,
    TerminalState,
};
use jiff::{SignedDuration, Timestamp};

use crate::comm::{Channel, CommError};
use crate::context::Produced;
use crate::{Deferral, Ending, Error, InputRequest, secrets};

/// Airflow keeps this many characters of a retry reason (3.3.2, `task_runner.py`).
const REASON_LIMIT: usize = 500;

/// How a task ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The body returned a value, and it is stored.
    Success,
    /// The bundle has no such Dag or task.
    Removed,
    /// The body ended with an error: a failure, or what the error asks for.
    Ended(Error),
    /// The supervisor is gone: there is nobody to tell.
    Orphaned(CommError),
}

/// What a report needs beside the outcome.
#[derive(Debug, Clone)]
pub(super) struct Report {
    /// Whether Airflow has retries left.
    pub(super) should_retry: bool,
    /// What the web interface shows instead of the map index; absent, the supervisor would take it back.
    pub(super) rendered_map_index: Option<String>,
    /// What a task that succeeded says about its outlets.
    pub(super) produced: Produced,
}

impl Outcome {
    /// Whether the task is tried again.
    pub(super) fn is_retried(&self, should_retry: bool) -> bool {
        matches!(self, Self::Ended(error) if should_retry && error.may_retry())
    }

    /// Sends the terminal message and waits until the supervisor has taken it.
    ///
    /// A task that may be tried again must say so itself when Airflow has retries left (`should_retry`): a plain
    /// `failed` would be final.
    pub(super) async fn report(
        &self,
        channel: &dyn Channel,
        report: Report,
    ) -> Result<(), CommError> {
        match self {
            Self::Success => {
                let mut message = succeeded(Timestamp::now(), report.produced);
                message.rendered_map_index = report.rendered_map_index;
                channel.send(&message).await?;
            }
            Self::Removed => report.state(channel, TerminalState::Removed).await?,
            Self::Ended(error) => report.error(channel, error).await?,
            Self::Orphaned(error) => return Err(error.clone()),
        }
        Ok(())
    }
}

impl Report {
    async fn error(self, channel: &dyn Channel, error: &Error) -> Result<(), CommError> {
        match error.ending() {
            Ending::Failure if self.should_retry => {
                self.retry(channel, error, None, None).await?;
            }
            Ending::Retry { delay, reason } if self.should_retry => {
                self.retry(channel, error, *delay, reason.as_deref())
                    .await?;
            }
            Ending::Failure | Ending::Retry { .. } | Ending::NoRetry => {
                self.state(channel, TerminalState::Failed).await?;
            }
            Ending::Skip => self.state(channel, TerminalState::Skipped).await?,
            Ending::Reschedule { at } => {
                let message = RescheduleTask::new(*at, Timestamp::now());
                channel.send(&message).await?;
            }
            Ending::Defer(deferral) => {
                channel.send(&self.defer(deferral)).await?;
            }
            Ending::AwaitInput(request) => {
                channel.send(&self.await_input(request)).await?;
            }
        }
        Ok(())
    }

    async fn state(self, channel: &dyn Channel, state: TerminalState) -> Result<(), CommError> {
        let mut message = TaskState::new(state);
        message.end_date = Some(Timestamp::now());
        message.rendered_map_index = self.rendered_map_index;
        channel.send(&message).await?;
        Ok(())
    }

    async fn retry(
        self,
        channel: &dyn Channel,
        error: &Error,
        delay: Option<Duration>,
        why: Option<&str>,
    ) -> Result<(), CommError> {
        let mut message = RetryTask::new(Timestamp::now());
        message.rendered_map_index = self.rendered_map_index;
        message.retry_delay_seconds = delay.map(|delay| delay.as_secs_f64());
        message.retry_reason = Some(match why {
            Some(why) => reason(why),
            None => reason(&error.to_string()),
        });
        channel.send(&message).await?;
        Ok(())
    }

    fn defer(self, deferral: &Deferral) -> DeferTask {
        let mut message = DeferTask::new(&deferral.classpath, &deferral.next_method);
        message.trigger_kwargs = Some(Kwargs::Map(deferral.trigger_kwargs.clone()));
        message.next_kwargs = Some(deferral.next_kwargs.clone());
        message.trigger_timeout = deferral.timeout.map(signed);
        message.queue.clone_from(&deferral.queue);
        message.rendered_map_index = self.rendered_map_index;
        message
    }

    fn await_input(self, request: &InputRequest) -> AwaitInputTask {
        let mut message = AwaitInputTask::new(&request.next_method);
        message.timeout = request.timeout.map(signed);
        message.next_kwargs = Some(request.next_kwargs.clone());
        message.rendered_map_index = self.rendered_map_index;
        message
    }
}

/// Lists even when they are empty: the schema takes a null, but the Execution API of 3.3.2 answers it with 422.
fn succeeded(end_date: Timestamp, produced: Produced) -> SucceedTask {
    let mut message = SucceedTask::new(end_date);
    message.task_outlets = Some(produced.outlets);
    message.outlet_events = Some(produced.events);
    message
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// The reason as Airflow stores it: masked, because it ends up in the database, and no longer than Airflow keeps.
fn reason(text: &str) -> String {
    let text = secrets::mask(text).into_owned();
    match text.char_indices().nth(REASON_LIMIT) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_reason_is_cut_at_a_character_and_masked() {
        secrets::register("correct horse battery");
        let text = format!("correct horse battery {}", "é".repeat(600));
        let reason = reason(&text);
        assert_eq!(reason.chars().count(), REASON_LIMIT);
        assert!(reason.starts_with("*** é"));
    }
}
