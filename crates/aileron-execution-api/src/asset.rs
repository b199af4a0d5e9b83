//! Which asset, and which of its events.

use jiff::Timestamp;

/// An asset, by one of its two identities.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AssetRef {
    /// By name.
    Name(String),
    /// By URI.
    Uri(String),
}

impl std::fmt::Display for AssetRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, "name {name:?}"),
            Self::Uri(uri) => write!(f, "URI {uri:?}"),
        }
    }
}

/// What asset events are asked of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssetEventsSource {
    /// An asset. One of the two must be given; with both, both must fit.
    Asset {
        /// Its name.
        name: Option<String>,
        /// Its URI.
        uri: Option<String>,
    },
    /// Every asset that an alias of this name stood for.
    Alias(String),
}

/// Which asset events, and in what order.
#[derive(Debug, Clone, PartialEq)]
pub struct AssetEventsQuery {
    /// Of what.
    pub source: AssetEventsSource,
    /// Only events at this time or later.
    pub after: Option<Timestamp>,
    /// Only events at this time or earlier.
    pub before: Option<Timestamp>,
    /// Oldest first; otherwise newest first.
    pub ascending: bool,
    /// At most this many.
    pub limit: Option<i64>,
    /// Only events of this partition. Since Airflow 3.4.
    pub partition_key: Option<String>,
    /// Only events with these entries among their extra data. Since Airflow 3.4.
    pub extra: Option<aileron_wire::json::JsonMap>,
}

impl AssetEventsQuery {
    /// All events of `source`, oldest first.
    #[must_use]
    pub fn new(source: AssetEventsSource) -> Self {
        Self {
            source,
            after: None,
            before: None,
            ascending: true,
            limit: None,
            partition_key: None,
            extra: None,
        }
    }
}
