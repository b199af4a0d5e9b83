//! The life of a task instance, as its supervisor leads it.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod support;

use std::fmt::Debug;

use aileron_bundle::manifest::AssetOutline;
use aileron_execution_api::{ApiError, ErrorKind, ExecutionApi, StateUpdate, TerminalUpdate};
use aileron_wire::message::{
    AssetProfile, AwaitInputTask, GetPreviousTI, GetTICount, GetTaskRescheduleStartDate,
    GetTaskStates, RescheduleTask, RetryTask, SkippedTask, SucceedTask, TaskInstanceState,
    TerminalState,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use support::{Store, beat, enter, instance, task, two_tasks};
use uuid::Uuid;

/// Kind and reason of a refusal.
fn refused<T: Debug>(result: Result<T, ApiError>) -> (ErrorKind, Value) {
    let error = result.unwrap_err();
    (error.kind, *error.detail)
}

fn success() -> StateUpdate {
    StateUpdate::Success(SucceedTask::new(Timestamp::now()))
}

fn terminal(state: TerminalState) -> StateUpdate {
    StateUpdate::Terminal(TerminalUpdate {
        rendered_map_index: Some("label".to_owned()),
        ..TerminalUpdate::new(state, Timestamp::now())
    })
}

#[tokio::test]
async fn a_task_starts_once_but_its_supervisor_may_ask_twice() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, context) = store.start(&run, "first").await;
    assert!(context.should_retry);
    assert_eq!(context.max_tries, 1);
    assert_eq!(context.dag_run.run_id, "r");
    api.start(enter(7)).await.unwrap();
    let lines: i64 = store
        .value("select count(*) as v from log where event = 'running'")
        .await;
    assert_eq!(lines, 1, "the second time is no second start");

    let (kind, detail) = refused(api.start(enter(8)).await);
    assert_eq!(kind, ErrorKind::Conflict);
    assert_eq!(detail["reason"], "invalid_state");
    assert_eq!(detail["previous_state"], "running");
    let (kind, detail) = refused(store.store.task(Uuid::nil()).start(enter(7)).await);
    assert_eq!(
        (kind, &detail["reason"]),
        (ErrorKind::NotFound, &json!("not_found"))
    );
}

#[tokio::test]
async fn a_supervisor_learns_from_its_heartbeat_that_it_is_not_wanted() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    api.heartbeat(beat(7)).await.unwrap();
    let (kind, detail) = refused(api.heartbeat(beat(8)).await);
    assert_eq!(kind, ErrorKind::Conflict);
    assert_eq!(detail["reason"], "running_elsewhere");
    assert_eq!(detail["current_pid"], 7);

    api.update_state(StateUpdate::Retry(RetryTask::new(Timestamp::now())))
        .await
        .unwrap();
    let (kind, _) = refused(api.heartbeat(beat(7)).await);
    assert_eq!(kind, ErrorKind::Gone);
    let (kind, _) = refused(store.store.task(Uuid::nil()).heartbeat(beat(7)).await);
    assert_eq!(kind, ErrorKind::NotFound);

    let (again, _) = store.start(&run, "first").await;
    again
        .update_state(terminal(TerminalState::Failed))
        .await
        .unwrap();
    let (kind, detail) = refused(again.heartbeat(beat(7)).await);
    assert_eq!(kind, ErrorKind::Conflict);
    assert_eq!(detail["reason"], "not_running");
    assert_eq!(detail["current_state"], "failed");
}

#[tokio::test]
async fn a_try_that_is_retried_goes_into_the_history_with_its_reason() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    let mut retry = RetryTask::new(Timestamp::now());
    retry.retry_delay_seconds = Some(2.5);
    retry.retry_reason = Some("é".repeat(600));
    api.update_state(StateUpdate::Retry(retry)).await.unwrap();

    let waiting = instance(&run, "first").await;
    assert_eq!(waiting.state, Some(TaskInstanceState::UpForRetry));
    assert_eq!(waiting.retry_delay_override, Some(2.5));
    assert!(waiting.duration.is_some_and(|seconds| seconds >= 0.0));
    let id: Uuid = store
        .value("select task_instance_id as v from task_instance_history")
        .await;
    assert_eq!(id, api.ti_id());
    let state: String = store
        .value("select state as v from task_instance_history")
        .await;
    assert_eq!(state, "failed");
    let reason: String = store
        .value("select retry_reason as v from task_instance_history")
        .await;
    assert_eq!(reason.chars().count(), 500);

    let (second, context) = store.start(&run, "first").await;
    assert!(!context.should_retry);
    let record = instance(&run, "first").await;
    assert_eq!((record.try_number, record.retry_delay_override), (2, None));
    second.update_state(success()).await.unwrap();
}

#[tokio::test]
async fn saying_the_same_end_twice_changes_nothing_and_another_end_is_refused() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    api.update_state(success()).await.unwrap();
    let ended = instance(&run, "first").await.end_date;
    api.update_state(success()).await.unwrap();
    assert_eq!(instance(&run, "first").await.end_date, ended);
    let (kind, detail) = refused(api.update_state(terminal(TerminalState::Failed)).await);
    assert_eq!(kind, ErrorKind::Conflict);
    assert_eq!(detail["previous_state"], "success");
    let lines: i64 = store
        .value("select count(*) as v from log where event = 'success'")
        .await;
    assert_eq!(lines, 1);
}

#[tokio::test]
async fn every_terminal_state_ends_the_task() {
    for state in TerminalState::ALL {
        let (store, run) = Store::running(&two_tasks()).await;
        let (api, _) = store.start(&run, "first").await;
        api.update_state(terminal(*state)).await.unwrap();
        let first = instance(&run, "first").await;
        assert_eq!(first.state.unwrap().as_str(), state.as_str());
        assert_eq!(first.rendered_map_index.as_deref(), Some("label"));
        assert!(first.end_date.is_some());
    }
}

#[tokio::test]
async fn a_rescheduled_task_goes_on_with_its_try_at_its_time() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, context) = store.start(&run, "first").await;
    assert_eq!(context.task_reschedule_count, 0);
    let query = GetTaskRescheduleStartDate::new(api.ti_id());
    assert_eq!(
        api.reschedule_start_date(query.clone()).await.unwrap(),
        None
    );
    let later = Timestamp::now() + SignedDuration::from_secs(60);
    let again = RescheduleTask::new(later, Timestamp::now());
    api.update_state(StateUpdate::Rescheduled(again))
        .await
        .unwrap();

    let waiting = instance(&run, "first").await;
    assert_eq!(waiting.state, Some(TaskInstanceState::UpForReschedule));
    let micros = |time: Timestamp| time.as_microsecond();
    assert_eq!(waiting.reschedule_date.map(micros), Some(micros(later)));
    assert!(api.reschedule_start_date(query).await.unwrap().is_some());
    let (_, context) = store.start(&run, "first").await;
    assert_eq!(context.task_reschedule_count, 1);
    let record = instance(&run, "first").await;
    assert_eq!((record.id, record.try_number), (api.ti_id(), 1));
}

#[tokio::test]
async fn a_task_may_wait_for_a_person() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    let mut input = AwaitInputTask::new("answered");
    input.timeout = Some(SignedDuration::from_secs(60));
    api.update_state(StateUpdate::AwaitingInput(input))
        .await
        .unwrap();
    let waiting = instance(&run, "first").await;
    assert_eq!(waiting.state, Some(TaskInstanceState::AwaitingInput));
    assert!(waiting.trigger_timeout.unwrap() > Timestamp::now());
}

#[tokio::test]
async fn what_has_not_begun_can_be_skipped_by_a_task() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    let tasks = vec![
        SkippedTask::Task("second".to_owned()),
        SkippedTask::Task("first".to_owned()),
        SkippedTask::Mapped("second".to_owned(), 3),
    ];
    api.skip_downstream(tasks).await.unwrap();
    assert_eq!(
        instance(&run, "second").await.state,
        Some(TaskInstanceState::Skipped)
    );
    assert_eq!(
        instance(&run, "first").await.state,
        Some(TaskInstanceState::Running)
    );
}

#[tokio::test]
async fn a_retry_is_told_which_xcoms_to_clear_and_a_resumed_task_is_not() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    let value = aileron_wire::json::RawJson::null();
    let xcom = aileron_wire::message::SetXCom::new("k", value, "shop", "r", "first");
    api.set_xcom(xcom).await.unwrap();
    api.update_state(StateUpdate::Retry(RetryTask::new(Timestamp::now())))
        .await
        .unwrap();
    let (_, context) = store.start(&run, "first").await;
    assert_eq!(context.xcom_keys_to_clear, ["k"]);
}

#[tokio::test]
async fn rendered_fields_are_replaced() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    for text in ["old", "new"] {
        let fields = json!({"command": text}).as_object().cloned().unwrap();
        api.set_rendered_fields(fields).await.unwrap();
    }
    let fields: Value = store
        .value("select rendered_fields as v from rendered_task_instance_fields")
        .await;
    assert_eq!(fields, json!({"command": "new"}));
    api.set_rendered_map_index("label".to_owned())
        .await
        .unwrap();
    let (kind, _) = refused(api.set_rendered_map_index(String::new()).await);
    assert_eq!(kind, ErrorKind::Invalid);
    let stranger = store.store.task(Uuid::nil());
    let (kind, _) = refused(stranger.set_rendered_fields(serde_json::Map::new()).await);
    assert_eq!(kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn task_instances_are_counted_and_shown_by_what_is_asked() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    api.update_state(success()).await.unwrap();
    let count = async |change: fn(&mut GetTICount)| {
        let mut query = GetTICount::new("shop");
        change(&mut query);
        api.task_instance_count(query).await.unwrap()
    };
    assert_eq!(count(|_| {}).await, 2);
    assert_eq!(
        count(|query| query.states = Some(vec!["success".into()])).await,
        1
    );
    assert_eq!(
        count(|query| query.states = Some(vec!["null".into()])).await,
        1
    );
    let both = |query: &mut GetTICount| query.states = Some(vec!["null".into(), "success".into()]);
    assert_eq!(count(both).await, 2);
    assert_eq!(count(|query| query.task_ids = Some(Vec::new())).await, 2);
    assert_eq!(
        count(|query| query.run_ids = Some(vec!["other".into()])).await,
        0
    );

    let states = api.task_states(GetTaskStates::new("shop")).await.unwrap();
    assert_eq!(
        Value::Object(states),
        json!({"r": {"first": "success", "second": null}})
    );
    let crumbs = api.task_breadcrumbs("shop", "r").await.unwrap();
    assert_eq!(crumbs.len(), 1);
    assert_eq!(crumbs[0]["operator"], "_StubOperator");
    let previous = api
        .previous_task_instance(GetPreviousTI::new("shop", "first"))
        .await;
    assert_eq!(previous.unwrap().unwrap().state.as_deref(), Some("success"));
    let mut group = GetTICount::new("shop");
    group.task_group_id = Some("nothing".to_owned());
    let (kind, _) = refused(api.task_instance_count(group).await);
    assert_eq!(kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn an_outlet_that_is_not_active_is_named_before_the_task_begins() {
    let mut dag = two_tasks();
    let asset = AssetOutline::Asset {
        name: "orders".to_owned(),
        uri: "s3://shop/orders".to_owned(),
    };
    dag.tasks[0].outlets = vec![asset];
    dag.tasks.push(task("third", &[]));
    let (store, run) = Store::running(&dag).await;
    let (api, _) = store.start(&run, "first").await;
    assert!(api.inactive_assets().await.unwrap().is_empty());

    let mut success = SucceedTask::new(Timestamp::now());
    let mut outlet = AssetProfile::new("Asset");
    outlet.name = Some("orders".to_owned());
    outlet.uri = Some("s3://shop/orders".to_owned());
    success.task_outlets = Some(vec![outlet.clone()]);
    api.update_state(StateUpdate::Success(success))
        .await
        .unwrap();
    let source: String = store
        .value("select source_task_id as v from asset_event")
        .await;
    assert_eq!(source, "first");

    let mut transaction = store.store.database().begin().await.unwrap();
    transaction
        .execute("delete from asset_active")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let inactive = api.inactive_assets().await.unwrap();
    assert_eq!(inactive, [outlet]);
}

#[tokio::test]
async fn a_success_with_asset_events_that_make_no_sense_is_a_failure() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    let mut success = SucceedTask::new(Timestamp::now());
    success.outlet_events = Some(vec![json!({"nonsense": 1}).as_object().cloned().unwrap()]);
    api.update_state(StateUpdate::Success(success))
        .await
        .unwrap();
    let first = instance(&run, "first").await;
    assert_eq!(first.state, Some(TaskInstanceState::Failed));
    let events: i64 = store.value("select count(*) as v from asset_event").await;
    assert_eq!(events, 0);
}

#[tokio::test]
async fn a_dag_that_fails_fast_ends_with_its_first_failure() {
    let mut dag = two_tasks();
    dag.tasks.push(task("third", &[]));
    let (store, run) = Store::running(&dag).await;
    let mut transaction = store.store.database().begin().await.unwrap();
    transaction
        .execute("update dag set fail_fast = true")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let (first, _) = store.start(&run, "first").await;
    let (_third, _) = store.start(&run, "third").await;
    first
        .update_state(terminal(TerminalState::Failed))
        .await
        .unwrap();
    let states: Vec<_> = run.task_instances().await.unwrap();
    let states: Vec<_> = states.iter().map(|ti| ti.state.unwrap().as_str()).collect();
    assert_eq!(states, ["failed", "skipped", "failed"]);
}
