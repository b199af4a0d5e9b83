//! How a task ended, and the terminal message that says so.

use aileron_wire::message::{RetryTask, SucceedTask, TaskState, TerminalState};
use jiff::Timestamp;

use crate::comm::{Channel, CommError};
use crate::context::Produced;
use crate::{Error, secrets};

/// Airflow keeps this many characters of a retry reason (3.3.2, `task_runner.py`).
const REASON_LIMIT: usize = 500;

/// How a task ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The body returned a value, and it is stored.
    Success,
    /// The bundle has no such Dag or task.
    Removed,
    /// It did not work out.
    Failed(Error),
    /// The supervisor is gone: there is nobody to tell.
    Orphaned(CommError),
}

impl Outcome {
    /// Sends the terminal message and waits until the supervisor has taken it.
    ///
    /// `produced` is what a task that succeeded says about its outlets.
    ///
    /// A task that may be tried again must say so itself when Airflow has retries left (`should_retry`): a plain
    /// `failed` would be final.
    pub(super) async fn report(
        &self,
        channel: &dyn Channel,
        should_retry: bool,
        produced: Produced,
    ) -> Result<(), CommError> {
        let end_date = Timestamp::now();
        match self {
            Self::Success => channel.send(&succeeded(end_date, produced)).await?,
            Self::Removed => channel.send(&ended(TerminalState::Removed)).await?,
            Self::Failed(error) if should_retry && error.may_retry() => {
                let mut retry = RetryTask::new(end_date);
                retry.retry_reason = Some(reason(error));
                channel.send(&retry).await?
            }
            Self::Failed(_) => channel.send(&ended(TerminalState::Failed)).await?,
            Self::Orphaned(error) => return Err(error.clone()),
        };
        Ok(())
    }
}

/// Lists even when they are empty: the schema takes a null, but the Execution API of 3.3.2 answers it with 422.
fn succeeded(end_date: Timestamp, produced: Produced) -> SucceedTask {
    let mut message = SucceedTask::new(end_date);
    message.task_outlets = Some(produced.outlets);
    message.outlet_events = Some(produced.events);
    message
}

fn ended(state: TerminalState) -> TaskState {
    let mut message = TaskState::new(state);
    message.end_date = Some(Timestamp::now());
    message
}

/// The error as Airflow stores it: masked, because it ends up in the database, and no longer than Airflow keeps.
fn reason(error: &Error) -> String {
    let text = secrets::mask(&error.to_string()).into_owned();
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
        let error = Error::msg(format!("correct horse battery {}", "é".repeat(600)));
        let reason = reason(&error);
        assert_eq!(reason.chars().count(), REASON_LIMIT);
        assert!(reason.starts_with("*** é"));
    }
}
