//! The metadata store on a PostgreSQL database of Airflow 3.4, where every try is a row of its own.
//!
//! What the answers are is compared with Airflow's own: `server_airflow`. Here a task instance is followed from one try to the
//! next by what a caller of the store sees.
#![allow(clippy::unwrap_used)]

use aileron_execution_api::{
    ApiError, AssetEventsQuery, AssetEventsSource, AssetRef, ConnectionTestResult, ConnectionTests,
    EnterRunning, ErrorKind, ExecutionApi, Heartbeat, ServerTerminated, StateUpdate,
    TerminalUpdate, UpstreamFailed,
};
use aileron_metastore::database::{Column, Statement, sql};
use aileron_metastore::{Metastore, TaskApi};
use aileron_wire::json::RawJson;
use aileron_wire::message::{
    AssetProfile, CreateHITLDetailPayload, DeferTask, DeleteXCom, GetPreviousTI, GetTICount,
    GetTaskStates, GetXCom, GetXComCount, GetXComSequenceItem, GetXComSequenceSlice,
    RescheduleTask, RetryTask, SetXCom, SkippedTask, SucceedTask, TerminalState, UpdateHITLDetail,
};
use end_to_end::{AirflowVersion, Postgres};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

struct Place {
    store: Metastore,
}

impl Place {
    async fn run(&self, statement: impl Into<Statement>) {
        let mut transaction = self.store.database().begin().await.unwrap();
        transaction.execute(statement).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// The column `v` of the only row.
    async fn value<T: Column>(&self, statement: impl Into<Statement>) -> T {
        let mut session = self.store.database().read().await.unwrap();
        session.one(statement).await.unwrap().get("v").unwrap()
    }

    /// A queued task instance.
    async fn queued(&self, task_id: &str, index: i64, region: Uuid) -> TaskApi {
        let id = Uuid::now_v7();
        let statement = sql(
            "insert into task_instance (id, dag_id, run_id, task_id, region_index, region_id, try_number, max_tries, \
             pool, pool_slots, state) values ($1, 'd', 'r', $2, $3, $4, 1, 2, 'default_pool', 1, 'queued')",
        );
        self.run(statement.bind(id).bind(task_id).bind(index).bind(region))
            .await;
        self.store.task(id)
    }

    /// A task that runs.
    async fn running(&self, task_id: &str) -> TaskApi {
        let task = self.queued(task_id, -1, Uuid::nil()).await;
        task.start(start()).await.unwrap();
        task
    }

    /// The id of the latest try.
    async fn latest(&self, task_id: &str) -> TaskApi {
        let statement = sql("select id as v from task_instance where task_id = $1 and working_set");
        self.store.task(self.value(statement.bind(task_id)).await)
    }
}

fn start() -> EnterRunning {
    EnterRunning {
        hostname: "h".to_owned(),
        unixname: "u".to_owned(),
        pid: 5,
        start_date: Timestamp::now(),
    }
}

fn json_text(text: &str) -> RawJson {
    RawJson::from_text(text.to_owned()).unwrap()
}

fn kind<T: std::fmt::Debug>(answer: Result<T, ApiError>) -> ErrorKind {
    answer.unwrap_err().kind
}

async fn place(url: &str) -> Place {
    let place = Place {
        store: Metastore::connect(url).await.unwrap(),
    };
    for statement in [
        "insert into dag_bundle (name) values ('b')",
        "insert into dag (dag_id, is_paused, is_stale, bundle_name, timetable_type, partition_mapper_info, max_active_tasks, \
         max_consecutive_failed_dag_runs, has_task_concurrency_limits, fail_fast) \
         values ('d', false, false, 'b', '', '{}', 16, 0, false, false)",
        "insert into dag_run (dag_id, run_id, run_type, run_after, logical_date, state, conf) \
         values ('d', 'r', 'manual', now(), now(), 'running', '{}')",
    ] {
        place.run(statement).await;
    }
    place
}

#[tokio::test]
async fn a_task_instance_lives_on_postgresql_as_on_sqlite() {
    let server = Postgres::start().unwrap();
    let database = server.database(AirflowVersion::V3_4_0b2).unwrap();
    let place = place(&database.url()).await;
    values(&place).await;
    mapped(&place).await;
    questions(&place).await;
    retried(&place).await;
    restarted(&place).await;
    waits(&place).await;
    ends(&place).await;
    connection_test(&place).await;
}

async fn values(place: &Place) {
    let task = place.running("values").await;
    let beat = Heartbeat {
        hostname: "h".to_owned(),
        pid: 5,
    };
    task.heartbeat(beat).await.unwrap();
    let fields = json!({"a": [1]}).as_object().cloned().unwrap();
    for _ in 0..2 {
        task.set_rendered_fields(fields.clone()).await.unwrap();
        task.set_task_state("k", json_text("[1]"), None)
            .await
            .unwrap();
    }
    assert_eq!(
        place
            .value::<i64>("select count(*) as v from rtif_v2")
            .await,
        1
    );
    task.set_rendered_map_index("label".to_owned())
        .await
        .unwrap();
    assert_eq!(task.task_state("k").await.unwrap().get(), "[1]");
    task.delete_task_state("k").await.unwrap();
    task.clear_task_state().await.unwrap();
    place
        .run("insert into asset (name, uri, \"group\", extra, created_at, updated_at) values ('n', 'u', 'asset', '{}', now(), now())")
        .await;
    place
        .run("insert into asset_active (name, uri) values ('n', 'u')")
        .await;
    let asset = AssetRef::Name("n".to_owned());
    for _ in 0..2 {
        task.set_asset_state(&asset, "k", json_text("2"))
            .await
            .unwrap();
    }
    let writer: Uuid = place
        .value("select last_updated_by_task_instance_id as v from asset_state_store")
        .await;
    assert_eq!(writer, task.ti_id());
    task.set_dag_run_note(Some("note".to_owned()))
        .await
        .unwrap();
    task.dag_run("d", "r").await.unwrap();
    assert!(
        task.previous_successful_dag_run()
            .await
            .unwrap()
            .start_date
            .is_none()
    );
}

async fn mapped(place: &Place) {
    let region = Uuid::now_v7();
    let statement = sql(
        "insert into dynamic_region (id, dag_id, run_id, node_id, family_root_id, path, created_at) \
         values ($1, 'd', 'r', 'mapped', $1, '', now())",
    );
    place.run(statement.bind(region)).await;
    let mut tasks = Vec::new();
    for index in 0..3 {
        let task = place.queued("mapped", index, region).await;
        task.start(start()).await.unwrap();
        let mut xcom = SetXCom::new(
            "return_value",
            json_text(&index.to_string()),
            "d",
            "r",
            "mapped",
        );
        xcom.map_index = Some(index);
        xcom.mapped_length = Some(3);
        task.set_xcom(xcom.clone()).await.unwrap();
        task.set_xcom(xcom).await.unwrap();
        tasks.push(task);
    }
    let task = &tasks[0];
    let key = "return_value";
    let count = GetXComCount::new(key, "d", "r", "mapped");
    assert_eq!(task.xcom_count(count).await.unwrap(), 3);
    let item = GetXComSequenceItem::new(key, "d", "r", "mapped", -1);
    assert_eq!(task.xcom_item(item).await.unwrap().get(), "2");
    let slice = GetXComSequenceSlice::new(key, "d", "r", "mapped", None, None, Some(-1));
    let values = task.xcom_slice(slice).await.unwrap();
    let values: Vec<_> = values.iter().map(RawJson::get).collect();
    assert_eq!(values, ["2", "1", "0"]);
    let mut query = GetXCom::new(key, "d", "r", "mapped");
    query.map_index = Some(1);
    assert_eq!(task.xcom(query.clone()).await.unwrap().get(), "1");
    query.include_prior_dates = true;
    assert_eq!(task.xcom(query.clone()).await.unwrap().get(), "1");
    query.include_prior_dates = false;
    let mut delete = DeleteXCom::new(key, "d", "r", "mapped");
    delete.map_index = Some(1);
    task.delete_xcom(delete).await.unwrap();
    assert_eq!(kind(task.xcom(query).await), ErrorKind::NotFound);
    let end = TerminalUpdate::new(TerminalState::Removed, Timestamp::now());
    task.update_state(StateUpdate::Terminal(end)).await.unwrap();
    let crumbs = task.task_breadcrumbs("d", "r").await.unwrap();
    assert_eq!(crumbs[0]["region_id"], json!(region));
    let mut previous = GetPreviousTI::new("d", "mapped");
    previous.map_index = 2;
    let found = task
        .previous_task_instance(previous)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.region_id, found.region_index),
        (Some(region), Some(2))
    );
}

async fn questions(place: &Place) {
    let task = place.running("questions").await;
    let mut count = GetTICount::new("d");
    count.task_ids = Some(vec!["mapped".to_owned()]);
    assert_eq!(task.task_instance_count(count).await.unwrap(), 3);
    let states = task.task_states(GetTaskStates::new("d")).await.unwrap();
    assert_eq!(states["r"]["mapped_0"], "removed");
    for text in ["?", "??"] {
        let question = CreateHITLDetailPayload::new(task.ti_id(), vec!["yes".to_owned()], text);
        let asked = task.create_hitl_detail(question).await.unwrap();
        assert_eq!(asked.subject, text);
    }
    let answer = UpdateHITLDetail::new(task.ti_id(), vec!["yes".to_owned()]);
    task.update_hitl_detail(answer).await.unwrap();
    task.hitl_detail(task.ti_id()).await.unwrap();
}

async fn retried(place: &Place) {
    let first = place.running("retried").await;
    let xcom = |value: &str| SetXCom::new("k", json_text(value), "d", "r", "retried");
    first.set_xcom(xcom("1")).await.unwrap();
    place
        .run(sql("insert into task_instance_note (ti_id, content, created_at, updated_at) values ($1, 'n', now(), now())").bind(first.ti_id()))
        .await;
    let mut retry = RetryTask::new(Timestamp::now());
    retry.retry_delay_seconds = Some(2.5);
    first.update_state(StateUpdate::Retry(retry)).await.unwrap();
    for gone in [
        kind(first.check_is_latest_try(false).await),
        kind(first.xcom(GetXCom::new("k", "d", "r", "retried")).await),
        kind(first.set_rendered_fields(Default::default()).await),
    ] {
        assert_eq!(gone, ErrorKind::Gone);
    }
    assert_eq!(
        kind(
            place
                .store
                .task(Uuid::now_v7())
                .check_is_latest_try(false)
                .await
        ),
        ErrorKind::NotFound
    );
    // What was admitted before goes to the try that it is about.
    first.set_xcom(xcom("2")).await.unwrap();
    let second = place.latest("retried").await;
    assert_ne!(second.ti_id(), first.ti_id());
    second.check_is_latest_try(false).await.unwrap();
    assert_eq!(
        kind(second.xcom(GetXCom::new("k", "d", "r", "retried")).await),
        ErrorKind::NotFound
    );
    let notes = "select count(*) as v from task_instance_note";
    assert_eq!(place.value::<i64>(notes).await, 2);
    let archived = "select count(*) as v from task_instance where task_id = 'retried' and archived_reason = 'retry' \
        and state = 'failed' and working_set is null and try_number = 1";
    assert_eq!(place.value::<i64>(archived).await, 1);
    place
        .run("update task_instance set state = 'queued' where task_id = 'retried' and working_set")
        .await;
    let context = second.start(start()).await.unwrap();
    assert!(context.xcom_keys_to_clear.is_empty());
    assert!(context.should_retry);
}

async fn restarted(place: &Place) {
    let task = place.running("restarted").await;
    place
        .run("update task_instance set state = 'restarting' where task_id = 'restarted'")
        .await;
    let ended = ServerTerminated {
        end_date: Timestamp::now(),
        hostname: Some("h".to_owned()),
        pid: Some(5),
    };
    let other = ServerTerminated {
        pid: Some(6),
        ..ended.clone()
    };
    assert_eq!(
        kind(task.server_terminated(other).await),
        ErrorKind::Conflict
    );
    for _ in 0..2 {
        task.server_terminated(ended.clone()).await.unwrap();
    }
    let next = "select count(*) as v from task_instance where task_id = 'restarted' and working_set and state is null \
        and try_number = 2";
    assert_eq!(place.value::<i64>(next).await, 1);
}

async fn waits(place: &Place) {
    let task = place.running("deferred").await;
    let defer = DeferTask::new("a.B", "go_on");
    task.update_state(StateUpdate::Deferred(defer))
        .await
        .unwrap();
    let task = place.running("rescheduled").await;
    let again = RescheduleTask::new(Timestamp::now(), Timestamp::now());
    task.update_state(StateUpdate::Rescheduled(again))
        .await
        .unwrap();
    place
        .run("update task_instance set state = 'queued' where task_id = 'rescheduled'")
        .await;
    let context = task.start(start()).await.unwrap();
    assert_eq!(context.task_reschedule_count, 1);
    assert!(context.first_task_reschedule_start_date.is_some());
}

async fn ends(place: &Place) {
    place.queued("skipped", -1, Uuid::nil()).await;
    let task = place.running("succeeded").await;
    let skipped = vec![SkippedTask::Task("skipped".to_owned())];
    task.skip_downstream(skipped).await.unwrap();
    let states = "select state as v from task_instance where task_id = 'skipped'";
    assert_eq!(place.value::<String>(states).await, "skipped");
    place
        .run("insert into dag_schedule_asset_name_reference (name, dag_id, created_at) values ('new', 'd', now())")
        .await;
    let mut alias = AssetProfile::new("AssetAlias");
    alias.name = Some("any".to_owned());
    let event = json!({"source_alias_name": "any", "dest_asset_key": {"name": "new", "uri": "x://new"}, "extra": {"n": 1}});
    let mut success = SucceedTask::new(Timestamp::now());
    success.task_outlets = Some(vec![alias]);
    success.outlet_events = Some(vec![event.as_object().cloned().unwrap()]);
    task.update_state(StateUpdate::Success(success))
        .await
        .unwrap();
    let made = AssetEventsQuery::new(AssetEventsSource::Alias("any".to_owned()));
    assert_eq!(task.asset_events(made).await.unwrap().len(), 1);
    let source: Uuid = place
        .value("select source_task_instance_id as v from asset_event")
        .await;
    assert_eq!(source, task.ti_id());
    let queued = "select count(*) as v from asset_dag_run_queue q join asset_event e on e.id = q.asset_event_id";
    assert_eq!(place.value::<i64>(queued).await, 1);
    let task = place.running("behind").await;
    let failed = UpstreamFailed {
        end_date: Timestamp::now(),
        rendered_map_index: None,
    };
    task.update_state(StateUpdate::UpstreamFailed(failed))
        .await
        .unwrap();
    let task = place.running("failed").await;
    let mut failed = TerminalUpdate::new(TerminalState::Failed, Timestamp::now());
    failed.retry_reason = Some("no use".to_owned());
    task.update_state(StateUpdate::Terminal(failed))
        .await
        .unwrap();
    let reason = "select retry_reason as v from task_instance where task_id = 'failed'";
    assert_eq!(place.value::<String>(reason).await, "no use");
}

async fn connection_test(place: &Place) {
    let id = Uuid::now_v7();
    let statement = sql(
        "insert into connection_test_request (id, token, connection_id, state, created_at, updated_at, conn_type, \
         password, commit_on_success) values ($1, 't', 'c', 'queued', now(), now(), 'http', 'hunter2', true)",
    );
    place.run(statement.bind(id)).await;
    let tests = place.store.connection_tests();
    let connection = tests.start(id).await.unwrap();
    assert_eq!(connection.password.as_deref(), Some("hunter2"));
    assert_eq!(kind(tests.start(id).await), ErrorKind::Conflict);
    let worked = ConnectionTestResult {
        succeeded: true,
        message: None,
    };
    tests.finish(id, worked.clone()).await.unwrap();
    assert_eq!(kind(tests.finish(id, worked).await), ErrorKind::Conflict);
    let saved = "select count(*) as v from connection where conn_id = 'c' and password = 'hunter2'";
    assert_eq!(place.value::<i64>(saved).await, 1);
}
