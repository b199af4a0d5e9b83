//! What a remote system has to offer.

use std::fmt::Debug;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::{JobError, shown};
use super::{Polls, Token, TokenSupport};
use crate::{Error, Result};

/// One job on a remote system, which outlives the process that submitted it.
///
/// The methods only talk to the remote system. What is stored, when something is submitted and how long is waited is
/// decided by [`Resumable`](super::Resumable). Write them as `async fn`. See the [module documentation](super) for an
/// example.
pub trait ResumableJob: Send + Sync + 'static {
    /// What the remote system calls a job. It is stored as JSON and must not be null.
    type Id: Serialize + DeserializeOwned + Clone + Send + 'static;
    /// What the remote system says of a job. It is shown in the log.
    type Status: Debug;
    /// What the task gets when the job has succeeded.
    type Output;

    /// What the remote system can do with a token.
    fn token_support(&self) -> TokenSupport;

    /// Submits the job and returns its id.
    ///
    /// The token is to be sent along when the system takes one. An error leaves open whether there is a job now, unless
    /// [`ResumableJob::is_refusal`] says otherwise.
    ///
    /// # Errors
    /// Those of the remote system. They fail this try of the task.
    fn submit(&self, token: &Token) -> impl Future<Output = Result<Self::Id>>;

    /// The job that was submitted with this token, or `None` when there is none. Only asked of a system that is
    /// [`TokenSupport::Searchable`].
    ///
    /// # Errors
    /// Those of the remote system. They fail this try of the task, and nothing is submitted.
    fn find_by_token(&self, token: &Token) -> impl Future<Output = Result<Option<Self::Id>>> {
        let error = Error::no_retry(format!(
            "the job says that it is searchable by token, and has no `find_by_token` (token {token})"
        ));
        async { Err(error) }
    }

    /// What the system says of a job, or `None` when it does not know the id.
    ///
    /// # Errors
    /// Those of the remote system. While a job is waited for, some are borne: see [`Polling`](super::Polling).
    fn status(&self, id: &Self::Id) -> impl Future<Output = Result<Option<Self::Status>>>;

    /// Whether the job is waiting or running.
    fn is_active(&self, status: &Self::Status) -> bool;

    /// Whether the job has succeeded. A job that is neither active nor has succeeded has failed.
    fn is_succeeded(&self, status: &Self::Status) -> bool;

    /// Waits until the job is not active any more and returns its last status, `None` when the system has lost it.
    ///
    /// Unless you write another one, this asks for the status and pauses in turn. It is dropped when the task is
    /// cancelled.
    ///
    /// # Errors
    /// Those of the remote system.
    fn poll(
        &self,
        id: &Self::Id,
        polls: &mut Polls,
    ) -> impl Future<Output = Result<Option<Self::Status>>> {
        async move {
            loop {
                polls.pause().await;
                match self.status(id).await {
                    Ok(Some(status)) if self.is_active(&status) => polls.answered(),
                    Ok(ended) => return Ok(ended),
                    Err(error) => polls.failed(error)?,
                }
            }
        }
    }

    /// The result of a job that has succeeded. It may be asked for again by a later try.
    ///
    /// # Errors
    /// Those of the remote system. They fail this try; the next one asks again.
    fn result(&self, id: &Self::Id) -> impl Future<Output = Result<Self::Output>>;

    /// Stops a job. Only asked when [`Resumable::cancel_on_kill`](super::Resumable::cancel_on_kill) is set.
    ///
    /// # Errors
    /// Those of the remote system. They are logged.
    fn cancel(&self, id: &Self::Id) -> impl Future<Output = Result<()>> {
        let error = Error::msg(format_args!(
            "the job `{}` cannot be cancelled: its type has no `cancel`",
            shown(id)
        ));
        async { Err(error) }
    }

    /// Whether an error of [`ResumableJob::submit`] proves that no job was made, as an HTTP 400 does and a timeout does
    /// not. The next try then submits with a fresh token instead of being in doubt.
    fn is_refusal(&self, error: &Error) -> bool {
        let _ = error;
        false
    }

    /// The error of a task whose job has failed.
    fn failure(&self, id: &Self::Id, status: &Self::Status) -> Error {
        Error::from(JobError::Failed {
            id: shown(id),
            status: format!("{status:?}"),
        })
    }
}
