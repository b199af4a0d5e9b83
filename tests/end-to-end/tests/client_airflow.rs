//! Every operation of the client against the Execution API of a real Airflow, in every version.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use aileron_client::{ApiToken, ApiVersion, Client, ClientSettings, ConnectionTestState};
use aileron_execution_api::{
    ApiError, AssetEventsQuery, AssetEventsSource, AssetRef, EnterRunning, ErrorKind, ExecutionApi,
    Heartbeat, StateUpdate, TerminalUpdate,
};
use aileron_wire::json::RawJson;
use aileron_wire::message::{
    AssetProfile, AwaitInputTask, CreateHITLDetailPayload, DagRunState, DagRunType, DeferTask,
    DeleteXCom, GetDRCount, GetPreviousDagRun, GetPreviousTI, GetTICount,
    GetTaskRescheduleStartDate, GetTaskStates, GetVariableKeys, GetXCom, GetXComCount,
    GetXComSequenceItem, GetXComSequenceSlice, PutVariable, RescheduleTask, RetryTask, SetXCom,
    SkippedTask, SucceedTask, TIRunContext, TerminalState, TriggerDagRun, UpdateHITLDetail,
};
use end_to_end::{AirflowVersion, ExecutionApiServer, rows};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

const DAG: &str = ExecutionApiServer::DAG_ID;

/// Python takes seconds to import Airflow, so the tests share one server for each version.
static SERVERS: LazyLock<Vec<(AirflowVersion, Mutex<ExecutionApiServer>)>> = LazyLock::new(|| {
    let start = |version| Mutex::new(ExecutionApiServer::start(version).unwrap());
    AirflowVersion::ALL
        .into_iter()
        .map(|version| (version, start(version)))
        .collect()
});

/// One run of the Dag, and the workers of its task instances.
struct Run {
    version: AirflowVersion,
    run_id: String,
    url: String,
    database: PathBuf,
    workloads: BTreeMap<String, Value>,
}

impl Run {
    fn make(version: AirflowVersion, server: &mut ExecutionApiServer) -> Self {
        let run_id = format!("run__{}", Uuid::new_v4());
        Self {
            version,
            workloads: server.make_run(&run_id).unwrap(),
            url: server.url(),
            database: server.home().join("airflow.db"),
            run_id,
        }
    }

    fn client_asking_for(&self, task: &str, api_version: ApiVersion) -> Client {
        let workload = &self.workloads[task];
        let id = workload["ti"]["id"].as_str().unwrap().parse().unwrap();
        let token = ApiToken::new(workload["token"].as_str().unwrap().to_owned()).unwrap();
        let settings = ClientSettings {
            api_version,
            ..ClientSettings::default()
        };
        Client::new(&self.url, id, token, &settings).unwrap()
    }

    fn client(&self, task: &str) -> Client {
        self.client_asking_for(task, ApiVersion::default())
    }

    async fn started(&self, task: &str) -> Client {
        let client = self.client(task);
        client.start(worker(1)).await.unwrap();
        client
    }

    fn is_3_4(&self) -> bool {
        self.version == AirflowVersion::V3_4_0b2
    }
}

fn worker(pid: u32) -> EnterRunning {
    EnterRunning {
        hostname: "worker".to_owned(),
        unixname: "ada".to_owned(),
        pid,
        start_date: Timestamp::now(),
    }
}

fn beat(pid: u32) -> Heartbeat {
    Heartbeat {
        hostname: "worker".to_owned(),
        pid,
    }
}

/// Runs the test with a run of its own on every version, one test at a time: SQLite has one writer.
fn on_every_version<F: Future<Output = ()>>(test: impl Fn(Run) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for (version, server) in SERVERS.iter() {
        println!("Airflow {version}");
        // Another test that failed has not harmed the server.
        let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.block_on(test(Run::make(*version, &mut server)));
    }
}

fn kind<T: std::fmt::Debug>(result: Result<T, ApiError>) -> ErrorKind {
    result.unwrap_err().kind
}

fn raw(value: &Value) -> RawJson {
    RawJson::of(value).unwrap()
}

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

#[test]
fn dag_runs_are_triggered_found_and_cleared() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        let new = format!("triggered__{}+", Uuid::new_v4());
        let mut trigger = TriggerDagRun::new(DAG, &new);
        trigger.conf = json!({"from": "client"}).as_object().cloned();
        trigger.logical_date = Some(Timestamp::now());
        trigger.note = Some("a note".to_owned());
        client.trigger_dag_run(trigger.clone()).await.unwrap();
        let error = client.trigger_dag_run(trigger.clone()).await.unwrap_err();
        assert_eq!(
            (error.kind, error.reason()),
            (ErrorKind::Conflict, Some("already_exists"))
        );
        let made = client.dag_run(DAG, &new).await.unwrap();
        assert_eq!(made.run_type, DagRunType::OperatorTriggered);
        assert_eq!(made.conf, trigger.conf);
        assert_eq!(
            made.logical_date.map(Timestamp::as_microsecond),
            trigger.logical_date.map(Timestamp::as_microsecond)
        );
        assert_eq!(
            client.dag_run_state(DAG, &new).await.unwrap(),
            DagRunState::Queued
        );
        client.clear_dag_run(DAG, &new).await.unwrap();
        assert_eq!(
            kind(client.clear_dag_run(DAG, "none").await),
            ErrorKind::NotFound
        );
        let mut count = GetDRCount::new(DAG);
        count.run_ids = Some(vec![new.clone(), run.run_id.clone()]);
        count.states = Some(vec!["queued".to_owned(), "running".to_owned()]);
        assert_eq!(client.dag_run_count(count).await.unwrap(), 2);
        let later = Timestamp::now() + SignedDuration::from_secs(60);
        let previous = client
            .previous_dag_run(GetPreviousDagRun::new(DAG, later))
            .await
            .unwrap();
        assert_eq!(previous.unwrap().run_id, new);
        let none = GetPreviousDagRun::new(DAG, Timestamp::UNIX_EPOCH);
        assert_eq!(client.previous_dag_run(none).await.unwrap(), None);
        assert_eq!(
            kind(client.dag_run(DAG, "a b?c").await),
            ErrorKind::NotFound
        );
        assert_eq!(
            kind(client.dag_run_state("none", "none").await),
            ErrorKind::NotFound
        );
        let mut unknown = TriggerDagRun::new("none", "r");
        unknown.reset_dag_run = Some(true);
        assert_eq!(
            kind(client.trigger_dag_run(unknown).await),
            ErrorKind::NotFound
        );

        let dag = client.dag(DAG).await.unwrap();
        assert_eq!(dag.tags, ["a", "b"]);
        assert_eq!(kind(client.dag("none").await), ErrorKind::NotFound);
    });
}

#[test]
fn xcoms_pass_as_they_are() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        for key in ["plain", "with/slash and ü?#%", "return_value"] {
            let value = json!({"text": "ä\u{0}\n", "numbers": [1, -2.5, 9_007_199_254_740_993_i64], "null": null});
            let mut set = SetXCom::new(key, raw(&value), DAG, &run.run_id, "two");
            set.dag_result = true;
            client.set_xcom(set).await.unwrap();
            let get = GetXCom::new(key, DAG, &run.run_id, "two");
            let got: Value = client.xcom(get.clone()).await.unwrap().read().unwrap();
            assert_eq!(got, value);
            client
                .delete_xcom(DeleteXCom::new(key, DAG, &run.run_id, "two"))
                .await
                .unwrap();
            client
                .delete_xcom(DeleteXCom::new(key, DAG, &run.run_id, "two"))
                .await
                .unwrap();
            assert_eq!(kind(client.xcom(get).await), ErrorKind::NotFound);
        }
        let elsewhere = SetXCom::new("k", RawJson::null(), DAG, "no such run", "two");
        let error = client.set_xcom(elsewhere).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotFound), "{error}");
    });
}

#[test]
fn xcoms_of_a_mapped_task_are_counted_and_sliced() {
    on_every_version(|run| async move {
        let client = run.started("mapped[0]").await;
        for index in 0..3 {
            let mut set = SetXCom::new(
                "return_value",
                raw(&json!({"at": index})),
                DAG,
                &run.run_id,
                "mapped",
            );
            set.map_index = Some(index);
            set.mapped_length = Some(2);
            client.set_xcom(set).await.unwrap();
        }
        let count = GetXComCount::new("return_value", DAG, &run.run_id, "mapped");
        assert_eq!(client.xcom_count(count).await.unwrap(), 3);
        let item =
            |offset| GetXComSequenceItem::new("return_value", DAG, &run.run_id, "mapped", offset);
        assert_eq!(
            client.xcom_item(item(-1)).await.unwrap().get(),
            r#"{"at":2}"#
        );
        assert_eq!(kind(client.xcom_item(item(3)).await), ErrorKind::NotFound);
        let slice = |start, stop, step| {
            GetXComSequenceSlice::new(
                "return_value",
                DAG,
                &run.run_id,
                "mapped",
                start,
                stop,
                step,
            )
        };
        let sliced = client
            .xcom_slice(slice(None, None, Some(-2)))
            .await
            .unwrap();
        assert_eq!(sliced, [raw(&json!({"at": 2})), raw(&json!({"at": 0}))]);
        assert_eq!(
            client
                .xcom_slice(slice(Some(1), Some(2), None))
                .await
                .unwrap()
                .len(),
            1
        );
        let mut one = GetXCom::new("return_value", DAG, &run.run_id, "mapped");
        one.map_index = Some(1);
        assert_eq!(client.xcom(one).await.unwrap().get(), r#"{"at":1}"#);
    });
}

#[test]
fn a_large_xcom_arrives_whole() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        let value = Value::from("x".repeat(8 << 20));
        client
            .set_xcom(SetXCom::new("large", raw(&value), DAG, &run.run_id, "two"))
            .await
            .unwrap();
        let got = client
            .xcom(GetXCom::new("large", DAG, &run.run_id, "two"))
            .await
            .unwrap();
        assert!(got == raw(&value), "{} bytes", got.get().len());
    });
}

#[test]
fn variables_and_connections_are_read_and_written() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        for key in ["plain", "with/slash and ü?#%"] {
            let put = PutVariable {
                key: key.to_owned(),
                value: Some("ä\n".to_owned()),
                description: None,
            };
            client.put_variable(put).await.unwrap();
            assert_eq!(
                client.variable(key).await.unwrap().value.as_deref(),
                Some("ä\n")
            );
        }
        let keys = GetVariableKeys {
            prefix: Some("with/".to_owned()),
            ..GetVariableKeys::default()
        };
        let keys = client.variable_keys(keys).await.unwrap();
        assert_eq!((keys.keys.len(), keys.total_entries), (1, 1));
        for key in ["plain", "with/slash and ü?#%"] {
            client.delete_variable(key).await.unwrap();
            client.delete_variable(key).await.unwrap();
            assert_eq!(kind(client.variable(key).await), ErrorKind::NotFound);
        }
        let shop = client.connection("shop").await.unwrap();
        assert_eq!(
            (shop.conn_type.as_str(), shop.port),
            ("postgres", Some(5432))
        );
        assert_eq!(shop.password.as_deref(), Some("hunter2"));
        let error = client.connection("none").await.unwrap_err();
        assert_eq!(
            (error.kind, error.reason()),
            (ErrorKind::NotFound, Some("not_found"))
        );
    });
}

#[test]
fn state_stores_keep_what_they_are_given() {
    on_every_version(|run| async move {
        let client = run.started("one").await;
        let value = raw(&json!({"job": [1, null, "ä"]}));
        let never = None;
        let soon = Some(Timestamp::now() + SignedDuration::from_secs(600));
        for (key, expires_at) in [("a/b c", never), ("x", soon)] {
            client
                .set_task_state(key, value.clone(), expires_at)
                .await
                .unwrap();
            let got: Value = client.task_state(key).await.unwrap().read().unwrap();
            assert_eq!(got, json!({"job": [1, null, "ä"]}));
        }
        client.delete_task_state("a/b c").await.unwrap();
        client.delete_task_state("a/b c").await.unwrap();
        assert_eq!(kind(client.task_state("a/b c").await), ErrorKind::NotFound);
        client.clear_task_state().await.unwrap();
        assert_eq!(kind(client.task_state("x").await), ErrorKind::NotFound);
        assert_eq!(
            kind(client.set_task_state("n", RawJson::null(), None).await),
            ErrorKind::Invalid
        );

        for asset in [
            AssetRef::Name("orders".to_owned()),
            AssetRef::Uri("file:///orders".to_owned()),
        ] {
            client
                .set_asset_state(&asset, "a b&c", value.clone())
                .await
                .unwrap();
            client
                .set_asset_state(&asset, "d", value.clone())
                .await
                .unwrap();
            assert!(client.asset_state(&asset, "a b&c").await.is_ok());
            client.delete_asset_state(&asset, "a b&c").await.unwrap();
            assert_eq!(
                kind(client.asset_state(&asset, "a b&c").await),
                ErrorKind::NotFound
            );
            client.clear_asset_state(&asset).await.unwrap();
            assert_eq!(
                kind(client.asset_state(&asset, "d").await),
                ErrorKind::NotFound
            );
        }
        let none = AssetRef::Name("none".to_owned());
        assert_eq!(
            kind(client.set_asset_state(&none, "k", value).await),
            ErrorKind::NotFound
        );
    });
}

#[test]
fn assets_are_found_by_each_of_their_names() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        for asset in [
            AssetRef::Name("orders".to_owned()),
            AssetRef::Uri("file:///orders".to_owned()),
        ] {
            assert_eq!(client.asset(&asset).await.unwrap().name, "orders");
        }
        let error = client
            .asset(&AssetRef::Uri("x://none?a=b&c".to_owned()))
            .await
            .unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert_eq!(client.assets_by_alias("any").await.unwrap(), []);
        let events = AssetEventsQuery::new(AssetEventsSource::Alias("any".to_owned()));
        assert_eq!(client.asset_events(events).await.unwrap(), []);
        let nothing = AssetEventsSource::Asset {
            name: None,
            uri: None,
        };
        assert_eq!(
            kind(client.asset_events(AssetEventsQuery::new(nothing)).await),
            ErrorKind::BadRequest
        );
    });
}

#[test]
fn a_person_is_asked_and_answered_for() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        let options = vec!["Yes".to_owned(), "No".to_owned()];
        let mut question = CreateHITLDetailPayload::new(client.ti_id(), options.clone(), "Sure?");
        question.params = json!({"why": {"value": ""}}).as_object().cloned();
        let asked = client.create_hitl_detail(question.clone()).await.unwrap();
        assert_eq!((asked.options, asked.subject.as_str()), (options, "Sure?"));
        client.create_hitl_detail(question).await.unwrap();
        let waiting = client.hitl_detail(client.ti_id()).await.unwrap();
        assert_eq!(waiting["response_received"], json!(false));
        let answer = UpdateHITLDetail::new(client.ti_id(), vec!["Yes".to_owned()]);
        let stored = client.update_hitl_detail(answer.clone()).await.unwrap();
        assert_eq!(stored["chosen_options"], json!(["Yes"]));
        assert_eq!(
            kind(client.update_hitl_detail(answer).await),
            ErrorKind::Conflict
        );
        let stored = client.hitl_detail(client.ti_id()).await.unwrap();
        assert_eq!(stored["response_received"], json!(true));
    });
}

#[test]
fn what_only_airflow_3_4_knows_is_refused_by_others_and_never_ignored() {
    on_every_version(|run| async move {
        let client = run.started("one").await;
        let older = run.client_asking_for("two", ApiVersion::V2026_06_30);
        older.start(worker(1)).await.unwrap();
        let by_partition = || {
            let source = AssetEventsSource::Asset {
                name: Some("orders".to_owned()),
                uri: None,
            };
            let mut query = AssetEventsQuery::new(source);
            query.partition_key = Some("none".to_owned());
            query.extra = json!({"a": "b"}).as_object().cloned();
            query
        };
        let previous_iteration = || {
            let mut query = GetXCom::new("k", DAG, &run.run_id, "one");
            query.previous_iteration = true;
            query
        };
        for (client, knows) in [(&client, run.is_3_4()), (&older, false)] {
            let note = client.set_dag_run_note(Some("ä note".to_owned())).await;
            let events = client.asset_events(by_partition()).await;
            let xcom = client.xcom(previous_iteration()).await;
            if knows {
                note.unwrap();
                assert_eq!(events.unwrap(), []);
                // The task is in no loop; how the server says that is its affair.
                assert_ne!(kind(xcom), ErrorKind::Unsupported);
                // The answer for a Dag run leaves the note out.
                let notes = format!(
                    "select content from dag_run_note where dag_run_id = (select id from dag_run where run_id = '{}')",
                    run.run_id
                );
                assert_eq!(
                    rows(run.version, &run.database, &notes).unwrap(),
                    [json!(["ä note"])]
                );
            } else {
                for kind in [kind(note), kind(events), kind(xcom)] {
                    assert_eq!(kind, ErrorKind::Unsupported);
                }
            }
        }
    });
}

#[test]
fn tokens_are_only_good_for_what_they_are_for() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        client.health().await.unwrap();
        let id = client.ti_id();
        assert_eq!(kind(client.connection_test(id).await), ErrorKind::Forbidden);
        let ended = client
            .end_connection_test(id, ConnectionTestState::Success, Some("fine"))
            .await;
        assert_eq!(kind(ended), ErrorKind::Forbidden);
        let expected = if run.is_3_4() {
            ErrorKind::Forbidden
        } else {
            ErrorKind::Unsupported
        };
        assert_eq!(kind(client.run_callback(id).await), expected);

        let workload = run.client("one");
        // A connection test's id has to be the subject of the token.
        assert_eq!(
            kind(workload.connection_test(workload.ti_id()).await),
            ErrorKind::NotFound
        );
        let nonsense = ApiToken::new("nonsense".to_owned()).unwrap();
        let stranger = Client::new(&run.url, id, nonsense, &ClientSettings::default()).unwrap();
        let error = stranger.variable("k").await.unwrap_err();
        assert!(
            matches!(error.kind, ErrorKind::Unauthorized | ErrorKind::Forbidden),
            "{error}"
        );
    });
}
