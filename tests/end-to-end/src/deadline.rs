//! Waiting for something that happens elsewhere, with an end.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// The moment at which waiting ends.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    end: Instant,
    limit: Duration,
}

impl Deadline {
    /// A deadline `limit` from now.
    pub fn after(limit: Duration) -> Self {
        Self {
            end: Instant::now() + limit,
            limit,
        }
    }

    /// Whether the deadline has passed.
    pub fn passed(&self) -> bool {
        Instant::now() >= self.end
    }

    /// Calls `look` every 100 ms until it gives a value.
    ///
    /// # Errors
    /// What `look` fails with, at once; or, after the deadline, that `what` did not happen.
    pub fn wait_for<T>(
        &self,
        what: &str,
        mut look: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        loop {
            if let Some(found) = look()? {
                return Ok(found);
            }
            if self.passed() {
                bail!("{what}: not within {:?}", self.limit);
            }
            thread::sleep(Duration::from_millis(100));
        }
    }
}
