//! One line of the result.

/// A measurement, what it is compared with, and what was promised.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// What was measured, in words.
    pub(super) name: String,
    /// The unit of both values.
    pub(super) unit: &'static str,
    /// What Aileron needs or reaches.
    pub(super) ours: f64,
    /// What it is compared with.
    pub(super) peer: &'static str,
    /// What the peer needs or reaches.
    pub(super) peer_value: f64,
    /// What was promised, if anything was.
    pub(super) target: Option<Target>,
}

/// A promise.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// Aileron's value is at most this.
    AtMost(f64),
    /// Aileron's value is at most so many times the peer's.
    RatioAtMost(f64),
    /// Aileron's value is at least so many times the peer's.
    RatioAtLeast(f64),
}

impl Row {
    /// A row without a target.
    pub(super) fn new(
        name: impl Into<String>,
        unit: &'static str,
        ours: f64,
        (peer, peer_value): (&'static str, f64),
    ) -> Self {
        Self {
            name: name.into(),
            unit,
            ours,
            peer,
            peer_value,
            target: None,
        }
    }

    /// The row with a target.
    pub(super) fn target(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// Aileron's value in units of the peer's.
    pub(super) fn ratio(&self) -> f64 {
        self.ours / self.peer_value
    }

    /// Whether the target is met; `None` without one.
    pub(super) fn met(&self) -> Option<bool> {
        self.target.map(|target| match target {
            Target::AtMost(limit) => self.ours <= limit,
            Target::RatioAtMost(limit) => self.ratio() <= limit,
            Target::RatioAtLeast(limit) => self.ratio() >= limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_up_to_its_limit() {
        let row = |ours| Row::new("any", "ms", ours, ("peer", 2.0));
        assert_eq!(row(1.0).met(), None);
        for (ours, met) in [(3.0, true), (3.1, false)] {
            assert_eq!(row(ours).target(Target::AtMost(3.0)).met(), Some(met));
            assert_eq!(row(ours).target(Target::RatioAtMost(1.5)).met(), Some(met));
        }
        for (ours, met) in [(3.0, true), (2.9, false)] {
            assert_eq!(row(ours).target(Target::RatioAtLeast(1.5)).met(), Some(met));
        }
    }

    #[test]
    fn a_value_that_is_not_a_number_meets_no_target() {
        let row = Row::new("any", "ms", 0.0, ("peer", 0.0));
        for target in [Target::RatioAtMost(1.5), Target::RatioAtLeast(0.5)] {
            assert_eq!(row.clone().target(target).met(), Some(false));
        }
    }
}
