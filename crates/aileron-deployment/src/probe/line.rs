//! What a probe prints: one JSON object for each line.

use serde::Deserialize;
use serde_json::value::RawValue;

/// A line of a probe.
#[derive(Debug)]
pub(crate) enum Line {
    /// Something it yielded.
    Row(Box<RawValue>),
    /// It ended in order, with so many rows.
    End(u64),
    /// It ended with a failure.
    Failed(Refusal),
}

/// Why a probe failed.
#[derive(Debug, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) kind: String,
    pub(crate) message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Printed {
    Row(Box<RawValue>),
    End(u64),
    Failed(Refusal),
}

impl Line {
    /// Reads a line; `None` when it is none of a probe.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        Some(match serde_json::from_slice(line).ok()? {
            Printed::Row(row) => Self::Row(row),
            Printed::End(count) => Self::End(count),
            Printed::Failed(refusal) => Self::Failed(refusal),
        })
    }
}
