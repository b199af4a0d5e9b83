//! What a task returns when it does not succeed.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::Ending;

/// The result of a task, and of everything a task asks its [`Context`](crate::Context).
pub type Result<T, E = Error> = std::result::Result<T, E>;

type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// Why a task did not succeed.
///
/// Any error converts into it with `?`, and so do a `String` and a `&str`. Airflow tries the task again while it has
/// retries left, unless the error says otherwise with [`Error::no_retry`].
///
/// Not every end that is no success is a failure: a task is skipped, rescheduled, deferred to a trigger or parked until
/// a person answers by an error as well, as Python does it with exceptions. What an error asks for is its
/// [`ending`](Error::ending).
///
/// Like `anyhow::Error` it does not implement [`std::error::Error`] itself; that is what lets every error convert.
///
/// ```
/// use aileron::{Error, Result};
///
/// fn parse(text: &str) -> Result<u32> {
///     let n: u32 = text.trim().parse()?; // tried again
///     if n == 0 {
///         return Err(Error::no_retry("zero orders: the file will not get better"));
///     }
///     Ok(n)
/// }
/// assert!(parse("x").unwrap_err().may_retry());
/// assert!(!parse("0").unwrap_err().may_retry());
///
/// fn orders_of_today(found: &[u32]) -> Result<usize> {
///     if found.is_empty() {
///         return Err(Error::skip("no orders today"));
///     }
///     Ok(found.len())
/// }
/// assert!(matches!(orders_of_today(&[]).unwrap_err().ending(), aileron::Ending::Skip));
/// ```
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    source: BoxError,
    context: Vec<String>,
    ending: Ending,
}

impl Error {
    /// An error that is only a message. The task is tried again while it has retries left.
    pub fn msg(message: impl fmt::Display) -> Self {
        Self::from(message.to_string())
    }

    /// An error that trying again would not mend: the task fails at once, whatever retries are left.
    pub fn no_retry(error: impl Into<BoxError>) -> Self {
        Self::from(error.into()).into_no_retry()
    }

    /// Turns this failure into one that is not tried again. An error that is no failure (a skip, for instance) stays
    /// what it is.
    #[must_use]
    pub fn into_no_retry(self) -> Self {
        if self.is_failure() {
            self.with_ending(Ending::NoRetry)
        } else {
            self
        }
    }

    /// The task failed and is tried again after this delay, instead of the task's own, while it has retries left.
    ///
    /// The error's text is the reason that Airflow keeps with the retry (up to 500 characters).
    pub fn retry_after(delay: Duration, error: impl Into<BoxError>) -> Self {
        Self::from(error.into()).with_ending(Ending::Retry {
            delay: Some(delay),
            reason: None,
        })
    }

    /// The task is skipped: it did not fail, and there was nothing to do. What comes after it is skipped as well, as far
    /// as trigger rules say so.
    pub fn skip(reason: impl fmt::Display) -> Self {
        Self::msg(reason).with_ending(Ending::Skip)
    }

    /// The task leaves its worker and starts again from the beginning at that time. It costs no try.
    ///
    /// To wait for something, see [`Sensor`](crate::Sensor), which counts its time across reschedules.
    pub fn reschedule_at(at: Timestamp) -> Self {
        Self::msg(format_args!("rescheduled to {at}")).with_ending(Ending::Reschedule { at })
    }

    /// The task leaves its worker and starts again from the beginning after that time. It costs no try.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use aileron::prelude::*;
    /// #[task]
    /// async fn load(cx: &Context) -> Result<()> {
    ///     if cx.variables().get("maintenance").await?.is_some() {
    ///         return Err(Error::reschedule_after(Duration::from_secs(300)));
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn reschedule_after(delay: Duration) -> Self {
        let delay = SignedDuration::try_from(delay).unwrap_or(SignedDuration::MAX);
        // A delay past the end of time is the end of time: Airflow refuses it with its own words.
        Self::reschedule_at(
            Timestamp::now()
                .saturating_add(delay)
                .unwrap_or(Timestamp::MAX),
        )
    }

    /// Says what was being done when the error came. The latest context is printed first.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.inner.context.push(doing.to_string());
        self
    }

    /// Whether Airflow may try the task again after this failure; `false` for an error that is no failure.
    pub fn may_retry(&self) -> bool {
        matches!(self.inner.ending, Ending::Failure | Ending::Retry { .. })
    }

    /// How the task ends by this error. Unit tests look at it.
    pub fn ending(&self) -> &Ending {
        &self.inner.ending
    }

    /// Whether the task has failed, for good or not, and is not skipped or waiting.
    pub fn is_failure(&self) -> bool {
        matches!(
            self.inner.ending,
            Ending::Failure | Ending::NoRetry | Ending::Retry { .. }
        )
    }

    #[must_use]
    pub(crate) fn with_ending(mut self, ending: Ending) -> Self {
        self.inner.ending = ending;
        self
    }

    /// The error at the bottom, when it has the type `E`.
    pub fn downcast_ref<E: StdError + 'static>(&self) -> Option<&E> {
        self.inner.source.downcast_ref()
    }

    /// Every message from the outermost context down to the root cause.
    pub fn chain(&self) -> Vec<String> {
        let mut messages: Vec<String> = self.inner.context.iter().rev().cloned().collect();
        let mut cause: Option<&dyn StdError> = Some(self.inner.source.as_ref());
        while let Some(error) = cause {
            let text = error.to_string();
            // Wrappers that print their source as well would otherwise say the same thing twice.
            if messages.last() != Some(&text) {
                messages.push(text);
            }
            cause = error.source();
        }
        messages
    }
}

impl<E: Into<BoxError>> From<E> for Error {
    fn from(error: E) -> Self {
        Self {
            inner: Box::new(Inner {
                source: error.into(),
                context: Vec::new(),
                ending: Ending::Failure,
            }),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain().join(": "))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        match &self.inner.ending {
            Ending::Failure => Ok(()),
            Ending::NoRetry => write!(f, " (not to be retried)"),
            other => write!(f, " ({other:?})"),
        }
    }
}

/// Adds context and the no-retry mark to any `Result`.
///
/// ```
/// use aileron::prelude::*;
///
/// fn load(path: &str) -> Result<String> {
///     std::fs::read_to_string(path).context(format_args!("reading {path}")).no_retry()
/// }
/// let error = load("/no/such/file").unwrap_err();
/// assert!(error.to_string().starts_with("reading /no/such/file: "));
/// assert!(!error.may_retry());
/// ```
pub trait ResultExt<T> {
    /// Says what was being done when the error came.
    fn context(self, doing: impl fmt::Display) -> Result<T>;
    /// Marks the error as one that trying again would not mend.
    fn no_retry(self) -> Result<T>;
}

impl<T, E: Into<Error>> ResultExt<T> for std::result::Result<T, E> {
    fn context(self, doing: impl fmt::Display) -> Result<T> {
        self.map_err(|error| error.into().context(doing))
    }

    fn no_retry(self) -> Result<T> {
        self.map_err(|error| error.into().into_no_retry())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);
    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bad row")
        }
    }
    impl StdError for Outer {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn the_chain_runs_from_context_to_root_cause() {
        let parse = "x".parse::<i32>().unwrap_err();
        let error = Error::from(Outer(parse))
            .context("line 3")
            .context("orders.csv");
        assert_eq!(
            error.to_string(),
            "orders.csv: line 3: bad row: invalid digit found in string"
        );
        assert!(error.downcast_ref::<Outer>().is_some());
    }

    #[test]
    fn an_error_may_be_retried_unless_it_says_no() {
        assert!(Error::msg("network").may_retry());
        assert!(!Error::no_retry("schema").may_retry());
        assert!(!Error::msg("x").into_no_retry().context("y").may_retry());
    }

    #[test]
    fn context_and_no_retry_leave_an_end_that_is_no_failure_alone() {
        let skip = Error::skip("nothing to do").into_no_retry().context("load");
        assert_eq!(skip.ending(), &Ending::Skip);
        assert!(!skip.is_failure() && !skip.may_retry());
        assert_eq!(skip.to_string(), "load: nothing to do");
    }

    #[test]
    fn a_retry_keeps_its_delay_and_its_cause() {
        let cause = "x".parse::<i32>().unwrap_err();
        let error = Error::retry_after(Duration::from_secs(5), cause);
        assert!(error.may_retry());
        assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
        let delay = Some(Duration::from_secs(5));
        assert_eq!(
            error.ending(),
            &Ending::Retry {
                delay,
                reason: None
            }
        );
    }

    #[test]
    fn a_reschedule_past_the_end_of_time_is_at_its_end() {
        let error = Error::reschedule_after(Duration::MAX);
        let at = Timestamp::MAX;
        assert_eq!(error.ending(), &Ending::Reschedule { at });
    }
}
