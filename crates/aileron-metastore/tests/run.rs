//! What the one who runs a Dag is promised.

#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

mod support;

use aileron_bundle::manifest::TaskOutline;
use aileron_execution_api::{ExecutionApi, StateUpdate};
use aileron_metastore::{DagRunRequest, StoreError};
use aileron_wire::json::RawJson;
use aileron_wire::message::{DagRunState, DeferTask, SucceedTask, TaskInstanceState};
use jiff::Timestamp;
use support::{Store, enter, file, instance, instances, task, two_tasks};

#[tokio::test]
async fn a_dag_keeps_its_version_until_it_changes() {
    let store = Store::empty().await;
    let mut dag = two_tasks();
    let first = store.store.register_dag(&dag, &file()).await.unwrap();
    assert_eq!(first.version_number, 1);
    assert_eq!(
        store.store.register_dag(&dag, &file()).await.unwrap(),
        first
    );

    dag.tasks.push(task("third", &["second"]));
    let unused = store.store.register_dag(&dag, &file()).await.unwrap();
    assert_eq!(unused, first, "nothing ran with it: it is rewritten");

    let request = DagRunRequest::manual("shop", "r", None);
    store.store.create_dag_run(&request).await.unwrap();
    assert_eq!(
        store.store.register_dag(&dag, &file()).await.unwrap(),
        first
    );
    dag.tasks.pop();
    let second = store.store.register_dag(&dag, &file()).await.unwrap();
    assert_eq!(second.version_number, 2);
    assert_ne!(second.version_id, first.version_id);
    let tags: i64 = store.value("select count(*) as v from dag_tag").await;
    assert_eq!(tags, 2);
}

#[tokio::test]
async fn a_dag_run_is_made_once_with_an_instance_of_every_task() {
    let (store, run) = Store::running(&two_tasks()).await;
    let again = DagRunRequest::manual("shop", "r", None);
    assert!(!store.store.create_dag_run(&again).await.unwrap());

    let all = run.task_instances().await.unwrap();
    let names: Vec<_> = all
        .iter()
        .map(|ti| (ti.task_id.as_str(), ti.map_index))
        .collect();
    assert_eq!(names, [("first", -1), ("second", -1)]);
    let first = &all[0];
    assert_eq!(
        (first.state, first.try_number, first.max_tries),
        (None, 0, 1)
    );
    assert_eq!(first.queue.as_deref(), Some("default"));
    let carrier = first.context_carrier.as_ref().unwrap();
    assert_eq!(carrier["traceparent"].as_str().unwrap().len(), 55);
    let weight: i64 = store
        .value("select priority_weight as v from task_instance where task_id = 'first'")
        .await;
    assert_eq!(weight, 2, "its own and that of the task after it");
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_dag_run_is_named() {
    let (store, _) = Store::running(&two_tasks()).await;
    let unknown = DagRunRequest::manual("nobody", "r", None);
    let error = store.store.create_dag_run(&unknown).await.unwrap_err();
    assert!(matches!(error, StoreError::NoDag { .. }), "{error}");

    let date: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
    let dated = DagRunRequest::manual("shop", "dated", Some(date));
    store.store.create_dag_run(&dated).await.unwrap();
    let same = DagRunRequest::manual("shop", "other", Some(date));
    let error = store.store.create_dag_run(&same).await.unwrap_err();
    assert!(error.to_string().contains("\"dated\""), "{error}");
    let state = store.store.run("shop", "missing").state().await;
    assert!(matches!(state, Err(StoreError::NoDagRun { .. })));
}

#[tokio::test]
async fn a_run_starts_once_and_ends_once() {
    let (store, run) = Store::running(&two_tasks()).await;
    let started: Timestamp = store.value("select start_date as v from dag_run").await;
    run.set_state(DagRunState::Running).await.unwrap();
    assert_eq!(
        store
            .value::<Timestamp>("select start_date as v from dag_run")
            .await,
        started
    );

    run.set_state(DagRunState::Failed).await.unwrap();
    assert_eq!(run.state().await.unwrap(), DagRunState::Failed);
    let ended: Timestamp = store.value("select end_date as v from dag_run").await;
    run.set_state(DagRunState::Failed).await.unwrap();
    assert_eq!(
        store
            .value::<Timestamp>("select end_date as v from dag_run")
            .await,
        ended
    );

    run.set_state(DagRunState::Running).await.unwrap();
    let end: Option<Timestamp> = store.value("select end_date as v from dag_run").await;
    assert_eq!(end, None);
    assert!(
        store
            .value::<Timestamp>("select start_date as v from dag_run")
            .await
            > started
    );
}

#[tokio::test]
async fn a_try_begins_when_it_is_queued_and_nothing_is_queued_twice() {
    let (_store, run) = Store::running(&two_tasks()).await;
    let id = instance(&run, "first").await.id;
    assert_eq!(run.queue(&[id]).await.unwrap(), [id]);
    assert!(run.queue(&[id]).await.unwrap().is_empty());
    let first = instance(&run, "first").await;
    assert_eq!(first.try_number, 1);
    assert_eq!(first.state, Some(TaskInstanceState::Queued));
}

#[tokio::test]
async fn what_runs_or_has_ended_is_not_skipped() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (_api, _) = store.start(&run, "first").await;
    let ids: Vec<_> = run
        .task_instances()
        .await
        .unwrap()
        .iter()
        .map(|ti| ti.id)
        .collect();
    let skipped = run
        .end_without_running(&ids, TaskInstanceState::UpstreamFailed)
        .await;
    assert_eq!(skipped.unwrap(), 1);
    assert_eq!(
        instance(&run, "first").await.state,
        Some(TaskInstanceState::Running)
    );
    let second = instance(&run, "second").await;
    assert_eq!(second.state, Some(TaskInstanceState::UpstreamFailed));
    assert!(second.end_date.is_some());
    let again = run
        .end_without_running(&ids, TaskInstanceState::Skipped)
        .await;
    assert_eq!(again.unwrap(), 0);
}

#[tokio::test]
async fn a_mapped_task_becomes_as_many_instances_as_there_are_values() {
    let mut dag = two_tasks();
    dag.tasks[1] = TaskOutline {
        mapped: true,
        retries: Some(3),
        ..task("second", &["first"])
    };
    let (store, run) = Store::running(&dag).await;
    run.expand("second", 3).await.unwrap();
    run.expand("second", 3).await.unwrap();
    let indexes: Vec<_> = instances(&run, "second")
        .await
        .into_iter()
        .map(|(_, i, _)| i)
        .collect();
    assert_eq!(indexes, [0, 1, 2]);
    let tries: i64 = store
        .value("select sum(max_tries) as v from task_instance where task_id = 'second'")
        .await;
    assert_eq!(tries, 9);

    run.expand("second", 2).await.unwrap();
    let last = &instances(&run, "second").await[2];
    assert_eq!(last.2.as_deref(), Some("removed"));
}

#[tokio::test]
async fn a_task_that_is_mapped_over_nothing_is_skipped() {
    let mut dag = two_tasks();
    dag.tasks[1].mapped = true;
    let (_store, run) = Store::running(&dag).await;
    run.expand("second", 0).await.unwrap();
    let all = instances(&run, "second").await;
    assert_eq!(
        (all.len(), all[0].1, all[0].2.as_deref()),
        (1, -1, Some("skipped"))
    );
}

#[tokio::test]
async fn a_deferred_task_goes_on_with_its_event_in_the_same_try() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, context) = store.start(&run, "first").await;
    let started = context.dag_run.start_date;
    assert!(started.is_some());
    let mut defer = DeferTask::new(
        "airflow.providers.standard.triggers.temporal.DateTimeTrigger",
        "go_on",
    );
    defer.next_kwargs = serde_json::json!({"a": 1}).as_object().cloned();
    api.update_state(StateUpdate::Deferred(defer))
        .await
        .unwrap();

    let waiting = instance(&run, "first").await;
    assert_eq!(waiting.state, Some(TaskInstanceState::Deferred));
    let trigger = waiting.trigger.unwrap();
    assert!(trigger.classpath.ends_with("DateTimeTrigger"));
    assert_eq!(trigger.kwargs, "{}");
    assert_eq!(waiting.next_method.as_deref(), Some("go_on"));

    let event = RawJson::from_text("{\"done\":true}".to_owned()).unwrap();
    assert!(run.resume(waiting.id, &event).await.unwrap());
    assert!(!run.resume(waiting.id, &event).await.unwrap());
    let triggers: i64 = store.value("select count(*) as v from \"trigger\"").await;
    assert_eq!(triggers, 0);
    run.queue(&[waiting.id]).await.unwrap();
    let resumed = api.start(enter(8)).await.unwrap();
    assert_eq!(resumed.next_method.as_deref(), Some("go_on"));
    let kwargs = serde_json::to_value(&resumed.next_kwargs).unwrap();
    assert_eq!(kwargs, serde_json::json!({"a": 1, "event": {"done": true}}));
    assert_eq!(resumed.start_date, waiting.start_date);
    let first = instance(&run, "first").await;
    assert_eq!(
        (first.try_number, first.start_date),
        (1, waiting.start_date)
    );
}

#[tokio::test]
async fn a_task_that_cannot_go_on_is_told_why() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    let defer = DeferTask::new("other.Trigger", "go_on");
    api.update_state(StateUpdate::Deferred(defer))
        .await
        .unwrap();
    assert!(
        run.fail_to_resume(api.ti_id(), "only an Airflow runs other.Trigger")
            .await
            .unwrap()
    );
    run.queue(&[api.ti_id()]).await.unwrap();
    let context = api.start(enter(8)).await.unwrap();
    assert_eq!(context.next_method.as_deref(), Some("__fail__"));
    let kwargs = serde_json::to_value(&context.next_kwargs).unwrap();
    assert_eq!(kwargs["error"], "only an Airflow runs other.Trigger");
}

#[tokio::test]
async fn an_orphan_is_tried_again_while_it_has_retries() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    let state = run
        .end_orphan(api.ti_id(), "its supervisor is gone")
        .await
        .unwrap();
    assert_eq!(state, Some(TaskInstanceState::UpForRetry));
    let first = instance(&run, "first").await;
    assert_ne!(first.id, api.ti_id());
    let (again, _) = store.start(&run, "first").await;
    let state = run
        .end_orphan(again.ti_id(), "its supervisor is gone")
        .await
        .unwrap();
    assert_eq!(state, Some(TaskInstanceState::Failed));
    let tries: i64 = store
        .value("select count(*) as v from task_instance_history")
        .await;
    assert_eq!(tries, 1);
    let state = run.end_orphan(again.ti_id(), "again").await.unwrap();
    assert_eq!(state, None);
}

#[tokio::test]
async fn an_orphan_that_has_ended_keeps_its_end() {
    let (store, run) = Store::running(&two_tasks()).await;
    let (api, _) = store.start(&run, "first").await;
    let success = StateUpdate::Success(SucceedTask::new(Timestamp::now()));
    api.update_state(success).await.unwrap();
    assert_eq!(run.end_orphan(api.ti_id(), "gone").await.unwrap(), None);
    assert_eq!(
        instance(&run, "first").await.state,
        Some(TaskInstanceState::Success)
    );
}
