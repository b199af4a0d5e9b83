//! Which threshold keeps control flow inline.

use super::{Distribution, Sizes, Source};

/// The share of control flow that stays inline at least.
pub const SHARE: f64 = 0.999;

/// No threshold below this is proposed: a reference takes a good part of it.
const SMALLEST: u64 = 1024;

/// How the values of a source travel at a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Travel {
    /// All of them are in the database.
    Inline,
    /// All of them are offloaded.
    Offloaded,
    /// Some are, some are not.
    Both,
}

/// A threshold, and what it rests on.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The threshold in bytes, a power of two: what is at least as large is offloaded.
    pub threshold: u64,
    /// A source whose median is below this many bytes is taken for control flow, the others for data.
    pub data_from: u64,
    /// The sizes of all control flow.
    pub control_flow: Sizes,
    /// How many sources carry control flow.
    pub control_flow_sources: usize,
    /// The sizes of all data.
    pub data: Sizes,
    /// How many sources carry data.
    pub data_sources: usize,
    /// Sources of control flow of which single values would be offloaded.
    pub control_flow_above: Vec<Source>,
}

impl Proposal {
    /// The smallest power of two that has twice the size which 99.9 % of all control flow does not exceed, and at least 1 KiB.
    /// `None` when there is no control flow to go by.
    #[must_use]
    pub fn of(distribution: &Distribution, data_from: u64) -> Option<Self> {
        let (mut control_flow, mut data) = (Sizes::default(), Sizes::default());
        let mut control_flow_sources = 0;
        for sizes in distribution.sources.values() {
            if is_control_flow(sizes, data_from) {
                control_flow.add(sizes);
                control_flow_sources += 1;
            } else {
                data.add(sizes);
            }
        }
        if control_flow.count() == 0 {
            return None;
        }
        let threshold = control_flow
            .quantile(SHARE)
            .saturating_mul(2)
            .next_power_of_two()
            .max(SMALLEST);
        let above = distribution
            .sources
            .iter()
            .filter(|(_, sizes)| is_control_flow(sizes, data_from) && sizes.largest() >= threshold);
        Some(Self {
            threshold,
            data_from,
            control_flow,
            control_flow_sources,
            data,
            data_sources: distribution.sources.len() - control_flow_sources,
            control_flow_above: above.map(|(source, _)| source.clone()).collect(),
        })
    }
}

/// Whether the values of a source steer a Dag, instead of being its data.
#[must_use]
pub fn is_control_flow(sizes: &Sizes, data_from: u64) -> bool {
    sizes.quantile(0.5) < data_from
}

impl Travel {
    /// How values of these sizes travel. The threshold is a power of two.
    #[must_use]
    pub fn at(sizes: &Sizes, threshold: u64) -> Self {
        match sizes.from_power_of_two(threshold).count {
            0 => Self::Inline,
            all if all == sizes.count() => Self::Offloaded,
            _ => Self::Both,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distribution(sources: &[(&str, &[(u64, u64)])]) -> Distribution {
        let mut distribution = Distribution::default();
        for (task_id, counts) in sources {
            let source = Source {
                dag_id: "d".into(),
                task_id: (*task_id).into(),
                key: "return_value".into(),
            };
            let sizes = distribution.sources.entry(source).or_default();
            for (size, count) in *counts {
                (0..*count).for_each(|_| sizes.record(*size));
            }
        }
        distribution
    }

    #[test]
    fn control_flow_stays_inline_and_data_goes() {
        let proposal = Proposal::of(
            &distribution(&[
                ("flag", &[(4, 5000), (900, 20)]),
                ("path", &[(120, 3000)]),
                ("rows", &[(3_000_000, 400)]),
            ]),
            8192,
        );
        let proposal = proposal.unwrap();
        assert_eq!(proposal.threshold, 2048);
        assert_eq!(
            (proposal.control_flow_sources, proposal.data_sources),
            (2, 1)
        );
        assert_eq!(proposal.control_flow.count(), 8020);
        assert_eq!(proposal.control_flow_above, []);
    }

    #[test]
    fn an_outlier_of_control_flow_is_named_and_does_not_move_the_threshold() {
        let all = distribution(&[
            ("flag", &[(100, 5000), (1_000_000, 1)]),
            ("rows", &[(9000, 5)]),
        ]);
        let proposal = Proposal::of(&all, 8192).unwrap();
        assert_eq!(proposal.threshold, 1024);
        assert_eq!(proposal.control_flow_above.len(), 1);
        let travels: Vec<_> = all.sources.values().map(|s| Travel::at(s, 1024)).collect();
        assert_eq!(travels, [Travel::Both, Travel::Offloaded]);
    }

    #[test]
    fn without_control_flow_nothing_is_proposed() {
        assert!(Proposal::of(&Distribution::default(), 8192).is_none());
        assert!(Proposal::of(&distribution(&[("rows", &[(9000, 5)])]), 8192).is_none());
    }

    #[test]
    fn at_least_999_in_1000_stay_inline_whatever_the_sizes_are() {
        let mut sizes = Vec::new();
        for step in 1..2000_u64 {
            sizes.push((step * 3, 1));
        }
        let proposal = Proposal::of(&distribution(&[("flag", &sizes)]), 8192).unwrap();
        let offloaded = proposal
            .control_flow
            .from_power_of_two(proposal.threshold)
            .count;
        assert!(offloaded * 1000 <= proposal.control_flow.count());
    }
}
