//! What can go wrong with a resumable job, apart from the remote system's own errors.

use serde::Serialize;

/// Why a resumable job gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The job has failed. The next try of the task submits a new one.
    #[error("the job `{id}` has failed: {status}")]
    Failed {
        /// The job's id.
        id: String,
        /// Its last status.
        status: String,
    },
    /// The remote system does not know the job.
    #[error(
        "the remote system does not know the job `{id}`, which this task has submitted. Nothing was submitted again. Look \
         what became of it; then delete the key `{key}` of the task state store to submit again, or set \
         `on_unknown(OnUnknown::Resubmit)`"
    )]
    Unknown {
        /// The job's id.
        id: String,
        /// The key of the task state store.
        key: String,
    },
    /// The remote system has lost the job. The next try of the task submits a new one, as
    /// [`OnUnknown::Resubmit`](super::OnUnknown::Resubmit) says.
    #[error(
        "the remote system does not know the job `{id}` any more; the next try submits a new one"
    )]
    Lost {
        /// The job's id.
        id: String,
    },
    /// An earlier try ended while it was submitting, and the remote system takes no token.
    #[error(
        "an earlier try ended while it submitted a job (token {token}), and nobody can say whether there is one. Nothing \
         was submitted again. Look for it; then delete the key `{key}` of the task state store to submit again"
    )]
    InDoubt {
        /// The token of that submission.
        token: String,
        /// The key of the task state store.
        key: String,
    },
    /// What the task state store holds is not a job of this type.
    #[error(
        "the key `{key}` of the task state store does not hold a job of this task: {reason}. Nothing was submitted"
    )]
    BadRecord {
        /// The key of the task state store.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The job's id cannot be stored.
    #[error("the id of the job cannot be stored: {0}")]
    BadId(String),
    /// The task was cancelled. The job goes on, unless it is cancelled on kill.
    #[error("the task was cancelled while it waited for the job `{id}`")]
    Cancelled {
        /// The job's id, or the token of one that was searched for.
        id: String,
    },
    /// The task was cancelled before anything was submitted.
    #[error("the task was cancelled before a job was submitted")]
    CancelledBeforeSubmit,
}

/// A job's id as a person writes it.
pub(super) fn shown<I: Serialize + ?Sized>(id: &I) -> String {
    match serde_json::to_value(id) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(error) => format!("({error})"),
    }
}
