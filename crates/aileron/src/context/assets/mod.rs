//! The assets of a running task: its inlets and outlets, and the events on both sides.

mod declared;
mod inlet_events;
mod outlet_events;
mod recorded;
#[cfg(test)]
mod tests;

use crate::comm::CommError;

pub(crate) use declared::{Produced, TaskAssets, undeclared};
pub use inlet_events::{InletEvents, InletEventsQuery};
pub use outlet_events::{AliasEvents, OutletEvent, OutletEvents, RecordedEvent};

/// Why something about assets was refused.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AssetError {
    /// Inlets or outlets of the task are not active in Airflow.
    #[error(
        "inactive inlets or outlets: {}; an asset is active while a Dag refers to it and no other active asset has its name or its URI",
        .assets.join(", ")
    )]
    Inactive {
        /// The inactive assets.
        assets: Vec<String>,
    },
    /// The task does not declare the asset or alias.
    #[error("{asset} is not among the {side} of this task, which are {}; declare it with `#[task({} = [..])]`", or_none(.declared), .side.split(' ').next().unwrap_or_default())]
    Undeclared {
        /// What was asked for.
        asset: String,
        /// `inlets`, `outlets`, or `inlets and outlets`.
        side: &'static str,
        /// What is declared there.
        declared: Vec<String>,
    },
    /// A method of the asset state store needs to know which asset is meant.
    #[error(
        "the task has {} assets among its inlets and outlets ({}), not exactly one; say which: `cx.asset_state_store().of(..)`",
        .assets.len(),
        or_none(.assets)
    )]
    NotOne {
        /// The assets there are.
        assets: Vec<String>,
    },
    /// Airflow knows no such asset, or only an inactive one.
    #[error("Airflow knows no active {}", .asset.trim_start_matches("the "))]
    Unknown {
        /// What was asked for.
        asset: String,
    },
    /// A reference leads to another asset than the one asked for.
    #[error("{declared} is {found}, not {asset}")]
    OtherAsset {
        /// What was asked for.
        asset: String,
        /// The reference that the task declares.
        declared: String,
        /// Where it leads.
        found: String,
    },
    /// The extra of an event is not a JSON object.
    #[error("the extra of an event of {asset}: {reason}")]
    BadExtra {
        /// The asset.
        asset: String,
        /// What is wrong.
        reason: String,
    },
    /// A partition key that Airflow does not take.
    #[error("`{key}` cannot be a partition key: {reason}")]
    BadPartitionKey {
        /// The key, cut when it is long.
        key: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The supervisor could not answer.
    #[error(transparent)]
    Comm(#[from] CommError),
}

fn or_none(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
