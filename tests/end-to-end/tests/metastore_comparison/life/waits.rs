//! How a task instance waits.

use aileron_execution_api::StateUpdate;
use aileron_wire::message::{
    AwaitInputTask, DeferTask, GetTaskRescheduleStartDate, Kwargs, RescheduleTask,
};
use jiff::SignedDuration;
use serde_json::json;

use super::{Worker, ended, time};
use crate::{Outcome, map};

pub(super) async fn deferred(mut worker: Worker<'_>) -> Outcome {
    worker.start(7).await?;
    let mut defer = DeferTask::new("a.Trigger", "go_on");
    defer.trigger_kwargs = Some(Kwargs::Map(map(json!({"moment": "é"}))));
    defer.next_kwargs = Some(map(json!({"a": [1, null]})));
    defer.trigger_timeout = Some(SignedDuration::from_secs(60));
    defer.queue = Some("triggers".to_owned());
    defer.rendered_map_index = Some("label".to_owned());
    worker.update(StateUpdate::Deferred(defer.clone())).await?;
    worker.update(StateUpdate::Deferred(defer)).await?;
    worker.beat(7).await?;
    worker.start(7).await
}

pub(super) async fn rescheduled(mut worker: Worker<'_>) -> Outcome {
    worker.start(7).await?;
    first_reschedule(&mut worker).await?;
    let again = RescheduleTask::new(time("2026-03-01T11:00:00Z"), ended());
    worker.update(StateUpdate::Rescheduled(again)).await?;
    first_reschedule(&mut worker).await
}

async fn first_reschedule(worker: &mut Worker<'_>) -> Outcome {
    let query = GetTaskRescheduleStartDate::new(worker.ti);
    let both = &mut worker.both;
    both.word_for_word("first reschedule", worker.ti, async |api| {
        api.reschedule_start_date(query.clone()).await
    })
    .await
}

pub(super) async fn waiting(mut worker: Worker<'_>) -> Outcome {
    worker.start(7).await?;
    let mut input = AwaitInputTask::new("answered");
    input.next_kwargs = Some(map(json!({"a": 1})));
    input.timeout = Some(SignedDuration::from_secs(60));
    worker.update(StateUpdate::AwaitingInput(input)).await
}
