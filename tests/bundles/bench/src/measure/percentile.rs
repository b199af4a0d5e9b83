//! Percentiles of measured times.

use std::time::Duration;

/// Times, sorted.
pub(crate) struct Sorted(Vec<Duration>);

impl Sorted {
    /// Sorts the times.
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The smallest time that this share (0 to 1) of all times does not exceed, in seconds; 0 of no times.
    pub(crate) fn at(&self, share: f64) -> f64 {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0
            .get(rank.saturating_sub(1))
            .map_or(0.0, Duration::as_secs_f64)
    }

    /// The median, in seconds.
    pub(crate) fn median(&self) -> f64 {
        self.at(0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let sorted = Sorted::of((1..=200).rev().map(Duration::from_secs).collect());
        assert_eq!(
            [sorted.median(), sorted.at(0.99), sorted.at(1.0)],
            [100.0, 198.0, 200.0]
        );
        assert_eq!(Sorted::of(vec![Duration::from_secs(7)]).median(), 7.0);
        assert_eq!(Sorted::of(Vec::new()).median(), 0.0);
    }
}
