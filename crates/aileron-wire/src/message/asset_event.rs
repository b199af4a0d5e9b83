//! Asset events.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{asset::AssetResponse, defaults, defaults::required, message};
use crate::SchemaVersion;
use crate::json::{JsonMap, free_form};
use crate::time;

/// Asks for the events of an asset, named by its name, its URI or both. The answer is an
/// [`AssetEventsResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetAssetEventByAsset {
    /// The name.
    #[serde(deserialize_with = "required")]
    pub name: Option<String>,
    /// The URI.
    #[serde(deserialize_with = "required")]
    pub uri: Option<String>,
    /// Only events at or after this instant.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub after: Option<Timestamp>,
    /// Only events before this instant.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub before: Option<Timestamp>,
    /// How many at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// Whether the oldest comes first.
    #[serde(default = "defaults::yes")]
    pub ascending: bool,
    /// The key of the partition. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
    /// Only events whose partition key matches this regular expression. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key_regexp_pattern: Option<String>,
    /// Whatever else was attached, as JSON. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<BTreeMap<String, String>>,
}

impl GetAssetEventByAsset {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(name: Option<String>, uri: Option<String>) -> Self {
        Self {
            name,
            uri,
            after: None,
            before: None,
            limit: None,
            ascending: defaults::yes(),
            partition_key: None,
            partition_key_regexp_pattern: None,
            extra: None,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.partition_key = None;
            self.partition_key_regexp_pattern = None;
            self.extra = None;
        }
    }
}

message!(GetAssetEventByAsset, downgrade = strip);

/// Asks for the events of the assets behind an alias. The answer is an [`AssetEventsResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetAssetEventByAssetAlias {
    /// The name of the alias.
    pub alias_name: String,
    /// Only events at or after this instant.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub after: Option<Timestamp>,
    /// Only events before this instant.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub before: Option<Timestamp>,
    /// How many at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// Whether the oldest comes first.
    #[serde(default = "defaults::yes")]
    pub ascending: bool,
    /// The key of the partition. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
    /// Only events whose partition key matches this regular expression. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key_regexp_pattern: Option<String>,
    /// Whatever else was attached, as JSON. Since 2026-10-30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra: Option<BTreeMap<String, String>>,
}

impl GetAssetEventByAssetAlias {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(alias_name: impl Into<String>) -> Self {
        Self {
            alias_name: alias_name.into(),
            after: None,
            before: None,
            limit: None,
            ascending: defaults::yes(),
            partition_key: None,
            partition_key_regexp_pattern: None,
            extra: None,
        }
    }

    /// Takes out what `to` does not know.
    pub(super) fn strip(&mut self, to: SchemaVersion) {
        if to < SchemaVersion::V2026_10_30 {
            self.partition_key = None;
            self.partition_key_regexp_pattern = None;
            self.extra = None;
        }
    }
}

message!(GetAssetEventByAssetAlias, downgrade = strip);

/// Asset events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct AssetEventsResult {
    /// The events.
    pub asset_events: Vec<AssetEventResponse>,
}

message!(AssetEventsResult);

/// One asset event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssetEventResponse {
    /// The id.
    pub id: i64,
    /// When it happened.
    #[serde(with = "time::timestamp")]
    pub timestamp: Timestamp,
    /// Whatever else was attached, as JSON.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub extra: Option<JsonMap>,
    /// The asset.
    pub asset: AssetResponse,
    /// The Dag runs that it started.
    pub created_dagruns: Vec<DagRunAssetReference>,
    /// The task that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_task_id: Option<String>,
    /// The Dag of that task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_dag_id: Option<String>,
    /// The Dag run of that task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_run_id: Option<String>,
    /// The map index of that task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_map_index: Option<i64>,
    /// The key of the partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
}

impl AssetEventResponse {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(
        id: i64,
        timestamp: Timestamp,
        asset: AssetResponse,
        created_dagruns: Vec<DagRunAssetReference>,
    ) -> Self {
        Self {
            id,
            timestamp,
            asset,
            created_dagruns,
            extra: None,
            source_task_id: None,
            source_dag_id: None,
            source_run_id: None,
            source_map_index: None,
            partition_key: None,
        }
    }
}

/// A Dag run that an asset event created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DagRunAssetReference {
    /// The Dag run.
    pub run_id: String,
    /// The Dag.
    pub dag_id: String,
    /// The logical date.
    #[serde(with = "time::optional")]
    pub logical_date: Option<Timestamp>,
    /// When it started.
    #[serde(with = "time::optional")]
    pub start_date: Option<Timestamp>,
    /// When it ended.
    #[serde(with = "time::optional")]
    pub end_date: Option<Timestamp>,
    /// The state.
    pub state: String,
    /// The start of the data interval.
    #[serde(with = "time::optional")]
    pub data_interval_start: Option<Timestamp>,
    /// The end of the data interval.
    #[serde(with = "time::optional")]
    pub data_interval_end: Option<Timestamp>,
    /// The key of the partition.
    #[serde(deserialize_with = "required")]
    pub partition_key: Option<String>,
}

/// An asset event that a Dag run consumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssetEventDagRunReference {
    /// The asset.
    pub asset: AssetReferenceAssetEventDagRun,
    /// Whatever else was attached, as JSON.
    #[serde(deserialize_with = "free_form")]
    pub extra: JsonMap,
    /// The task that caused it.
    #[serde(deserialize_with = "required")]
    pub source_task_id: Option<String>,
    /// The Dag of that task.
    #[serde(deserialize_with = "required")]
    pub source_dag_id: Option<String>,
    /// The Dag run of that task.
    #[serde(deserialize_with = "required")]
    pub source_run_id: Option<String>,
    /// The map index of that task.
    #[serde(deserialize_with = "required")]
    pub source_map_index: Option<i64>,
    /// The aliases it came through.
    pub source_aliases: Vec<AssetAliasReferenceAssetEventDagRun>,
    /// When it happened.
    #[serde(with = "time::timestamp")]
    pub timestamp: Timestamp,
    /// The key of the partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
}

/// The asset of an event that a Dag run consumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssetReferenceAssetEventDagRun {
    /// The name.
    pub name: String,
    /// The URI.
    pub uri: String,
    /// Whatever else was attached, as JSON.
    #[serde(deserialize_with = "free_form")]
    pub extra: JsonMap,
}

/// The alias of an event that a Dag run consumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssetAliasReferenceAssetEventDagRun {
    /// The name.
    pub name: String,
}
