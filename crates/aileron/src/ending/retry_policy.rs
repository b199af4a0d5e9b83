//! What a retry policy decides.

use std::time::Duration;

/// What a task's retry policy says about a failure.
///
/// A policy is a function named in the task's attribute. It sees the error and the context, and runs when the task
/// failed in a way that says nothing about retries itself: not after [`Error::no_retry`](crate::Error::no_retry),
/// [`Error::retry_after`](crate::Error::retry_after) or an end that is no failure. Panics and timeouts are failures too.
/// A retry still needs one that is left; how many there are is the Dag's business.
///
/// ```
/// use std::time::Duration;
/// use aileron::{RetryDecision, prelude::*};
///
/// fn when_to_retry(error: &Error, cx: &Context) -> RetryDecision {
///     match error.downcast_ref::<std::io::Error>() {
///         Some(io) if io.kind() == std::io::ErrorKind::NotFound => RetryDecision::fail(),
///         Some(_) => RetryDecision::retry_after(Duration::from_secs(60 * cx.try_number() as u64))
///             .because("the disk is busy"),
///         None => RetryDecision::Default,
///     }
/// }
///
/// #[task(retries = 5, retry_policy = when_to_retry)]
/// async fn load() -> Result<String> {
///     Ok(std::fs::read_to_string("/data/orders.csv")?)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RetryDecision {
    /// As without a policy.
    #[default]
    Default,
    /// The task fails for good.
    Fail {
        /// Why, for the log.
        reason: Option<String>,
    },
    /// The task is tried again while it has retries left.
    Retry {
        /// The delay; the task's own when absent.
        delay: Option<Duration>,
        /// Why; Airflow keeps it with the retry.
        reason: Option<String>,
    },
}

impl RetryDecision {
    /// The task fails for good.
    #[must_use]
    pub fn fail() -> Self {
        Self::Fail { reason: None }
    }

    /// The task is tried again after the task's own delay.
    #[must_use]
    pub fn retry() -> Self {
        Self::Retry {
            delay: None,
            reason: None,
        }
    }

    /// The task is tried again after this delay.
    #[must_use]
    pub fn retry_after(delay: Duration) -> Self {
        Self::Retry {
            delay: Some(delay),
            reason: None,
        }
    }

    /// Says why. The default decision has no reason and stays as it is.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        if let Self::Fail { reason } | Self::Retry { reason, .. } = &mut self {
            *reason = Some(why.into());
        }
        self
    }
}
