//! How a running job is waited for.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use crate::Error;

/// How often a running job is asked about, and how many errors are borne meanwhile.
///
/// Each pause is longer than the one before, by the factor, up to the longest. To each a random part is added, up to as
/// much again, so that many tasks do not ask at the same instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Polling {
    first: Duration,
    longest: Duration,
    factor: f32,
    errors: u32,
}

impl Polling {
    /// One second at first, one minute at the longest, growing by half each time; three errors in a row are borne.
    pub const fn new() -> Self {
        Self {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
            factor: 1.5,
            errors: 3,
        }
    }

    /// The same pause each time, with its random part.
    #[must_use]
    pub const fn every(pause: Duration) -> Self {
        Self::new().first(pause).longest(pause)
    }

    /// The first pause.
    #[must_use]
    pub const fn first(mut self, pause: Duration) -> Self {
        self.first = pause;
        self
    }

    /// The longest pause, without its random part.
    #[must_use]
    pub const fn longest(mut self, pause: Duration) -> Self {
        self.longest = pause;
        self
    }

    /// How much longer each pause is than the one before. What is below 1 counts as 1.
    #[must_use]
    pub const fn factor(mut self, factor: f32) -> Self {
        self.factor = factor;
        self
    }

    /// How many errors in a row are borne: logged, and asked again after the next pause. An error that is not to be
    /// retried ([`Error::no_retry`]) is never borne.
    #[must_use]
    pub const fn tolerate(mut self, errors: u32) -> Self {
        self.errors = errors;
        self
    }

    pub(super) fn begin(&self) -> Polls {
        let pauses = ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest.max(self.first))
            .with_factor(self.factor.max(1.0))
            .with_jitter()
            .without_max_times()
            .build();
        Polls {
            pauses,
            longest: self.longest,
            errors: self.errors,
            in_a_row: 0,
        }
    }
}

impl Default for Polling {
    fn default() -> Self {
        Self::new()
    }
}

/// The pauses between two questions about one job.
#[derive(Debug)]
pub struct Polls {
    pauses: ExponentialBackoff,
    longest: Duration,
    errors: u32,
    in_a_row: u32,
}

impl Polls {
    /// Waits until it is time to ask again.
    pub async fn pause(&mut self) {
        let pause = self.next_pause();
        tokio::time::sleep(pause).await;
    }

    fn next_pause(&mut self) -> Duration {
        // The iterator has no last element; were there one, the longest pause would be right.
        self.pauses.next().unwrap_or(self.longest)
    }

    /// Notes that the system has answered.
    pub fn answered(&mut self) {
        self.in_a_row = 0;
    }

    /// Notes an error: it is logged, and borne while there are few.
    ///
    /// # Errors
    /// The same error, when it is one too many in a row or is not to be retried.
    pub fn failed(&mut self, error: Error) -> crate::Result<()> {
        self.in_a_row += 1;
        if self.in_a_row > self.errors || !error.may_retry() {
            return Err(error.context("asking for the status of the job"));
        }
        tracing::warn!(
            target: "aileron.jobs",
            "asking for the status of the job failed ({} in a row, {} are borne): {error}", self.in_a_row, self.errors
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_a_random_part_up_to_the_longest() {
        let second = Duration::from_secs(1);
        let mut polls = Polling::new().longest(4 * second).factor(2.0).begin();
        for expected in [1, 2, 4, 4, 4] {
            let pause = polls.next_pause();
            assert!(pause >= expected * second, "{expected}: {pause:?}");
            assert!(pause <= 2 * expected * second, "{expected}: {pause:?}");
        }
        let pauses = || Polling::new().begin().next_pause();
        assert!(
            (0..10).any(|_| pauses() != pauses()),
            "two tasks ask at different instants"
        );
        // It never ends.
        assert!(polls.by_ref_count() > 10_000);
    }

    impl Polls {
        fn by_ref_count(&mut self) -> usize {
            self.pauses.by_ref().take(20_000).count()
        }
    }

    #[test]
    fn errors_in_a_row_are_borne_up_to_the_limit() {
        let mut polls = Polling::new().tolerate(1).begin();
        assert!(polls.failed(Error::msg("down")).is_ok());
        polls.answered();
        assert!(polls.failed(Error::msg("down")).is_ok());
        assert!(polls.failed(Error::msg("down")).is_err());
    }

    #[test]
    fn an_error_that_is_not_to_be_retried_is_not_borne() {
        let mut polls = Polling::new().begin();
        assert!(polls.failed(Error::no_retry("forbidden")).is_err());
    }
}
