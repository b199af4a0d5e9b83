//! Dag runs, in every version.

use aileron_wire::message::{AssetEventDagRunReference, DagRun};
use serde_json::{Map, Value, json};

use super::time::{moment, moment_or_null};
use super::value_of;
use crate::version::ApiVersion;

/// A Dag run.
pub(crate) fn dag_run(run: &DagRun, version: ApiVersion) -> Value {
    let mut shape = Map::new();
    let mut put = |key: &str, value: Value| shape.insert(key.to_owned(), value);
    put("dag_id", run.dag_id.clone().into());
    put("run_id", run.run_id.clone().into());
    put("logical_date", moment_or_null(run.logical_date));
    put(
        "data_interval_start",
        moment_or_null(run.data_interval_start),
    );
    put("data_interval_end", moment_or_null(run.data_interval_end));
    put("run_after", moment(run.run_after));
    put("start_date", start_date(run, version));
    put("end_date", moment_or_null(run.end_date));
    put("clear_number", run.clear_number.into());
    put("run_type", value_of(&run.run_type));
    if version >= ApiVersion::V2025_08_10 {
        put("state", value_of(&run.state));
    }
    put("conf", conf(run, version));
    if version >= ApiVersion::V2025_11_05 {
        put("triggering_user_name", value_of(&run.triggering_user_name));
    }
    let events = run.consumed_asset_events.iter();
    put(
        "consumed_asset_events",
        events.map(|event| consumed(event, version)).collect(),
    );
    if version >= ApiVersion::V2026_04_06 {
        put("partition_key", value_of(&run.partition_key));
    }
    if version >= ApiVersion::V2026_06_30 {
        put("partition_date", moment_or_null(run.partition_date));
    }
    if version >= ApiVersion::V2026_04_06 {
        put("note", value_of(&run.note));
    }
    if version >= ApiVersion::V2026_06_30 {
        put("team_name", value_of(&run.team_name));
    }
    Value::Object(shape)
}

/// Older clients expect every run to have started.
fn start_date(run: &DagRun, version: ApiVersion) -> Value {
    match run.start_date {
        None if version < ApiVersion::V2026_04_06 => moment(run.run_after),
        start_date => moment_or_null(start_date),
    }
}

/// Older clients expect every run to have a configuration.
fn conf(run: &DagRun, version: ApiVersion) -> Value {
    match &run.conf {
        None if version < ApiVersion::V2025_10_27 => json!({}),
        conf => value_of(conf),
    }
}

fn consumed(event: &AssetEventDagRunReference, version: ApiVersion) -> Value {
    let mut shape = json!({
        "asset": {"name": event.asset.name, "uri": event.asset.uri, "extra": event.asset.extra},
        "extra": event.extra,
        "source_task_id": event.source_task_id,
        "source_dag_id": event.source_dag_id,
        "source_run_id": event.source_run_id,
        "source_map_index": event.source_map_index,
        "source_aliases": event.source_aliases.iter()
            .map(|alias| json!({"name": alias.name})).collect::<Vec<_>>(),
        "timestamp": moment(event.timestamp),
    });
    if version >= ApiVersion::V2026_06_30 {
        shape["partition_key"] = json!(event.partition_key);
    }
    shape
}
