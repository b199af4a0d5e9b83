//! What was found and done, as JSON.

use aileron_flip::rollback::{Mode, Refusal};
use aileron_metastore::inventory::StoredXCom;
use serde_json::{Value, json};

use super::Report;

pub(super) fn document(report: &Report) -> Value {
    let plan = &report.plan;
    let runs = plan.in_flight.iter().map(|run| {
        json!({
            "dag_id": run.run.dag_id, "run_id": run.run.run_id, "state": run.run.state, "run_after": run.run.run_after,
            "fed_by": run.run.fed_by.iter().map(|(dag_id, run_id)| json!({"dag_id": dag_id, "run_id": run_id})).collect::<Vec<_>>(),
            "xcoms": run.xcoms.iter().map(xcom).collect::<Vec<_>>(),
        })
    });
    json!({
        "in_flight": runs.collect::<Vec<_>>(),
        "at_rest": plan.at_rest,
        "running_task_instances": plan.running,
        "revert": {
            "allowed": report.refusals.is_empty(),
            "refusals": report.refusals.iter().map(Refusal::to_string).collect::<Vec<_>>(),
        },
        "done": report.done.as_ref().map(|done| json!({
            "rehearsal": done.mode == Mode::Rehearsal,
            "restored": done.restored,
            "bytes": done.bytes,
            "changed_meanwhile": done.changed,
            "cleared": done.cleared.iter().map(|run| json!({
                "dag_id": run.dag_id, "run_id": run.run_id, "task_instances": run.task_instances,
            })).collect::<Vec<_>>(),
            "stays": done.stays.iter().map(|stays| {
                let mut document = xcom(&stays.xcom);
                document["why"] = json!(stays.why);
                document
            }).collect::<Vec<_>>(),
        })),
    })
}

fn xcom(xcom: &StoredXCom) -> Value {
    let reference: Option<String> = xcom
        .text
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok());
    json!({
        "dag_id": xcom.dag_id, "run_id": xcom.run_id, "task_id": xcom.task_id, "map_index": xcom.map_index, "key": xcom.key,
        "reference": reference,
    })
}
