//! Noticing that the clock of the machine was set back.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// A clock that is set right moves by less, and waiting that much longer does no harm.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(1);

/// The clock of the machine, beside one that nobody can set.
#[derive(Debug)]
pub(super) struct Clock {
    wall: Timestamp,
    steady: Instant,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self {
            wall: Timestamp::now(),
            steady: Instant::now(),
        }
    }

    /// By how much the clock was set back since the last call.
    pub(super) fn set_back(&mut self) -> Option<SignedDuration> {
        self.compare(Timestamp::now(), Instant::now())
    }

    fn compare(&mut self, wall: Timestamp, steady: Instant) -> Option<SignedDuration> {
        let passed = SignedDuration::try_from(steady.duration_since(self.steady)).ok()?;
        let behind = passed - self.wall.duration_until(wall);
        (self.wall, self.steady) = (wall, steady);
        (behind > TOLERANCE).then_some(behind)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_a_clock_that_was_set_back_is_noticed() {
        let mut clock = Clock::new();
        let (wall, steady) = (clock.wall, clock.steady);
        let mut after = |passed: u64, shown: i64| {
            let wall = wall + SignedDuration::from_secs(shown);
            clock.compare(wall, steady + Duration::from_secs(passed))
        };
        assert_eq!(after(5, 5), None);
        assert_eq!(after(6, 3_600), None);
        assert_eq!(after(16, 10), Some(SignedDuration::from_secs(3_600)));
        assert_eq!(after(20, 14), None);
    }
}
