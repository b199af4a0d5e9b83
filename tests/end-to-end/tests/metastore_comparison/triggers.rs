//! Dag runs that a task starts.

use aileron_wire::message::TriggerDagRun;
use end_to_end::Comparison;
use serde_json::json;

use crate::{Outcome, map};

pub(crate) async fn triggers(both: &mut Comparison) -> Outcome {
    let ti = both.id("r3", "one", -1);
    let plain = |dag_id: &str, run_id: &str| TriggerDagRun::new(dag_id, run_id);
    let date = "2026-05-01T00:00:00Z".parse().ok();
    let mut full = plain("producer", "t2");
    (full.logical_date, full.run_after) = (date, "2026-05-02T00:00:00Z".parse().ok());
    (full.conf, full.note) = (Some(map(json!({"a": [1]}))), Some("hello".into()));
    let mut taken = plain("producer", "t3");
    taken.logical_date = date;
    let mut partition = plain("producer", "t4");
    partition.partition_key = Some("uk".into());
    let requests = [
        plain("producer", "t1"),
        plain("producer", "t1"),
        full,
        taken,
        partition,
        plain("producer", "t..5"),
        plain("producer", "t 6"),
        plain("producer", "scheduled__2026-05-01T00:00:00+00:00"),
        plain("paused", "t7"),
        plain("daily", "t8"),
        plain("none", "t9"),
        plain("on_name", "t10"),
        plain("on_uri", "t11"),
        plain("mapped", "t12"),
    ];
    for request in requests {
        let what = format!("{} {}", request.dag_id, request.run_id);
        both.both(&what, ti, async |api| {
            api.trigger_dag_run(request.clone()).await
        })
        .await?;
    }
    both.both("with a note", ti, async |api| {
        api.dag_run("producer", "t2").await
    })
    .await?;
    both.rows(
        "select * from dag_run where run_type = 'operator_triggered' order by dag_id, run_id",
    )?;
    both.rows("select * from dag_run_note")?;
    both.rows(
        "select * from task_instance where run_id like 't%' or run_id like 'scheduled%' \
         order by dag_id, run_id, task_id, map_index",
    )
}
