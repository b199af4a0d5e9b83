//! Dag runs that a task clears.

use aileron_wire::message::CreateHITLDetailPayload;
use end_to_end::Comparison;

use crate::{Outcome, raw};

pub(crate) async fn clears(both: &mut Comparison) -> Outcome {
    let ti = both.id("r3", "one", -1);
    let failed = both.id("r4", "one", -1);
    both.both("state", failed, async |api| {
        api.set_task_state("k", raw("1"), None).await
    })
    .await?;
    let ask = CreateHITLDetailPayload::new(failed, vec!["a".into()], "of r4");
    both.both("ask", failed, async |api| {
        api.create_hitl_detail(ask.clone()).await
    })
    .await?;
    for (dag_id, run_id) in [
        ("producer", "r4"),
        ("producer", "r5"),
        ("producer", "none"),
        ("none", "none"),
        ("on_name", "none"),
    ] {
        both.both(run_id, ti, async |api| {
            api.clear_dag_run(dag_id, run_id).await
        })
        .await?;
    }
    both.rows("select * from dag_run where run_id in ('r4', 'r5')")?;
    both.rows("select * from task_instance where run_id in ('r4', 'r5') order by run_id, task_id, map_index")?;
    both.rows("select * from task_instance_history order by run_id, task_id, map_index")?;
    both.rows("select * from task_state_store where run_id = 'r4'")?;
    both.rows("select * from hitl_detail where subject = 'of r4'")?;
    both.rows("select options, subject, responded_at, chosen_options from hitl_detail_history")
}
