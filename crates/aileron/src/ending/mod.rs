//! How a task ends other than by success: the kinds an [`Error`] can have, and what each carries.

mod human_input;
mod resume;
mod retry_policy;
mod trigger;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

pub use human_input::{AnsweredBy, HumanAnswer, HumanInput, InputRequest};
pub use resume::{ResumeError, ResumeEvent, TriggerEvent};
pub use retry_policy::RetryDecision;
pub use trigger::{Deferral, Trigger};

pub(crate) use resume::Resumed;

use crate::Error;

/// How a task ends by an [`Error`].
///
/// ```
/// use std::time::Duration;
/// use aileron::{Ending, Error, Trigger};
///
/// assert_eq!(Error::msg("the network is down").ending(), &Ending::Failure);
/// assert_eq!(Error::skip("no orders today").ending(), &Ending::Skip);
///
/// let error = Trigger::new("airflow.providers.standard.triggers.file.FileTrigger")
///     .kwarg("filepath", "/data/orders.csv")
///     .resume("found");
/// let Ending::Defer(deferral) = error.ending() else { panic!() };
/// assert_eq!(deferral.next_method, "found");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Ending {
    /// The task failed. It is tried again after its own retry delay while it has retries left.
    Failure,
    /// The task failed for good. See [`Error::no_retry`].
    NoRetry,
    /// The task failed and is tried again after a delay of its own while it has retries left. See
    /// [`Error::retry_after`] and [`RetryDecision`].
    Retry {
        /// The delay; the task's own when absent.
        delay: Option<Duration>,
        /// What Airflow keeps as the reason; the error's text when absent.
        reason: Option<String>,
    },
    /// The task is skipped. See [`Error::skip`].
    Skip,
    /// The task starts again at a later time. See [`Error::reschedule_at`].
    Reschedule {
        /// When.
        at: Timestamp,
    },
    /// The task waits for a trigger and goes on in a resume handler. See [`Trigger`].
    Defer(Box<Deferral>),
    /// The task waits for a person and goes on in a resume handler. See [`HumanInput`].
    AwaitInput(Box<InputRequest>),
}

/// A value as JSON, where it can be that without loss.
///
/// `serde_json` alone would make NaN a null.
pub(crate) fn json_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
    let encoded = aileron_wire::json::encode(value)?;
    Ok(aileron_wire::json::decode(&encoded)?)
}
