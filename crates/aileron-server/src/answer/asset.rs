//! Assets and their events.

use aileron_wire::message::{AssetEventResponse, AssetResponse, DagRunAssetReference};
use serde_json::{Value, json};

use super::time::{moment, moment_or_null};
use crate::version::ApiVersion;

pub(crate) fn asset(asset: &AssetResponse) -> Value {
    json!({"name": asset.name, "uri": asset.uri, "group": asset.group, "extra": asset.extra})
}

pub(crate) fn asset_events(events: &[AssetEventResponse], version: ApiVersion) -> Value {
    let partitions = version >= ApiVersion::V2026_04_06;
    let events: Vec<_> = events.iter().map(|one| event(one, partitions)).collect();
    json!({"asset_events": events})
}

fn event(event: &AssetEventResponse, partitions: bool) -> Value {
    let runs: Vec<_> = event
        .created_dagruns
        .iter()
        .map(|run| created_run(run, partitions))
        .collect();
    let mut shape = json!({
        "id": event.id,
        "timestamp": moment(event.timestamp),
        "extra": event.extra,
        "asset": asset(&event.asset),
        "created_dagruns": runs,
        "source_task_id": event.source_task_id,
        "source_dag_id": event.source_dag_id,
        "source_run_id": event.source_run_id,
        "source_map_index": event.source_map_index,
    });
    if partitions {
        shape["partition_key"] = json!(event.partition_key);
    }
    shape
}

fn created_run(run: &DagRunAssetReference, partitions: bool) -> Value {
    let mut shape = json!({
        "run_id": run.run_id,
        "dag_id": run.dag_id,
        "logical_date": moment_or_null(run.logical_date),
        "start_date": moment_or_null(run.start_date),
        "end_date": moment_or_null(run.end_date),
        "state": run.state,
        "data_interval_start": moment_or_null(run.data_interval_start),
        "data_interval_end": moment_or_null(run.data_interval_end),
    });
    if partitions {
        shape["partition_key"] = json!(run.partition_key);
    }
    shape
}
