//! Waiting for something by looking at it now and then.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::{Context, Ending, Error, Result};

/// Airflow's default for `[sensors] default_timeout`: seven days.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Waits until something is there, by asking again and again.
///
/// ```
/// use std::time::Duration;
/// use aileron::{Sensor, prelude::*};
///
/// #[task]
/// async fn wait_for_orders(cx: &Context) -> Result<u64> {
///     Sensor::every(Duration::from_secs(300))
///         .timeout(Duration::from_secs(6 * 3600))
///         .reschedule()
///         .until(cx, async || {
///             Ok(std::fs::metadata("/data/orders.csv").ok().map(|file| file.len()))
///         })
///         .await
/// }
/// # fn main() {}
/// ```
///
/// # Modes
///
/// A sensor that pokes (the default, as in Airflow) keeps its process and its worker slot between two looks. One that
/// reschedules ends between them and starts again from the beginning of the task, so the worker is free meanwhile:
/// better for waits of more than a minute. It costs no try, and Airflow counts how often:
/// [`Context::task_reschedule_count`].
///
/// # Timeout
///
/// It counts from the first look, also across reschedules: then from the moment at which Airflow stored the first one,
/// because only that is kept. After it the task fails for good, whatever retries are left, or is skipped with
/// [`soft_fail`](Self::soft_fail). At least one look is taken.
///
/// Source: `airflow/sdk/bases/sensor.py` of Airflow 3.3.2.
#[derive(Debug, Clone)]
#[must_use = "a sensor waits in `.until(cx, ..).await`"]
pub struct Sensor {
    every: Duration,
    timeout: Duration,
    reschedule: bool,
    exponential_backoff: bool,
    max_wait: Option<Duration>,
    soft_fail: bool,
    never_fail: bool,
    silent_fail: bool,
}

/// A sensor's time was over. See [`Sensor`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the sensor timed out: it has waited for {waited:?}, and its timeout is {timeout:?}")]
#[non_exhaustive]
pub struct SensorTimeout {
    /// How long it waited.
    pub waited: Duration,
    /// How long it may wait.
    pub timeout: Duration,
}

impl Sensor {
    /// Looks at this interval.
    pub fn every(interval: Duration) -> Self {
        Self {
            every: interval,
            timeout: DEFAULT_TIMEOUT,
            reschedule: false,
            exponential_backoff: false,
            max_wait: None,
            soft_fail: false,
            never_fail: false,
            silent_fail: false,
        }
    }

    /// How long to wait in all; seven days when not said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Leaves the worker between two looks.
    ///
    /// Let some seconds lie between them. Airflow's scheduler (3.3.2) fails a task whose time comes again before it has noticed
    /// that the process of the last look has ended; a scheduler with much to do takes a second or two to notice.
    pub fn reschedule(mut self) -> Self {
        self.reschedule = true;
        self
    }

    /// Doubles the interval from look to look, with a jitter that keeps many sensors from looking all at once.
    pub fn exponential_backoff(mut self) -> Self {
        self.exponential_backoff = true;
        self
    }

    /// The longest interval that the backoff may come to.
    pub fn max_wait(mut self, wait: Duration) -> Self {
        self.max_wait = Some(wait);
        self
    }

    /// Skips the task instead of failing it when the time is over or a look fails for good ([`Error::no_retry`]).
    pub fn soft_fail(mut self) -> Self {
        self.soft_fail = true;
        self
    }

    /// Skips the task instead of failing it when a look fails, however.
    pub fn never_fail(mut self) -> Self {
        self.never_fail = true;
        self
    }

    /// Takes a look that fails for one that found nothing, but for one that fails for good.
    pub fn silent_fail(mut self) -> Self {
        self.silent_fail = true;
        self
    }

    /// Looks until it finds something and returns that.
    ///
    /// # Errors
    /// What ends the task: the reschedule, a [`SensorTimeout`], or what a look failed with. Return it as it is, with
    /// `?` or as the task's result.
    pub async fn until<T>(
        &self,
        cx: &Context,
        mut look: impl AsyncFnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let clock = self.start(cx).await?;
        let mut looks = cx.task_reschedule_count() + 1;
        loop {
            match look().await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                Err(error) => self.failed(error)?,
            }
            let waited = clock.waited();
            if waited > self.timeout {
                let timeout = self.timeout;
                return Err(self.softened(Error::no_retry(SensorTimeout { waited, timeout })));
            }
            let pause = self.pause(cx, looks, waited);
            if self.reschedule {
                return Err(Error::reschedule_after(pause));
            }
            tracing::debug!(target: "aileron.sensor", "nothing yet; looking again in {pause:?}");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = cx.cancellation().cancelled() => return Err(Error::msg("the sensor was cancelled")),
            }
            looks += 1;
        }
    }

    async fn start(&self, cx: &Context) -> Result<Clock> {
        if !self.reschedule {
            return Ok(Clock::Process(Instant::now()));
        }
        let first = cx.runs().first_reschedule_date().await?;
        Ok(Clock::Wall(first.unwrap_or_else(Timestamp::now)))
    }

    /// What a failed look means: an error to end with, or nothing found.
    fn failed(&self, error: Error) -> Result<()> {
        if !error.is_failure() {
            return Err(error);
        }
        let for_good = error.ending() == &Ending::NoRetry;
        if self.silent_fail && !for_good {
            tracing::error!(target: "aileron.sensor", "the look failed, taken for nothing found: {error}");
            return Ok(());
        }
        Err(if for_good || self.never_fail {
            self.softened(error)
        } else {
            error
        })
    }

    fn softened(&self, error: Error) -> Error {
        if self.soft_fail || self.never_fail {
            error.with_ending(Ending::Skip)
        } else {
            error
        }
    }

    /// The pause after that look; the first is 1.
    fn pause(&self, cx: &Context, looks: i64, waited: Duration) -> Duration {
        if !self.exponential_backoff {
            return self.every;
        }
        let doublings = u32::try_from(looks - 1).unwrap_or(u32::MAX).min(31);
        let full = self.every.saturating_mul(1 << doublings);
        let pause = full.mul_f64(0.5 + jitter(cx, looks) / 2.0);
        let left = self.timeout.saturating_sub(waited);
        pause.min(left).min(self.max_wait.unwrap_or(Duration::MAX))
    }
}

/// From 0 to 1, the same for the same look of the same task instance.
fn jitter(cx: &Context, looks: i64) -> f64 {
    let ti = cx.ti();
    let mut hasher = DefaultHasher::new();
    (&ti.dag_id, &ti.task_id, &ti.run_id, ti.map_index, looks).hash(&mut hasher);
    (hasher.finish() % 1_000) as f64 / 1_000.0
}

/// How long a sensor has waited.
enum Clock {
    /// In this process.
    Process(Instant),
    /// Across processes: by the clock of the machines.
    Wall(Timestamp),
}

impl Clock {
    fn waited(&self) -> Duration {
        match self {
            Self::Process(since) => since.elapsed(),
            Self::Wall(since) => {
                let waited: SignedDuration = Timestamp::now().duration_since(*since);
                // A start in the future is a clock that goes wrong: nothing was waited yet.
                Duration::try_from(waited).unwrap_or_default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Airflow;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn a_poking_sensor_looks_until_something_is_there() {
        let cx = Airflow::new().context("sense");
        let mut looks = 0;
        let found = cx.block_on(Sensor::every(ms(1)).until(&cx, async || {
            looks += 1;
            Ok((looks == 3).then_some(looks))
        }));
        assert_eq!(found.unwrap(), 3);
    }

    #[test]
    fn a_sensor_in_reschedule_mode_ends_after_each_look() {
        let cx = Airflow::new().context("sense");
        let sensor = Sensor::every(Duration::from_secs(60)).reschedule();
        let before = Timestamp::now();
        let error = cx
            .block_on(sensor.until(&cx, async || Ok(None::<()>)))
            .unwrap_err();
        let Ending::Reschedule { at } = error.ending() else {
            panic!("{error:?}")
        };
        let delay = at.duration_since(before).as_secs();
        assert!((59..=61).contains(&delay), "{delay}");
    }

    #[test]
    fn the_timeout_counts_from_the_first_reschedule_and_ends_the_task_for_good() {
        let first = Timestamp::now() - SignedDuration::from_secs(100);
        let cx = Airflow::new().rescheduled(4, first).context("sense");
        let sensor = Sensor::every(ms(1))
            .reschedule()
            .timeout(Duration::from_secs(90));
        let run = |sensor: &Sensor| {
            cx.block_on(sensor.until(&cx, async || Ok(None::<()>)))
                .unwrap_err()
        };
        let error = run(&sensor);
        assert_eq!(error.ending(), &Ending::NoRetry);
        assert!(error.downcast_ref::<SensorTimeout>().is_some());
        assert_eq!(run(&sensor.clone().soft_fail()).ending(), &Ending::Skip);
        let longer = sensor.timeout(Duration::from_secs(900));
        assert!(matches!(run(&longer).ending(), Ending::Reschedule { .. }));
    }

    #[test]
    fn a_look_is_taken_even_when_the_time_is_over() {
        let first = Timestamp::now() - SignedDuration::from_secs(100);
        let cx = Airflow::new().rescheduled(1, first).context("sense");
        let sensor = Sensor::every(ms(1)).reschedule().timeout(ms(1));
        let found = cx.block_on(sensor.until(&cx, async || Ok(Some(7))));
        assert_eq!(found.unwrap(), 7);
    }

    #[test]
    fn a_failed_look_ends_as_the_sensor_says() {
        let cx = Airflow::new().context("sense");
        let look = |sensor: Sensor, for_good: bool| {
            let failing = async || -> Result<Option<()>> {
                let error = Error::msg("no network");
                Err(if for_good {
                    error.into_no_retry()
                } else {
                    error
                })
            };
            let error = cx.block_on(sensor.until(&cx, failing)).unwrap_err();
            error.ending().clone()
        };
        let sensor = || Sensor::every(ms(1)).timeout(ms(5));
        assert_eq!(look(sensor(), false), Ending::Failure);
        assert_eq!(look(sensor(), true), Ending::NoRetry);
        assert_eq!(look(sensor().soft_fail(), false), Ending::Failure);
        assert_eq!(look(sensor().soft_fail(), true), Ending::Skip);
        assert_eq!(look(sensor().never_fail(), false), Ending::Skip);
        // The timeout comes in the end.
        assert_eq!(look(sensor().silent_fail(), false), Ending::NoRetry);
    }

    #[test]
    fn a_look_may_skip_the_task() {
        let cx = Airflow::new().context("sense");
        let sensor = Sensor::every(ms(1)).silent_fail();
        let skip = async || -> Result<Option<()>> { Err(Error::skip("closed today")) };
        let error = cx.block_on(sensor.until(&cx, skip)).unwrap_err();
        assert_eq!(error.ending(), &Ending::Skip);
    }

    #[test]
    fn the_backoff_doubles_within_its_limits() {
        let cx = Airflow::new().context("sense");
        let second = Duration::from_secs(1);
        let sensor = Sensor::every(second)
            .exponential_backoff()
            .max_wait(10 * second);
        for (looks, least, most) in [(1, 0.5, 1.0), (3, 2.0, 4.0), (4, 4.0, 8.0), (9, 10.0, 10.0)] {
            let pause = sensor.pause(&cx, looks, Duration::ZERO).as_secs_f64();
            assert!((least..=most).contains(&pause), "look {looks}: {pause}");
        }
        // Never past the timeout, and never out of bounds.
        let short = sensor.clone().timeout(3 * second);
        assert_eq!(short.pause(&cx, 9, 2 * second), second);
        let endless = Sensor::every(second).exponential_backoff();
        assert_eq!(
            endless.pause(&cx, i64::MAX, Duration::ZERO),
            DEFAULT_TIMEOUT
        );
    }
}
