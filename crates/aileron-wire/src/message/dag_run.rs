//! Dags and Dag runs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::text_enum::text_enum;
use super::{asset_event::AssetEventDagRunReference, defaults, defaults::required, message};
use crate::json::{JsonMap, free_form};
use crate::time;

/// A Dag run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DagRun {
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The logical date.
    #[serde(with = "time::optional")]
    pub logical_date: Option<Timestamp>,
    /// The start of the data interval.
    #[serde(with = "time::optional")]
    pub data_interval_start: Option<Timestamp>,
    /// The end of the data interval.
    #[serde(with = "time::optional")]
    pub data_interval_end: Option<Timestamp>,
    /// The earliest time at which the run may start.
    #[serde(with = "time::timestamp")]
    pub run_after: Timestamp,
    /// When it started.
    #[serde(with = "time::optional")]
    pub start_date: Option<Timestamp>,
    /// When it ended.
    #[serde(with = "time::optional")]
    pub end_date: Option<Timestamp>,
    /// How often the run was cleared.
    #[serde(
        default,
        deserialize_with = "defaults::null_as_default",
        skip_serializing_if = "defaults::is_default"
    )]
    pub clear_number: i64,
    /// What started the run.
    pub run_type: DagRunType,
    /// The state.
    pub state: DagRunState,
    /// The configuration the run was started with.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub conf: Option<JsonMap>,
    /// Who started the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triggering_user_name: Option<String>,
    /// The asset events that started the run.
    pub consumed_asset_events: Vec<AssetEventDagRunReference>,
    /// The key of the partition.
    #[serde(deserialize_with = "required")]
    pub partition_key: Option<String>,
    /// The date of the partition.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub partition_date: Option<Timestamp>,
    /// A note that people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The team that owns the Dag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_name: Option<String>,
}

text_enum! {
    /// The state of a Dag run.
    DagRunState {
        Queued = "queued",
        Running = "running",
        Success = "success",
        Failed = "failed",
    }
}

text_enum! {
    /// What started a Dag run.
    DagRunType {
        Backfill = "backfill",
        Scheduled = "scheduled",
        Manual = "manual",
        OperatorTriggered = "operator_triggered",
        AssetTriggered = "asset_triggered",
        AssetMaterialization = "asset_materialization",
    }
}

/// Asks for a Dag run. The answer is a [`DagRunResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetDagRun {
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
}

message!(GetDagRun);

/// A Dag run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DagRunResult {
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
    /// The logical date.
    #[serde(with = "time::optional")]
    pub logical_date: Option<Timestamp>,
    /// The start of the data interval.
    #[serde(with = "time::optional")]
    pub data_interval_start: Option<Timestamp>,
    /// The end of the data interval.
    #[serde(with = "time::optional")]
    pub data_interval_end: Option<Timestamp>,
    /// The earliest time at which the run may start.
    #[serde(with = "time::timestamp")]
    pub run_after: Timestamp,
    /// When it started.
    #[serde(with = "time::optional")]
    pub start_date: Option<Timestamp>,
    /// When it ended.
    #[serde(with = "time::optional")]
    pub end_date: Option<Timestamp>,
    /// How often the run was cleared.
    #[serde(default = "defaults::some_zero")]
    pub clear_number: Option<i64>,
    /// What started the run.
    pub run_type: DagRunType,
    /// The state.
    pub state: DagRunState,
    /// The configuration the run was started with.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub conf: Option<JsonMap>,
    /// Who started the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triggering_user_name: Option<String>,
    /// The asset events that started the run.
    pub consumed_asset_events: Vec<AssetEventDagRunReference>,
    /// The key of the partition.
    #[serde(deserialize_with = "required")]
    pub partition_key: Option<String>,
    /// The date of the partition.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub partition_date: Option<Timestamp>,
    /// A note that people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The team that owns the Dag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_name: Option<String>,
}

impl From<DagRun> for DagRunResult {
    fn from(run: DagRun) -> Self {
        Self {
            dag_id: run.dag_id,
            run_id: run.run_id,
            logical_date: run.logical_date,
            data_interval_start: run.data_interval_start,
            data_interval_end: run.data_interval_end,
            run_after: run.run_after,
            start_date: run.start_date,
            end_date: run.end_date,
            clear_number: Some(run.clear_number),
            run_type: run.run_type,
            state: run.state,
            conf: run.conf,
            triggering_user_name: run.triggering_user_name,
            consumed_asset_events: run.consumed_asset_events,
            partition_key: run.partition_key,
            partition_date: run.partition_date,
            note: run.note,
            team_name: run.team_name,
        }
    }
}

message!(DagRunResult);

/// Asks for the state of a Dag run. The answer is a [`DagRunStateResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetDagRunState {
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
}

message!(GetDagRunState);

/// The state of a Dag run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DagRunStateResult {
    /// The state.
    pub state: DagRunState,
}

message!(DagRunStateResult);

/// Asks for the Dag run before a logical date. The answer is a [`PreviousDagRunResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetPreviousDagRun {
    /// The Dag.
    pub dag_id: String,
    /// Only runs before this logical date.
    #[serde(with = "time::timestamp")]
    pub logical_date: Timestamp,
    /// Only runs in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

impl GetPreviousDagRun {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(dag_id: impl Into<String>, logical_date: Timestamp) -> Self {
        Self {
            dag_id: dag_id.into(),
            logical_date,
            state: None,
        }
    }
}

message!(GetPreviousDagRun);

/// The Dag run before, if there is one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct PreviousDagRunResult {
    /// The Dag run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dag_run: Option<DagRun>,
}

message!(PreviousDagRunResult);

/// Asks for the last Dag run that succeeded before this one. The answer is a
/// [`PrevSuccessfulDagRunResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetPrevSuccessfulDagRun {
    /// The task instance.
    pub ti_id: Uuid,
}

message!(GetPrevSuccessfulDagRun);

/// The dates of the last Dag run that succeeded; all absent when there is none.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct PrevSuccessfulDagRunResult {
    /// The start of the data interval.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub data_interval_start: Option<Timestamp>,
    /// The end of the data interval.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub data_interval_end: Option<Timestamp>,
    /// When it started.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub start_date: Option<Timestamp>,
    /// When it ended.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub end_date: Option<Timestamp>,
}

message!(PrevSuccessfulDagRunResult);

/// Asks how many Dag runs match. The answer is a [`DRCount`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetDRCount {
    /// The Dag.
    pub dag_id: String,
    /// Only these logical dates.
    #[serde(
        with = "time::optional_list",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub logical_dates: Option<Vec<Timestamp>>,
    /// Only these Dag runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_ids: Option<Vec<String>>,
    /// Only these states.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub states: Option<Vec<String>>,
}

impl GetDRCount {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(dag_id: impl Into<String>) -> Self {
        Self {
            dag_id: dag_id.into(),
            logical_dates: None,
            run_ids: None,
            states: None,
        }
    }
}

message!(GetDRCount);

/// How many Dag runs match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DRCount {
    /// How many.
    pub count: i64,
}

message!(DRCount);

/// Starts a run of a Dag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct TriggerDagRun {
    /// The logical date.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub logical_date: Option<Timestamp>,
    /// The earliest time at which the run may start.
    #[serde(
        with = "time::optional",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub run_after: Option<Timestamp>,
    /// The configuration the run was started with.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub conf: Option<JsonMap>,
    /// Whether to clear a run that exists already.
    #[serde(default = "defaults::some_false")]
    pub reset_dag_run: Option<bool>,
    /// The key of the partition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
    /// A note that people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The Dag.
    pub dag_id: String,
    /// The Dag run.
    pub run_id: String,
}

impl TriggerDagRun {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(dag_id: impl Into<String>, run_id: impl Into<String>) -> Self {
        Self {
            dag_id: dag_id.into(),
            run_id: run_id.into(),
            logical_date: None,
            run_after: None,
            conf: None,
            reset_dag_run: defaults::some_false(),
            partition_key: None,
            note: None,
        }
    }
}

message!(TriggerDagRun);

/// Sets or removes the note of the Dag run. Since 2026-10-30.
///
/// Airflow 3.4.0b2 removes it for an empty text, and does nothing for null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct UpdateDagRunNote {
    /// The task instance.
    pub ti_id: Uuid,
    /// The note; empty removes it, null leaves the one there is.
    #[serde(deserialize_with = "required")]
    pub note: Option<String>,
}

message!(UpdateDagRunNote, since = V2026_10_30);

/// Asks for a Dag. The answer is a [`DagResult`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetDag {
    /// The Dag.
    pub dag_id: String,
}

message!(GetDag);

/// A Dag, as the metadata database knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct DagResult {
    /// The Dag.
    pub dag_id: String,
    /// Whether the Dag is paused.
    pub is_paused: bool,
    /// The name of the Dag bundle.
    #[serde(deserialize_with = "required")]
    pub bundle_name: Option<String>,
    /// The version of the Dag bundle.
    #[serde(deserialize_with = "required")]
    pub bundle_version: Option<String>,
    /// The Dag file, relative to its bundle.
    #[serde(deserialize_with = "required")]
    pub relative_fileloc: Option<String>,
    /// The owners, separated by commas.
    #[serde(deserialize_with = "required")]
    pub owners: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The logical date of the next run.
    #[serde(with = "time::optional")]
    pub next_dagrun: Option<Timestamp>,
}

message!(DagResult);
