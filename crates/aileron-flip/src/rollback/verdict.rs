//! Whether the backend may be set back.

use super::Plan;

/// Why `[core] xcom_backend` must not be set back yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Unfinished runs have values in the object store: their downstream tasks would get a path instead of the value.
    InFlight {
        /// How many values.
        xcoms: usize,
        /// Of how many runs.
        runs: usize,
    },
    /// Tasks offload values as long as the threshold is not negative: more may come after this look.
    StillOffloading {
        /// The threshold in bytes.
        threshold: i64,
    },
}

impl Refusal {
    /// All reasons. `threshold` is the effective one, if it is known.
    #[must_use]
    pub fn all(plan: &Plan, threshold: Option<i64>) -> Vec<Self> {
        let mut refusals = Vec::new();
        if plan.count() > 0 {
            refusals.push(Self::InFlight {
                xcoms: plan.count(),
                runs: plan.in_flight.len(),
            });
        }
        if let Some(threshold) = threshold.filter(|threshold| *threshold >= 0) {
            refusals.push(Self::StillOffloading { threshold });
        }
        refusals
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InFlight { xcoms, runs } => write!(
                f,
                "{xcoms} offloaded {} of {runs} unfinished {} in flight: without the object-storage backend their downstream \
                 tasks would get the path of the object instead of the value",
                if *xcoms == 1 { "XCom" } else { "XComs" },
                if *runs == 1 { "run is" } else { "runs are" },
            ),
            Self::StillOffloading { threshold } => write!(
                f,
                "[common.io] xcom_objectstorage_threshold is {threshold}, so tasks still offload: set it to -1 and restart \
                 the workers first"
            ),
        }
    }
}
