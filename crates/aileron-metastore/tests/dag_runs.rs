//! What a task may do with Dag runs: start them, clear them, leave a note.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod support;

use aileron_bundle::manifest::DagOutline;
use aileron_execution_api::{ApiError, ExecutionApi, StateUpdate};
use aileron_metastore::TaskApi;
use aileron_metastore::database::{Statement, sql};
use aileron_wire::json::RawJson;
use aileron_wire::message::{
    DagRunState, DagRunType, SucceedTask, TaskInstanceState, TriggerDagRun,
};
use jiff::Timestamp;
use serde_json::json;
use support::{Store, file, instance, task, two_tasks};

/// What was refused: status and reason.
fn refusal<T: std::fmt::Debug>(result: Result<T, ApiError>) -> (u16, String) {
    let error = result.unwrap_err();
    let reason = error.reason().unwrap_or_default().to_owned();
    (error.status.unwrap(), reason)
}

async fn change(store: &Store, statement: impl Into<Statement>) {
    let mut transaction = store.store.database().begin().await.unwrap();
    transaction.execute(statement).await.unwrap();
    transaction.commit().await.unwrap();
}

/// A task that runs, and the Dag `other` without a schedule.
async fn asking() -> (Store, TaskApi) {
    let (store, run) = Store::running(&two_tasks()).await;
    let other = DagOutline {
        dag_id: "other".to_owned(),
        tasks: vec![task("only", &[])],
        ..DagOutline::default()
    };
    store.store.register_dag(&other, &file()).await.unwrap();
    let (api, _) = store.start(&run, "first").await;
    (store, api)
}

#[tokio::test]
async fn a_task_starts_a_run_with_its_tasks_once() {
    let (store, api) = asking().await;
    change(&store, "update dag_run set triggering_user_name = 'ada'").await;
    let mut request = TriggerDagRun::new("other", "t1");
    request.conf = json!({"day": 3}).as_object().cloned();
    request.note = Some("from first".into());
    request.logical_date = "2026-05-01T00:00:00Z".parse().ok();
    request.run_after = "2026-05-02T00:00:00Z".parse().ok();
    api.trigger_dag_run(request.clone()).await.unwrap();

    let run = api.dag_run("other", "t1").await.unwrap();
    assert_eq!(
        (run.run_type, run.state),
        (DagRunType::OperatorTriggered, DagRunState::Queued)
    );
    assert_eq!(run.triggering_user_name.as_deref(), Some("ada"));
    assert_eq!(run.conf, request.conf);
    assert_eq!(
        run.note, None,
        "Airflow gives the note out at no request of a task"
    );
    // A Dag without a schedule has the moment from which on the run may start for an interval.
    assert_eq!(
        (run.data_interval_start, run.data_interval_end),
        (request.run_after, request.run_after)
    );
    let note: String = store.value("select content as v from dag_run_note").await;
    assert_eq!(note, "from first");
    let tasks: i64 = store
        .value("select count(*) as v from task_instance where run_id = 't1'")
        .await;
    assert_eq!(tasks, 1);

    let again = api.trigger_dag_run(request.clone()).await;
    assert_eq!(refusal(again), (409, "already_exists".into()));
    request.run_id = "t2".into();
    let same_date = api.trigger_dag_run(request).await;
    assert_eq!(refusal(same_date).0, 409);
}

#[tokio::test]
async fn a_run_that_may_not_be_is_refused_with_the_reason() {
    let (store, api) = asking().await;
    let trigger = async |change: &dyn Fn(&mut TriggerDagRun)| {
        let mut request = TriggerDagRun::new("other", "t");
        change(&mut request);
        refusal(api.trigger_dag_run(request).await)
    };
    assert_eq!(
        trigger(&|request| request.dag_id = "none".into()).await,
        (404, "not_found".into())
    );
    for run_id in ["", "a..b", "a b", "é", &"r".repeat(251)] {
        let refused = trigger(&|request| request.run_id = run_id.to_owned()).await;
        assert_eq!(refused, (400, "value_error".into()), "{run_id}");
    }
    let partition = trigger(&|request| request.partition_key = Some("uk".into())).await;
    assert_eq!(partition, (400, "not_partitioned".into()));
    change(
        &store,
        sql("update dag set allowed_run_types = $1").bind(RawJson::of(&["manual"]).unwrap()),
    )
    .await;
    assert_eq!(trigger(&|_| {}).await, (400, "denied_run_type".into()));
    change(&store, "update dag set has_import_errors = true").await;
    assert_eq!(trigger(&|_| {}).await, (400, "import_errors".into()));
    change(&store, "update dag set is_stale = true").await;
    assert_eq!(trigger(&|_| {}).await, (404, "not_found".into()));
    let runs: i64 = store.value("select count(*) as v from dag_run").await;
    assert_eq!(runs, 1);
}

#[tokio::test]
async fn what_only_python_can_tell_is_not_guessed() {
    let (store, api) = asking().await;
    let daily = DagOutline {
        dag_id: "daily".to_owned(),
        schedule: Some("@daily".to_owned()),
        tasks: vec![task("only", &[])],
        ..DagOutline::default()
    };
    store.store.register_dag(&daily, &file()).await.unwrap();
    let mut request = TriggerDagRun::new("daily", "t");
    request.logical_date = "2026-05-01T00:00:00Z".parse().ok();
    let error = api.trigger_dag_run(request.clone()).await.unwrap_err();
    assert_eq!(error.status, Some(501));
    assert!(error.message.contains("CronTriggerTimetable"), "{error}");
    request.logical_date = None;
    api.trigger_dag_run(request).await.unwrap();

    // A param with a schema, as Airflow writes it.
    let data: RawJson = store
        .value("select data as v from serialized_dag where dag_id = 'other'")
        .await;
    let mut data: serde_json::Value = data.read().unwrap();
    data["dag"]["params"] =
        json!([["day", {"default": 1, "schema": {"type": "integer"}}], ["free", {"default": 1}]]);
    let data = RawJson::of(&data).unwrap();
    change(
        &store,
        sql("update serialized_dag set data = $1 where dag_id = 'other'").bind(data),
    )
    .await;
    let with = |conf: serde_json::Value, run_id: &str| {
        let mut request = TriggerDagRun::new("other", run_id);
        request.conf = conf.as_object().cloned();
        request
    };
    let error = api
        .trigger_dag_run(with(json!({"day": "x"}), "t"))
        .await
        .unwrap_err();
    assert_eq!(error.status, Some(501));
    assert!(error.message.contains("param \"day\""), "{error}");
    api.trigger_dag_run(with(json!({"free": "x"}), "t"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_cleared_run_begins_anew_and_keeps_its_history_and_its_state() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (first, _) = store.start(&run, "first").await;
    let value = RawJson::from_text("1".into()).unwrap();
    first.set_task_state("k", value, None).await.unwrap();
    let success = StateUpdate::Success(SucceedTask::new(Timestamp::now()));
    first.update_state(success).await.unwrap();
    let (second, _) = store.start(&run, "second").await;
    run.set_state(DagRunState::Failed).await.unwrap();

    second.clear_dag_run("shop", "r").await.unwrap();

    let again = instance(&run, "first").await;
    assert_eq!(
        (again.state, again.try_number, again.max_tries),
        (None, 1, 2)
    );
    assert_ne!(again.id, first.ti_id());
    let running = instance(&run, "second").await;
    assert_eq!(running.state, Some(TaskInstanceState::Restarting));
    // The supervisor of the old try hears of it.
    let gone = second.heartbeat(support::beat(7)).await.unwrap_err();
    assert_eq!(gone.status, Some(410));
    let history: String = store
        .value(
            "select min(task_id || ' ' || state) || ',' || max(task_id || ' ' || state) || ',' || count(*) as v \
             from task_instance_history",
        )
        .await;
    assert_eq!(history, "first success,second failed,2");
    let kept = store.store.task(again.id).task_state("k").await.unwrap();
    assert_eq!(kept.get(), "1");
    assert_eq!(
        store
            .store
            .task(again.id)
            .dag_run_state("shop", "r")
            .await
            .unwrap(),
        DagRunState::Queued
    );
    let cleared: i64 = store.value("select clear_number as v from dag_run").await;
    assert_eq!(cleared, 1);
}

#[tokio::test]
async fn only_a_run_that_is_there_is_cleared() {
    let (store, api) = asking().await;
    for (dag_id, run_id) in [("none", "r"), ("shop", "none")] {
        let result = api.clear_dag_run(dag_id, run_id).await;
        assert_eq!(refusal(result), (404, "not_found".into()));
    }
    change(&store, "update dag set has_import_errors = true").await;
    let result = api.clear_dag_run("shop", "r").await;
    assert_eq!(refusal(result), (400, "import_errors".into()));
}

#[tokio::test]
async fn a_note_is_left_replaced_and_taken_away() {
    let (store, api) = asking().await;
    let count = async || -> i64 { store.value("select count(*) as v from dag_run_note").await };
    api.set_dag_run_note(Some("one".into())).await.unwrap();
    change(&store, "update dag_run_note set user_id = 'ada'").await;
    api.set_dag_run_note(None).await.unwrap();
    assert_eq!(count().await, 1);
    api.set_dag_run_note(Some("two".into())).await.unwrap();
    let note: String = store
        .value("select content || coalesce(user_id, '') as v from dag_run_note")
        .await;
    assert_eq!(note, "two");
    api.set_dag_run_note(Some(String::new())).await.unwrap();
    assert_eq!(count().await, 0);
    let nobody = store.store.task(uuid::Uuid::nil());
    let result = nobody.set_dag_run_note(Some("x".into())).await;
    assert_eq!(refusal(result), (404, "not_found".into()));
}

#[tokio::test]
async fn a_dag_is_shown_with_its_tags_in_order() {
    let (_store, api) = asking().await;
    let dag = api.dag("shop").await.unwrap();
    assert_eq!(
        (dag.tags, dag.bundle_name.as_deref()),
        (vec!["a".into(), "b".into()], Some("aileron"))
    );
    assert_eq!(refusal(api.dag("none").await), (404, "not_found".into()));
}
