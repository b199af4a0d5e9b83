//! Supervisor schema versions and what each knows.
//!
//! Fields that came with a later version are absent by default and are not written then, so a
//! message that uses none of them is the same in every version. [`Message::downgrade`] takes them
//! out of a message that does.
//!
//! What 2026-10-30 added, by message or nested type:
//!
//! | type | fields |
//! |---|---|
//! | `GetXCom`, `GetXComCount`, `GetXComSequenceItem`, `GetXComSequenceSlice` | `previous_iteration` |
//! | `GetAssetEventByAsset`, `GetAssetEventByAssetAlias` | `partition_key`, `partition_key_regexp_pattern`, `extra` |
//! | `SucceedTask` | `loop_decision` |
//! | `TaskState` | `retry_reason`, `loop_decision` |
//! | `DagFileParsingResult` | `parsed_definitions`, `dag_source_codes` |
//! | `TIRunContext` | `loop`, `first_task_reschedule_start_date`, `arg_bindings`, `multi_team` |
//! | `TaskInstance`, `PreviousTIResponse` | `region_id`, `region_index` |
//! | `BundleInfo`, `DagCallbackRequest`, `TaskCallbackRequest`, `EmailRequest` | `version_data` |
//!
//! It also added the messages `SetExecutionTimeout` and `UpdateDagRunNote`, and it allows a null
//! `start_date` in `DagRunAssetReference`.
//!
//! [`Message::downgrade`]: crate::message::Message::downgrade

use std::fmt;
use std::str::FromStr;

/// A dated version of the supervisor schema, oldest first.
///
/// ```
/// use aileron_wire::SchemaVersion;
///
/// let version: SchemaVersion = "2026-06-16".parse()?;
/// assert!(version < SchemaVersion::LATEST);
/// assert!(!version.knows("SetExecutionTimeout"));
/// # Ok::<(), aileron_wire::version::UnknownVersion>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(non_camel_case_types, reason = "a date has no camel case")]
pub enum SchemaVersion {
    /// 2026-06-16, the version of Airflow 3.3.
    V2026_06_16,
    /// 2026-10-30, the version of Airflow 3.4.
    V2026_10_30,
}

impl SchemaVersion {
    /// The newest version this crate knows.
    pub const LATEST: Self = Self::V2026_10_30;

    /// Every version, oldest first.
    pub const ALL: [Self; 2] = [Self::V2026_06_16, Self::V2026_10_30];

    /// The date, as manifests spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2026_06_16 => "2026-06-16",
            Self::V2026_10_30 => "2026-10-30",
        }
    }

    /// Whether a peer of this version knows messages of this `type`.
    ///
    /// `false` for a type that no version knows.
    #[must_use]
    pub fn knows(self, message_type: &str) -> bool {
        crate::message::since(message_type).is_some_and(|since| since <= self)
    }
}

impl fmt::Display for SchemaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A schema version that this crate does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("supervisor schema version {0:?} is not known; known are 2026-06-16 and 2026-10-30")]
pub struct UnknownVersion(pub String);

impl FromStr for SchemaVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == text)
            .ok_or_else(|| UnknownVersion(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_spelled_and_ordered_as_dates() {
        for version in SchemaVersion::ALL {
            assert_eq!(version.to_string().parse(), Ok(version));
        }
        assert!(SchemaVersion::ALL.is_sorted());
        let error = "2025-01-01"
            .parse::<SchemaVersion>()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("2025-01-01") && error.contains("2026-10-30"),
            "{error}"
        );
    }

    #[test]
    fn only_the_later_version_knows_the_later_messages() {
        for later in ["SetExecutionTimeout", "UpdateDagRunNote"] {
            assert!(SchemaVersion::V2026_10_30.knows(later));
            assert!(!SchemaVersion::V2026_06_16.knows(later));
        }
        assert!(
            SchemaVersion::ALL
                .into_iter()
                .all(|version| version.knows("GetXCom"))
        );
        assert!(!SchemaVersion::LATEST.knows("GetCoffee"));
    }
}
