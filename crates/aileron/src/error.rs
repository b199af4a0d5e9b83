//! What a task returns when it does not succeed.

use std::error::Error as StdError;
use std::fmt;

/// The result of a task, and of everything a task asks its [`Context`](crate::Context).
pub type Result<T, E = Error> = std::result::Result<T, E>;

type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// Why a task did not succeed.
///
/// Any error converts into it with `?`, and so do a `String` and a `&str`. Airflow tries the task again while it has
/// retries left, unless the error says otherwise with [`Error::no_retry`].
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
/// ```
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    source: BoxError,
    context: Vec<String>,
    retry: bool,
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

    /// Turns this error into one that is not tried again.
    #[must_use]
    pub fn into_no_retry(mut self) -> Self {
        self.inner.retry = false;
        self
    }

    /// Says what was being done when the error came. The latest context is printed first.
    #[must_use]
    pub fn context(mut self, doing: impl fmt::Display) -> Self {
        self.inner.context.push(doing.to_string());
        self
    }

    /// Whether Airflow may try the task again.
    pub fn may_retry(&self) -> bool {
        self.inner.retry
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
                retry: true,
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
        if !self.inner.retry {
            write!(f, " (not to be retried)")?;
        }
        Ok(())
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
}
