//! Parsing a Dag file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{callback::CallbackRequest, defaults, message};
use crate::SchemaVersion;
use crate::json::{JsonMap, free_form};
use crate::time;

/// Asks for the Dags of a file. It comes unasked, as the first frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DagFileParseRequest {
    /// The file.
    pub file: String,
    /// The directory of the Dag bundle.
    pub bundle_path: String,
    /// The name of the Dag bundle.
    pub bundle_name: String,
    /// Callbacks to run instead of parsing.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub callback_requests: Vec<CallbackRequest>,
}

impl DagFileParseRequest {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        file: impl Into<String>,
        bundle_path: impl Into<String>,
        bundle_name: impl Into<String>,
    ) -> Self {
        Self {
            file: file.into(),
            bundle_path: bundle_path.into(),
            bundle_name: bundle_name.into(),
            callback_requests: Vec::new(),
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        for callback in &mut self.callback_requests {
            callback.strip(to);
        }
    }
}

message!(DagFileParseRequest, downgrade = strip);

/// The Dags of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DagFileParsingResult {
    /// The file.
    pub fileloc: String,
    /// The Dags.
    pub serialized_dags: Vec<LazyDeserializedDAG>,
    /// What was odd about the file.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub warnings: Option<Vec<Value>>,
    /// Why parts of it could not be read, by the path relative to the bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_errors: Option<BTreeMap<String, String>>,
    /// The ids of the Dags that were read. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub parsed_definitions: Vec<String>,
    /// Source code by Dag. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "defaults::is_default")]
    pub dag_source_codes: BTreeMap<String, DagSourceCode>,
}

impl DagFileParsingResult {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(fileloc: impl Into<String>, serialized_dags: Vec<LazyDeserializedDAG>) -> Self {
        Self {
            fileloc: fileloc.into(),
            serialized_dags,
            warnings: None,
            import_errors: None,
            parsed_definitions: Vec::new(),
            dag_source_codes: BTreeMap::new(),
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.parsed_definitions = Vec::new();
            self.dag_source_codes = BTreeMap::new();
        }
    }
}

message!(DagFileParsingResult, downgrade = strip);

/// One Dag in its serialised form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LazyDeserializedDAG {
    /// The serialised Dag.
    #[serde(deserialize_with = "free_form")]
    pub data: JsonMap,
    /// When it was read.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub last_loaded: Option<Timestamp>,
}

impl LazyDeserializedDAG {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(data: JsonMap) -> Self {
        Self {
            data,
            last_loaded: None,
        }
    }
}

/// The source code that the web page shows for a Dag. Since 2026-10-30.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DagSourceCode {
    /// The source code.
    pub source_code: String,
    /// Its language, such as `rust`.
    pub language: String,
}
