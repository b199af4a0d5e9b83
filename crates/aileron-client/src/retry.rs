//! When a request is sent again.

use std::time::Duration;

use aileron_config::Config;

use crate::ClientError;

/// How often, and after what wait, a request is sent again.
///
/// The wait before attempt *n* + 1 is random between `wait_min` and 2<sup>n-1</sup> seconds; that upper end is kept between
/// `wait_min` and `wait_max`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a request is sent at most, from 1 (`[workers] execution_api_retries`; the first time counts).
    pub attempts: u32,
    /// The shortest wait (`[workers] execution_api_retry_wait_min`).
    pub wait_min: Duration,
    /// The longest wait (`[workers] execution_api_retry_wait_max`).
    pub wait_max: Duration,
}

/// What Airflow 3.3.2 has when nothing is configured: 5 attempts, waits of 1 to 90 seconds.
impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            wait_min: Duration::from_secs(1),
            wait_max: Duration::from_secs(90),
        }
    }
}

impl RetryPolicy {
    pub(crate) fn from_config(config: &Config) -> Result<Self, ClientError> {
        let default = Self::default();
        let attempts = match config.integer("workers", "execution_api_retries")? {
            None => default.attempts,
            Some(attempts) => u32::try_from(attempts)
                .ok()
                .filter(|attempts| *attempts > 0)
                .ok_or(ClientError::Option {
                    section: "workers",
                    key: "execution_api_retries",
                    reason: format!("{attempts} is not a number of attempts; 1 is the least"),
                })?,
        };
        Ok(Self {
            attempts,
            wait_min: seconds(config, "execution_api_retry_wait_min", default.wait_min)?,
            wait_max: seconds(config, "execution_api_retry_wait_max", default.wait_max)?,
        })
    }

    /// The wait after this many attempts; `random` is from 0 to 1.
    pub(crate) fn wait_after(&self, attempts: u32, random: f64) -> Duration {
        let exponential = 2_f64.powi(attempts.saturating_sub(1).min(62) as i32);
        let longest = exponential
            .min(self.wait_max.as_secs_f64())
            .max(self.wait_min.as_secs_f64());
        let shortest = self.wait_min.as_secs_f64();
        Duration::from_secs_f64(shortest + random * (longest - shortest))
    }
}

/// A number of seconds from `[workers]`.
pub(crate) fn seconds(
    config: &Config,
    key: &'static str,
    default: Duration,
) -> Result<Duration, ClientError> {
    let Some(number) = config.float("workers", key)? else {
        return Ok(default);
    };
    Duration::try_from_secs_f64(number).map_err(|_| ClientError::Option {
        section: "workers",
        key,
        reason: format!("{number} is not a number of seconds"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_end_of_the_wait_doubles_between_its_bounds() {
        let policy = RetryPolicy::default();
        let longest = |attempts| policy.wait_after(attempts, 1.0).as_secs();
        assert_eq!([1, 2, 3, 4].map(longest), [1, 2, 4, 8]);
        assert_eq!([20, u32::MAX].map(longest), [90, 90]);
        for attempts in [1, 4, 20] {
            assert_eq!(policy.wait_after(attempts, 0.0), policy.wait_min);
        }
    }

    #[test]
    fn the_lower_end_wins_over_the_upper_one() {
        let policy = RetryPolicy {
            wait_min: Duration::from_secs(10),
            wait_max: Duration::from_secs(3),
            ..RetryPolicy::default()
        };
        assert_eq!(policy.wait_after(3, 0.7), Duration::from_secs(10));
    }

    #[test]
    fn options_are_read_and_nonsense_is_refused_by_name() {
        let config = Config::with_environment([
            ("AIRFLOW__WORKERS__EXECUTION_API_RETRIES", "3"),
            ("AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MIN", "0.25"),
        ]);
        let policy = RetryPolicy::from_config(&config).unwrap();
        assert_eq!(policy.attempts, 3);
        assert_eq!(policy.wait_min, Duration::from_millis(250));
        assert_eq!(policy.wait_max, Duration::from_secs(90));
        for (variable, value) in [
            ("AIRFLOW__WORKERS__EXECUTION_API_RETRIES", "0"),
            ("AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX", "-1"),
        ] {
            let config = Config::with_environment([(variable, value)]);
            let error = RetryPolicy::from_config(&config).unwrap_err().to_string();
            assert!(error.starts_with("[workers] execution_api_retr"), "{error}");
        }
    }
}
