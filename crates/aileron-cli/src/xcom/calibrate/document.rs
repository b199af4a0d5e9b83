//! What was found, as JSON.

use aileron_flip::calibrate::{Sizes, Travel, is_control_flow};
use serde_json::{Value, json};

use super::Report;

pub(super) fn document(report: &Report, data_from: u64) -> Value {
    let overall = report.distribution.overall();
    let histogram: Vec<Value> = overall
        .powers()
        .map(|(from, power)| json!({"from": from, "below": from * 2, "count": power.count, "bytes": power.bytes}))
        .collect();
    let sources = report.distribution.sources.iter().map(|(source, sizes)| {
        let mut document = sizes_document(sizes);
        document["dag_id"] = json!(source.dag_id);
        document["task_id"] = json!(source.task_id);
        document["key"] = json!(source.key);
        document["control_flow"] = json!(is_control_flow(sizes, data_from));
        if let Some(proposal) = &report.proposal {
            document["at_proposal"] = json!(travel(sizes, proposal.threshold));
        }
        document
    });
    json!({
        "database": report.database,
        "references": report.distribution.references,
        "overall": sizes_document(&overall),
        "histogram": histogram,
        "sources": sources.collect::<Vec<_>>(),
        "proposal": report.proposal.as_ref().map(|proposal| json!({
            "threshold": proposal.threshold,
            "data_from": proposal.data_from,
            "control_flow": sizes_document(&proposal.control_flow),
            "data": sizes_document(&proposal.data),
            "offloaded": offloaded(&overall, proposal.threshold),
            "control_flow_above": proposal.control_flow_above.iter().map(|source| json!({
                "dag_id": source.dag_id, "task_id": source.task_id, "key": source.key,
            })).collect::<Vec<_>>(),
        })),
    })
}

fn sizes_document(sizes: &Sizes) -> Value {
    json!({
        "count": sizes.count(), "bytes": sizes.bytes(), "p50": sizes.quantile(0.5), "p99": sizes.quantile(0.99),
        "p999": sizes.quantile(0.999), "max": sizes.largest(),
    })
}

fn offloaded(sizes: &Sizes, threshold: u64) -> Value {
    let power = sizes.from_power_of_two(threshold);
    json!({"count": power.count, "bytes": power.bytes})
}

pub(super) fn travel(sizes: &Sizes, threshold: u64) -> &'static str {
    match Travel::at(sizes, threshold) {
        Travel::Inline => "inline",
        Travel::Offloaded => "offloaded",
        Travel::Both => "both",
    }
}
