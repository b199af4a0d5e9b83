//! The index of the source region.
//!
//! Airflow 3.4 shows the source of a Dag that comes out of a bundle when the manifest says which file lies where in the
//! source region (3.4.0b2, `airflow/sdk/coordinators/executable/_bundle_reader.py`). Airflow 3.3 ignores these keys.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::Sha256Digest;

/// The manifest keys that describe the source region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceIndex {
    /// Path of the file shown for a Dag that [`SourceIndex::dag_source_paths`] does not name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint_path: Option<String>,
    /// The embedded files, in the order of their bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceEntry>,
    /// Path of a Dag's own file, by Dag id.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub dag_source_paths: IndexMap<String, String>,
}

/// A file in the source region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEntry {
    /// The file's path as the author knows it.
    pub path: String,
    /// First byte, counted from the start of the source region.
    pub offset: u64,
    /// Length in bytes.
    pub length: u64,
    /// SHA-256 of the bytes, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

impl SourceIndex {
    /// The index of a source region that holds one file.
    pub fn single(path: &str, source: &str) -> SourceIndex {
        let entry = SourceEntry {
            path: path.to_owned(),
            offset: 0,
            length: source.len() as u64,
            sha256: Sha256Digest::of(source.as_bytes()).to_string(),
        };
        SourceIndex {
            entrypoint_path: Some(entry.path.clone()),
            sources: vec![entry],
            ..SourceIndex::default()
        }
    }
}
