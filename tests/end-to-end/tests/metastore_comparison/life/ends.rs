//! How a try ends.

use aileron_execution_api::StateUpdate;
use aileron_wire::message::{AssetProfile, RetryTask, SetXCom, SucceedTask, TerminalState};
use serde_json::json;

use super::{DAG, Worker, ended, terminal};
use crate::{Outcome, map, raw};

pub(super) async fn retried(mut worker: Worker<'_>) -> Outcome {
    worker.start(7).await?;
    worker.start(7).await?;
    worker.start(8).await?;
    worker.beat(7).await?;
    worker.beat(8).await?;
    let mut retry = RetryTask::new(ended());
    retry.retry_delay_seconds = Some(1.5);
    retry.retry_reason = Some("é".repeat(600));
    retry.rendered_map_index = Some("label".to_owned());
    worker.update(StateUpdate::Retry(retry.clone())).await?;
    worker.beat(7).await?;
    worker.update(StateUpdate::Retry(retry)).await?;
    worker.start(7).await
}

pub(super) async fn succeeded(mut worker: Worker<'_>) -> Outcome {
    worker.start(7).await?;
    let mut success = SucceedTask::new(ended());
    let mut outlet = AssetProfile::new("Asset");
    outlet.name = Some("reports".to_owned());
    outlet.uri = Some("file:///reports".to_owned());
    success.task_outlets = Some(vec![outlet]);
    let event = json!({
        "dest_asset_key": {"name": "reports", "uri": "file:///reports"},
        "extra": {"n": 1.0},
    });
    success.outlet_events = Some(vec![map(event)]);
    worker.update(StateUpdate::Success(success.clone())).await?;
    worker.update(StateUpdate::Success(success)).await?;
    worker.update(terminal(TerminalState::Skipped)).await?;
    worker.beat(7).await
}

pub(super) async fn removed(mut worker: Worker<'_>) -> Outcome {
    worker.start(7).await?;
    worker.update(terminal(TerminalState::Removed)).await
}

pub(super) async fn failed(mut worker: Worker<'_>) -> Outcome {
    worker.start(7).await?;
    let xcom = SetXCom::new("k", raw("[1.0]"), DAG, worker.run_id, "one");
    let set = worker.both.both("XCom", worker.ti, async |api| {
        api.set_xcom(xcom.clone()).await
    });
    set.await?;
    worker.start(7).await?;
    worker.update(terminal(TerminalState::Failed)).await
}

pub(super) async fn nonsense(mut worker: Worker<'_>) -> Outcome {
    worker.start(7).await?;
    let mut success = SucceedTask::new(ended());
    let event =
        json!({"dest_asset_key": {"name": "a", "uri": "b"}, "extra": {}, "partition_key": " "});
    success.outlet_events = Some(vec![map(event)]);
    // The words are our own.
    let refused = worker.both.both("partition key", worker.ti, async |api| {
        api.update_state(StateUpdate::Success(success.clone()))
            .await
    });
    refused.await?;
    let mut success = SucceedTask::new(ended());
    success.outlet_events = Some(vec![map(json!({"nonsense": 1}))]);
    success.task_outlets = Some(vec![AssetProfile::new("AssetAlias")]);
    worker.update(StateUpdate::Success(success)).await
}
