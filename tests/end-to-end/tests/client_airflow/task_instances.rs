//! The life of a task instance, and what it may ask about others.

use aileron_execution_api::{
    AssetEventsQuery, AssetEventsSource, ErrorKind, ExecutionApi as _, StateUpdate, TerminalUpdate,
};
use aileron_wire::message::{
    AssetProfile, AwaitInputTask, DeferTask, GetPreviousTI, GetTICount, GetTaskRescheduleStartDate,
    GetTaskStates, RescheduleTask, RetryTask, SkippedTask, SucceedTask, TIRunContext,
    TerminalState,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::run::{DAG, beat, kind, on_every_version, worker};

#[test]
fn a_task_instance_lives_from_its_start_to_its_success() {
    on_every_version(|run| async move {
        let client = run.client("one");
        // The workload's token is only good for the start.
        assert_eq!(kind(client.heartbeat(beat(1)).await), ErrorKind::Forbidden);
        let context: TIRunContext = client.start(worker(1)).await.unwrap();
        assert_eq!(context.dag_run.run_id, run.run_id);
        assert_eq!(context.dag_run.conf, json!({"n": 1}).as_object().cloned());
        assert_eq!((context.max_tries, context.should_retry), (1, true));
        client.heartbeat(beat(1)).await.unwrap();
        let error = client.heartbeat(beat(2)).await.unwrap_err();
        assert_eq!(
            (error.kind, error.reason()),
            (ErrorKind::Conflict, Some("running_elsewhere"))
        );

        let mut success = SucceedTask::new(Timestamp::now());
        let mut outlet = AssetProfile::new("Asset");
        outlet.name = Some("orders".to_owned());
        outlet.uri = Some("file:///orders".to_owned());
        success.task_outlets = Some(vec![outlet]);
        success.outlet_events = Some(Vec::new());
        client
            .update_state(StateUpdate::Success(success.clone()))
            .await
            .unwrap();
        client
            .update_state(StateUpdate::Success(success))
            .await
            .unwrap();
        let error = client.heartbeat(beat(1)).await.unwrap_err();
        assert_eq!(error.reason(), Some("not_running"), "{error}");

        let source = AssetEventsSource::Asset {
            name: Some("orders".to_owned()),
            uri: None,
        };
        let mut query = AssetEventsQuery::new(source);
        query.after = Some(context.dag_run.run_after);
        query.limit = Some(1);
        query.ascending = false;
        let events = client.asset_events(query).await.unwrap();
        assert_eq!(
            events[0].source_run_id.as_deref(),
            Some(run.run_id.as_str())
        );
        assert_eq!(events[0].asset.uri, "file:///orders");
    });
}

#[test]
fn a_start_can_be_repeated_by_the_same_process_only() {
    on_every_version(|run| async move {
        run.started("two").await;
        // As if the answer, with its new token, had been lost.
        run.client("two").start(worker(1)).await.unwrap();
        let error = run.client("two").start(worker(2)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Conflict);
        assert_eq!(error.reason(), Some("invalid_state"));
        assert_eq!(error.detail["previous_state"], "running");
    });
}

#[test]
fn every_other_end_of_a_process_is_taken() {
    on_every_version(|run| async move {
        let now = Timestamp::now();
        let ends = [
            (
                "mapped[0]",
                StateUpdate::Terminal(TerminalUpdate {
                    rendered_map_index: Some("first".to_owned()),
                    ..TerminalUpdate::new(TerminalState::Skipped, now)
                }),
            ),
            (
                "mapped[1]",
                StateUpdate::Rescheduled(RescheduleTask::new(now, now)),
            ),
            (
                "mapped[2]",
                StateUpdate::Terminal(TerminalUpdate::new(TerminalState::Failed, now)),
            ),
            ("two", {
                let mut defer = DeferTask::new("a.B", "go_on");
                defer.trigger_timeout = Some(SignedDuration::from_secs(90));
                defer.next_kwargs = json!({"x": 1}).as_object().cloned();
                StateUpdate::Deferred(defer)
            }),
            ("one", {
                let mut retry = RetryTask::new(now);
                retry.retry_reason = Some("because".to_owned());
                retry.retry_delay_seconds = Some(1.5);
                StateUpdate::Retry(retry)
            }),
            (
                "after",
                StateUpdate::AwaitingInput(AwaitInputTask::new("go_on")),
            ),
        ];
        let mut clients = Vec::new();
        for (task, end) in ends {
            let client = run.started(task).await;
            client
                .update_state(end.clone())
                .await
                .unwrap_or_else(|error| panic!("{task}: {error}"));
            clients.push(client);
        }
        // A token outlives the process.
        let observer = clients.pop().unwrap();
        let mut query = GetTaskStates::new(DAG);
        query.run_ids = Some(vec![run.run_id.clone()]);
        let states = observer.task_states(query).await.unwrap();
        assert_eq!(
            states[&run.run_id],
            json!({
                "mapped_0": "skipped", "mapped_1": "up_for_reschedule", "mapped_2": "failed",
                "two": "deferred", "one": "up_for_retry", "after": "awaiting_input",
            })
        );
        let rescheduled = run.workloads["mapped[1]"]["ti"]["id"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let date = observer
            .reschedule_start_date(GetTaskRescheduleStartDate::new(rescheduled))
            .await;
        // It may only ask for itself.
        assert_eq!(kind(date), ErrorKind::Forbidden);
        let breadcrumbs = observer.task_breadcrumbs(DAG, &run.run_id).await.unwrap();
        assert_eq!(breadcrumbs.len(), 2, "{breadcrumbs:?}");
    });
}

#[test]
fn a_retried_task_instance_is_gone_for_its_old_worker() {
    on_every_version(|run| async move {
        let client = run.started("one").await;
        let retry = || StateUpdate::Retry(RetryTask::new(Timestamp::now()));
        client.update_state(retry()).await.unwrap();
        // What the rule about lost answers rests on.
        let error = client.update_state(retry()).await.unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::NotFound | ErrorKind::Gone),
            "{error}"
        );
        let error = client.heartbeat(beat(1)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Gone, "{error}");
    });
}

#[test]
fn what_a_running_task_instance_reports_is_taken() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        client
            .set_rendered_fields(json!({"sql": "select 'ä'"}).as_object().cloned().unwrap())
            .await
            .unwrap();
        client
            .set_rendered_map_index("a label".to_owned())
            .await
            .unwrap();
        assert_eq!(
            kind(client.set_rendered_map_index(String::new()).await),
            ErrorKind::Invalid
        );
        let skipped = vec![
            SkippedTask::Task("after".to_owned()),
            SkippedTask::Mapped("mapped".to_owned(), 1),
        ];
        client.skip_downstream(skipped).await.unwrap();
        assert_eq!(
            client
                .previous_successful_dag_run()
                .await
                .unwrap()
                .start_date,
            None
        );
        let start = GetTaskRescheduleStartDate::new(client.ti_id());
        assert_eq!(client.reschedule_start_date(start).await.unwrap(), None);
        assert_eq!(client.inactive_assets().await.unwrap(), []);
        let one = run.started("one").await;
        let inactive = one.inactive_assets().await.unwrap();
        assert_eq!(
            inactive.len(),
            1,
            "one of two assets of one name: {inactive:?}"
        );
    });
}

#[test]
fn task_instances_are_counted_and_found() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        let mut count = GetTICount::new(DAG);
        count.run_ids = Some(vec![run.run_id.clone()]);
        assert_eq!(client.task_instance_count(count.clone()).await.unwrap(), 6);
        count.task_ids = Some(vec!["mapped".to_owned(), "two".to_owned()]);
        count.states = Some(vec!["queued".to_owned()]);
        assert_eq!(client.task_instance_count(count.clone()).await.unwrap(), 3);
        count.map_index = Some(2);
        assert_eq!(client.task_instance_count(count.clone()).await.unwrap(), 1);
        count.task_group_id = Some("no such group".to_owned());
        assert_eq!(
            kind(client.task_instance_count(count).await),
            ErrorKind::NotFound
        );
        let mut previous = GetPreviousTI::new(DAG, "two");
        previous.state = Some(aileron_wire::message::TaskInstanceState::Running);
        let found = client
            .previous_task_instance(previous.clone())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.task_id, "two");
        previous.task_id = "a/b ü".to_owned();
        let answer = client.previous_task_instance(previous).await;
        // No route: its path holds a slash, which Airflow does not allow in ids.
        assert_eq!(kind(answer), ErrorKind::Unsupported);
    });
}
