//! What a running task asks about itself and its run.

use aileron_wire::message::{GetPreviousTI, GetTICount, GetTaskStates, SkippedTask};
use serde_json::json;

use super::{DAG, Worker, time};
use crate::{Outcome, map};

pub(super) async fn asking(mut worker: Worker<'_>) -> Outcome {
    worker.start(7).await?;
    let (both, ti, run_id) = (&mut *worker.both, worker.ti, worker.run_id);
    let fields = map(json!({"command": "new", "n": [1]}));
    for what in ["fields", "fields again"] {
        both.word_for_word(what, ti, async |api| {
            api.set_rendered_fields(fields.clone()).await
        })
        .await?;
    }
    for label in ["label", ""] {
        both.word_for_word(&format!("label {label:?}"), ti, async |api| {
            api.set_rendered_map_index(label.to_owned()).await
        })
        .await?;
    }
    let tasks = [
        SkippedTask::Task("after".to_owned()),
        SkippedTask::Task("one".to_owned()),
        SkippedTask::Mapped("mapped".to_owned(), 1),
        SkippedTask::Mapped("mapped".to_owned(), 7),
    ];
    both.word_for_word("skip", ti, async |api| {
        api.skip_downstream(tasks.to_vec()).await
    })
    .await?;
    both.word_for_word("inactive", ti, async |api| api.inactive_assets().await)
        .await?;
    both.word_for_word("breadcrumbs", ti, async |api| {
        api.task_breadcrumbs(DAG, run_id).await
    })
    .await?;
    counting(&mut worker).await?;
    looking_back(&mut worker).await
}

async fn counting(worker: &mut Worker<'_>) -> Outcome {
    let (both, ti) = (&mut *worker.both, worker.ti);
    let mine = Some(vec![worker.run_id.to_owned()]);
    for states in [
        None,
        Some(vec!["null"]),
        Some(vec!["queued", "null"]),
        Some(vec!["skipped"]),
    ] {
        let what = format!("count {states:?}");
        let mut query = GetTICount::new(DAG);
        query.run_ids.clone_from(&mine);
        query.states = states.map(|states| states.into_iter().map(str::to_owned).collect());
        both.word_for_word(&what, ti, async |api| {
            api.task_instance_count(query.clone()).await
        })
        .await?;
    }
    for (task_ids, map_index) in [(None, None), (Some(vec!["mapped".to_owned()]), Some(2))] {
        let mut query = GetTaskStates::new(DAG);
        query.run_ids.clone_from(&mine);
        query.task_ids = task_ids;
        query.map_index = map_index;
        both.word_for_word("states", ti, async |api| {
            api.task_states(query.clone()).await
        })
        .await?;
    }
    let mut group = GetTICount::new(DAG);
    group.task_group_id = Some("nothing".to_owned());
    both.word_for_word("group", ti, async |api| {
        api.task_instance_count(group.clone()).await
    })
    .await?;
    Ok(())
}

async fn looking_back(worker: &mut Worker<'_>) -> Outcome {
    let (both, ti) = (&mut *worker.both, worker.ti);
    let nobody = GetPreviousTI::new(DAG, "nobody");
    let mut before = GetPreviousTI::new(DAG, "one");
    before.logical_date = Some(time("2000-01-01T00:00:00Z"));
    for query in [nobody, before] {
        both.word_for_word("previous", ti, async |api| {
            api.previous_task_instance(query.clone()).await
        })
        .await?;
    }
    Ok(())
}
