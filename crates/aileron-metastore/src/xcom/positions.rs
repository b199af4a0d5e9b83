//! What a slice of a list takes, by Python's rules.

/// Positions of a list that a slice takes, in the order it takes them. At least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Positions {
    first: i64,
    step: i64,
    count: i64,
}

impl Positions {
    /// What `[start:stop:step]` takes of a list of `length` items; `None` when that is nothing.
    ///
    /// A step of 0 is 1, as Airflow has it.
    pub(super) fn of(
        (start, stop, step): (Option<i64>, Option<i64>, Option<i64>),
        length: i64,
    ) -> Option<Self> {
        let step = step.filter(|step| *step != 0).unwrap_or(1);
        // Where a bound may lie: one before the list is the end of a walk backwards.
        let (lowest, highest) = if step > 0 {
            (0, length)
        } else {
            (-1, length - 1)
        };
        let (head, tail) = if step > 0 {
            (lowest, highest)
        } else {
            (highest, lowest)
        };
        let bound = |given: Option<i64>, default: i64| match given {
            None => default,
            Some(from_end) if from_end < 0 => from_end.saturating_add(length).max(lowest),
            Some(from_start) => from_start.min(highest),
        };
        let (start, stop) = (bound(start, head), bound(stop, tail));
        let distance = if step > 0 { stop - start } else { start - stop };
        if distance <= 0 {
            return None;
        }
        let stride = i64::try_from(step.unsigned_abs()).unwrap_or(i64::MAX);
        Some(Self {
            first: start,
            step,
            count: (distance - 1) / stride + 1,
        })
    }

    /// The positions.
    pub(super) fn iter(self) -> impl Iterator<Item = i64> {
        // One past the last may not be a number any more, so it is not computed.
        (0..self.count).map(move |nth| self.first + nth * self.step)
    }

    /// The lowest position, and how many lie from there to the highest.
    pub(super) fn window(self) -> (i64, i64) {
        let last = self.first + (self.count - 1) * self.step;
        let (lowest, highest) = (self.first.min(last), self.first.max(last));
        (lowest, highest - lowest + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn taken(start: Option<i64>, stop: Option<i64>, step: Option<i64>, length: i64) -> Vec<i64> {
        Positions::of((start, stop, step), length)
            .map(|positions| positions.iter().collect())
            .unwrap_or_default()
    }

    #[test]
    fn slices_are_those_of_python() {
        for (start, stop, step, expected) in [
            (None, None, None, vec![0, 1, 2, 3]),
            (None, None, Some(-1), vec![3, 2, 1, 0]),
            (Some(1), Some(3), None, vec![1, 2]),
            (Some(-3), None, None, vec![1, 2, 3]),
            (Some(-2), Some(-5), Some(-1), vec![2, 1, 0]),
            (Some(10), None, Some(-2), vec![3, 1]),
            (None, Some(-1), Some(2), vec![0, 2]),
            (Some(3), Some(1), None, vec![]),
            (Some(-4), Some(-3), Some(-1), vec![]),
            (None, None, Some(0), vec![0, 1, 2, 3]),
            (None, None, Some(100), vec![0]),
        ] {
            assert_eq!(
                taken(start, stop, step, 4),
                expected,
                "{start:?}:{stop:?}:{step:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn every_position_lies_in_the_list_and_in_the_window(
            start: Option<i64>, stop: Option<i64>, step: Option<i64>, length in 0i64..50,
        ) {
            if let Some(positions) = Positions::of((start, stop, step), length) {
                let (lowest, count) = positions.window();
                for position in positions.iter() {
                    prop_assert!((0..length).contains(&position));
                    prop_assert!((lowest..lowest + count).contains(&position));
                }
            }
        }

        #[test]
        fn near_bounds_mean_what_walking_the_list_means(
            start in -8i64..8, stop in -8i64..8, step in prop_oneof![-4i64..0, 1i64..4], length in 0i64..6,
        ) {
            let from_end = |bound: i64| if bound < 0 { bound + length } else { bound };
            let mut expected = Vec::new();
            if step > 0 {
                let mut at = from_end(start).max(0);
                while at < from_end(stop).min(length) {
                    expected.push(at);
                    at += step;
                }
            } else {
                let mut at = from_end(start).min(length - 1);
                while at > from_end(stop).max(-1) {
                    expected.push(at);
                    at += step;
                }
            }
            prop_assert_eq!(taken(Some(start), Some(stop), Some(step), length), expected);
        }
    }
}
