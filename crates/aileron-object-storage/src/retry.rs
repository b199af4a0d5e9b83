//! How often and how long a request is tried.

use std::time::Duration;

use object_store::{BackoffConfig, RetryConfig};

/// How a request that a store refused for now, or that was lost on the way, is tried again: six times in all, with pauses that grow
/// from 0.2 to 10 seconds, for a minute at most.
///
/// A task waits that long for a store that does not answer, and then fails with an error that names it.
#[must_use]
pub fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(200),
            max_backoff: Duration::from_secs(10),
            base: 2.0,
        },
        max_retries: 5,
        retry_timeout: Duration::from_secs(60),
    }
}
