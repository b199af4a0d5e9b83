//! A request that was carried out and whose answer was lost is not carried out twice, and fails nobody.

#![allow(clippy::unwrap_used)]

mod support;

use aileron_execution_api::{ErrorKind, ExecutionApi, StateUpdate};
use aileron_wire::message::{DeferTask, RetryTask, SucceedTask, TriggerDagRun, UpdateHITLDetail};
use jiff::Timestamp;
use support::{Server, json, unavailable};
use uuid::Uuid;

const NOT_FOUND: &str =
    r#"{"detail": {"reason": "not_found", "message": "Task Instance not found"}}"#;
const SCHEDULED: &str =
    r#"{"detail": {"reason": "invalid_state", "message": "m", "previous_state": "scheduled"}}"#;
const EXISTS: &str = r#"{"detail": {"reason": "already_exists", "message": "m"}}"#;
const RUN: &str = r#"{"dag_id": "d", "run_id": "r", "logical_date": null, "data_interval_start": null, "data_interval_end": null,
    "run_after": "2026-01-01T00:00:00Z", "start_date": null, "end_date": null, "run_type": "operator_triggered",
    "state": "queued", "conf": {"a": 1}, "consumed_asset_events": [], "partition_key": null}"#;

fn retry() -> StateUpdate {
    StateUpdate::Retry(RetryTask::new(Timestamp::UNIX_EPOCH))
}

#[tokio::test]
async fn a_retry_that_was_reported_is_reported() {
    let server = Server::answering(vec![unavailable, || json(404, NOT_FOUND)]).await;
    server.client().update_state(retry()).await.unwrap();
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_retry_that_is_refused_at_once_is_an_error() {
    let server = Server::answering(vec![|| json(404, NOT_FOUND)]).await;
    let error = server.client().update_state(retry()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn a_deferral_that_has_been_woken_up_already_was_one() {
    let server = Server::answering(vec![unavailable, || json(409, SCHEDULED)]).await;
    let deferral = StateUpdate::Deferred(DeferTask::new("a.B", "c"));
    server.client().update_state(deferral).await.unwrap();
}

#[tokio::test]
async fn a_success_that_somebody_else_made_impossible_is_an_error() {
    let server = Server::answering(vec![unavailable, || json(409, SCHEDULED)]).await;
    let success = StateUpdate::Success(SucceedTask::new(Timestamp::UNIX_EPOCH));
    let error = server.client().update_state(success).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
}

#[tokio::test]
async fn a_run_that_was_triggered_is_triggered_and_one_of_somebody_else_is_not() {
    let trigger = |conf: serde_json::Value| {
        let mut request = TriggerDagRun::new("d", "r");
        request.conf = conf.as_object().cloned();
        request
    };
    for (conf, ours) in [
        (serde_json::json!({"a": 1}), true),
        (serde_json::json!({"a": 2}), false),
    ] {
        let server =
            Server::answering(vec![unavailable, || json(409, EXISTS), || json(200, RUN)]).await;
        let result = server.client().trigger_dag_run(trigger(conf)).await;
        assert_eq!(result.is_ok(), ours, "{result:?}");
        if let Err(error) = result {
            assert_eq!(error.kind, ErrorKind::Conflict);
        }
    }
    // Without a lost answer there is nothing to look at.
    let server = Server::answering(vec![|| json(409, EXISTS)]).await;
    let request = trigger(serde_json::json!({"a": 1}));
    assert!(server.client().trigger_dag_run(request).await.is_err());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_persons_answer_that_was_stored_is_stored() {
    let server = Server::answering(vec![
        unavailable,
        || json(409, r#"{"detail": "already exists"}"#),
        || {
            json(
                200,
                r#"{"response_received": true, "chosen_options": ["Yes"], "params_input": {}}"#,
            )
        },
    ])
    .await;
    let answer = UpdateHITLDetail::new(Uuid::nil(), vec!["Yes".to_owned()]);
    let stored = server.client().update_hitl_detail(answer).await.unwrap();
    assert_eq!(stored["chosen_options"], serde_json::json!(["Yes"]));
}

#[tokio::test]
async fn what_works_once_is_not_sent_twice() {
    let server = Server::answering(vec![unavailable]).await;
    let error = server
        .client()
        .connection_test(Uuid::nil())
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::ServerError);
    assert_eq!(server.seen().len(), 1);
}
