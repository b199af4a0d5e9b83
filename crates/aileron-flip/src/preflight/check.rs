//! A check, and what came out.

use serde::Serialize;

/// What came out of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is as it should be, and this is known.
    Pass,
    /// It is not as it should be.
    Fail,
    /// Nobody knows.
    Unknown,
}

/// A check, what came out, and what that rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What came out.
    pub status: Status,
    /// What was seen.
    pub evidence: String,
    /// What to do, when it did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Check {
    pub(super) fn pass(name: &'static str, evidence: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Pass,
            evidence: evidence.into(),
            advice: None,
        }
    }

    pub(super) fn fail(
        name: &'static str,
        evidence: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            name,
            status: Status::Fail,
            evidence: evidence.into(),
            advice: Some(advice.into()),
        }
    }

    pub(super) fn unknown(
        name: &'static str,
        evidence: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            status: Status::Unknown,
            ..Self::fail(name, evidence, advice)
        }
    }
}
