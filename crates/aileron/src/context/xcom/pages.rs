//! Which slices to ask for, one after the other.
//!
//! Every slice has 0 <= start < stop and a positive step. Airflow 3.3.2 answers others wrongly: a stop before the start
//! becomes no limit at all, or an error of the database.

/// A part of a sequence, as positions from its start: a Python slice whose negative numbers are resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pages {
    /// The next position.
    next: i64,
    /// How many positions are left; `None` until the sequence ends.
    left: Option<i64>,
    /// The distance between positions; not zero.
    step: i64,
    /// How many stored values a page may span.
    size: i64,
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) start: i64,
    pub(super) stop: i64,
    pub(super) step: i64,
    /// How many values it has unless the sequence ends.
    pub(super) length: i64,
    /// Whether the values are wanted in the opposite order.
    pub(super) reversed: bool,
}

impl Pages {
    /// Everything, from the start.
    pub(super) fn all(size: i64) -> Self {
        Self {
            next: 0,
            left: None,
            step: 1,
            size,
        }
    }

    /// A slice, when it does not depend on the length of the sequence.
    pub(super) fn without_length(
        start: Option<i64>,
        stop: Option<i64>,
        step: i64,
        size: i64,
    ) -> Option<Self> {
        let next = start.unwrap_or(0);
        let depends = step < 0 || next < 0 || stop.is_some_and(|stop| stop < 0);
        (!depends).then(|| Self {
            next,
            left: stop.map(|stop| positions(next, stop, step)),
            step,
            size,
        })
    }

    /// A slice of a sequence of this length, by the rules of Python's `slice.indices`.
    pub(super) fn within(
        length: i64,
        start: Option<i64>,
        stop: Option<i64>,
        step: i64,
        size: i64,
    ) -> Self {
        let (lowest, highest) = if step > 0 {
            (0, length)
        } else {
            (-1, length - 1)
        };
        let clamp = |position: i64| {
            let position = if position < 0 {
                position.saturating_add(length)
            } else {
                position
            };
            position.clamp(lowest, highest)
        };
        let (first, last) = if step > 0 {
            (lowest, highest)
        } else {
            (highest, lowest)
        };
        let next = start.map_or(first, clamp);
        let stop = stop.map_or(last, clamp);
        Self {
            next,
            left: Some(positions(next, stop, step)),
            step,
            size,
        }
    }

    /// The next request; `None` when nothing is left.
    pub(super) fn page(&self) -> Option<Page> {
        let distance = self.step.saturating_abs();
        let fitting = (self.size / distance).max(1);
        let length = self.left.map_or(fitting, |left| left.min(fitting));
        // No sequence reaches the last position: adding to it stopped there.
        if length <= 0 || self.next == i64::MAX {
            return None;
        }
        let span = (length - 1).saturating_mul(distance);
        let start = if self.step > 0 {
            self.next
        } else {
            self.next - span
        };
        Some(Page {
            start,
            stop: start.saturating_add(span).saturating_add(1),
            step: distance,
            length,
            reversed: self.step < 0,
        })
    }

    /// Notes what came for the page: fewer values than it has positions mean that the sequence is at its end.
    pub(super) fn advance(&mut self, page: &Page, came: i64) {
        self.next = self
            .next
            .saturating_add(page.length.saturating_mul(self.step));
        self.left = if came < page.length {
            Some(0)
        } else {
            self.left.map(|left| left - page.length)
        };
    }
}

/// How many positions a range has.
fn positions(start: i64, stop: i64, step: i64) -> i64 {
    let distance = if step > 0 {
        stop.saturating_sub(start)
    } else {
        start.saturating_sub(stop)
    };
    if distance <= 0 {
        0
    } else {
        (distance - 1) / step.saturating_abs() + 1
    }
}
