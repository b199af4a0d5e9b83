//! Counting sizes.

use hdrhistogram::Histogram;

/// The number of powers of two that sizes are counted by: the last holds everything above 2^46.
const POWERS: usize = 48;

/// Sizes in bytes, counted. Takes the same memory for a thousand as for a billion of them.
///
/// Quantiles are exact to one part in a hundred; counts, sums, the largest size, and what lies on either side of a power of two
/// are exact.
#[derive(Debug, Clone)]
pub struct Sizes {
    histogram: Histogram<u64>,
    bytes: u64,
    largest: u64,
    powers: [Power; POWERS],
}

/// The sizes from a power of two up to the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Power {
    /// How many there are.
    pub count: u64,
    /// Their sum.
    pub bytes: u64,
}

impl Default for Sizes {
    fn default() -> Self {
        let histogram = Histogram::new(2).expect("two digits are among those that there can be");
        Self {
            histogram,
            bytes: 0,
            largest: 0,
            powers: [Power::default(); POWERS],
        }
    }
}

impl Sizes {
    /// Counts a size.
    pub fn record(&mut self, size: u64) {
        self.record_many(size, 1);
    }

    /// Counts a size so many times.
    pub fn record_many(&mut self, size: u64, count: u64) {
        if count == 0 {
            return;
        }
        let size = size.max(1);
        self.histogram
            .record_n(size, count)
            .expect("a histogram that grows takes every size");
        let bytes = size.saturating_mul(count);
        self.bytes = self.bytes.saturating_add(bytes);
        self.largest = self.largest.max(size);
        let power = &mut self.powers[power_of(size)];
        power.count += count;
        power.bytes = power.bytes.saturating_add(bytes);
    }

    /// Counts all sizes of another.
    pub fn add(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("a histogram that grows takes every other of its kind");
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.largest = self.largest.max(other.largest);
        for (power, other) in self.powers.iter_mut().zip(other.powers) {
            power.count += other.count;
            power.bytes = power.bytes.saturating_add(other.bytes);
        }
    }

    /// How many sizes were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The sum of all sizes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The largest size; 0 when there is none.
    #[must_use]
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// The size that this share of all sizes does not exceed: 0.5 for the median. 0 when there is none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> u64 {
        if self.count() == 0 {
            return 0;
        }
        self.histogram.value_at_quantile(share).min(self.largest)
    }

    /// The powers of two with their sizes, from the smallest to the largest that has any.
    pub fn powers(&self) -> impl Iterator<Item = (u64, Power)> + '_ {
        let used = |power: &Power| power.count > 0;
        let first = self.powers.iter().position(used).unwrap_or(0);
        let end = self
            .powers
            .iter()
            .rposition(used)
            .map_or(0, |last| last + 1);
        (first..end).map(|power| (1 << power, self.powers[power]))
    }

    /// What is at least as large as this power of two.
    #[must_use]
    pub fn from_power_of_two(&self, size: u64) -> Power {
        let mut total = Power::default();
        for power in &self.powers[power_of(size)..] {
            total.count += power.count;
            total.bytes = total.bytes.saturating_add(power.bytes);
        }
        total
    }
}

fn power_of(size: u64) -> usize {
    let power = size.max(1).ilog2() as usize;
    power.min(POWERS - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn quantiles_are_exact_to_one_part_in_a_hundred(mut sizes in prop::collection::vec(1_u64..100_000_000, 1..300), share in 0.001..=1.0_f64) {
            let mut counted = Sizes::default();
            for size in &sizes {
                counted.record(*size);
            }
            sizes.sort_unstable();
            let rank = ((sizes.len() as f64 * share).ceil() as usize).max(1) - 1;
            let (exact, found) = (sizes[rank] as f64, counted.quantile(share) as f64);
            prop_assert!(found >= exact * 0.99 && found <= exact * 1.01 + 1.0, "{found} for {exact}");
            prop_assert_eq!(counted.bytes(), sizes.iter().sum::<u64>());
            prop_assert_eq!(counted.largest(), *sizes.last().unwrap());
        }

        #[test]
        fn what_a_power_of_two_would_move_is_exact(sizes in prop::collection::vec(1_u64..5_000_000, 0..300), power in 0_u32..23) {
            let mut counted = Sizes::default();
            for size in &sizes {
                counted.record(*size);
            }
            let moved: Vec<u64> = sizes.into_iter().filter(|size| *size >= 1 << power).collect();
            let found = counted.from_power_of_two(1 << power);
            prop_assert_eq!(found, Power { count: moved.len() as u64, bytes: moved.iter().sum() });
        }
    }

    #[test]
    fn the_memory_does_not_grow_with_the_count() {
        let mut sizes = Sizes::default();
        for size in 0..1_000_000 {
            sizes.record(size % 4096);
        }
        assert!(sizes.histogram.distinct_values() < 2000);
        assert_eq!(sizes.count(), 1_000_000);
    }
}
