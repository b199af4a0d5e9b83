//! The life of a task instance in Aileron's metadata store is what it is in Airflow's Execution API.
//!
//! The same requests go to a real Airflow and to a copy of its database. Answers and rows are compared.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::Path;

use aileron_client::{ApiToken, Client, ClientSettings};
use aileron_execution_api::{
    ApiError, EnterRunning, ExecutionApi, Heartbeat, StateUpdate, TerminalUpdate,
};
use aileron_metastore::Metastore;
use aileron_metastore::database::{Database, Missing, sql};
use aileron_wire::json::RawJson;
use aileron_wire::message::{
    AssetProfile, AwaitInputTask, DeferTask, GetPreviousTI, GetTICount, GetTaskRescheduleStartDate,
    GetTaskStates, Kwargs, RescheduleTask, RetryTask, SetXCom, SkippedTask, SucceedTask,
    TIRunContext, TerminalState,
};
use end_to_end::{AirflowVersion, ExecutionApiServer, rows};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const VERSION: AirflowVersion = AirflowVersion::V3_3_2;
const DAG: &str = ExecutionApiServer::DAG_ID;

/// What was asked, and what came: a value, or status and details of a refusal.
type Transcript = Vec<(&'static str, Result<Value, (Option<u16>, Value)>)>;

/// A worker that speaks for one task instance, and writes down what it hears.
struct Worker<'a> {
    api: &'a dyn ExecutionApi,
    run_id: &'a str,
    heard: Transcript,
}

impl Worker<'_> {
    fn hear<T>(&mut self, step: &'static str, answer: Result<T, ApiError>, of: fn(T) -> Value) {
        let answer = answer
            .map(of)
            .map_err(|error| (error.status, *error.detail));
        self.heard.push((step, answer));
    }

    async fn start(&mut self, pid: u32) {
        let start = EnterRunning {
            hostname: "worker".to_owned(),
            unixname: "ada".to_owned(),
            pid,
            start_date: time("2026-03-01T10:00:00.25Z"),
        };
        let answer = self.api.start(start).await;
        self.hear("start", answer, context);
    }

    async fn beat(&mut self, pid: u32) {
        let hostname = "worker".to_owned();
        let answer = self.api.heartbeat(Heartbeat { hostname, pid }).await;
        self.hear("heartbeat", answer, nothing);
    }

    async fn update(&mut self, update: StateUpdate) {
        let step = update.state().as_str();
        let answer = self.api.update_state(update).await;
        self.hear(step, answer, nothing);
    }
}

fn nothing((): ()) -> Value {
    Value::Null
}

fn plain<T: serde::Serialize>(value: T) -> Value {
    serde_json::to_value(value).unwrap()
}

fn context(mut context: TIRunContext) -> Value {
    context.xcom_keys_to_clear.sort();
    plain(context)
}

/// The day of all times that the workers say.
const DAY: &str = "2026-03-01";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn ended() -> Timestamp {
    time("2026-03-01T10:00:03.5Z")
}

fn terminal(state: TerminalState) -> StateUpdate {
    StateUpdate::Terminal(TerminalUpdate {
        rendered_map_index: Some("label".to_owned()),
        ..TerminalUpdate::new(state, ended())
    })
}

async fn retried(worker: &mut Worker<'_>) {
    worker.start(7).await;
    worker.start(7).await;
    worker.start(8).await;
    worker.beat(7).await;
    worker.beat(8).await;
    let mut retry = RetryTask::new(ended());
    retry.retry_delay_seconds = Some(1.5);
    retry.retry_reason = Some("é".repeat(600));
    retry.rendered_map_index = Some("label".to_owned());
    worker.update(StateUpdate::Retry(retry.clone())).await;
    worker.beat(7).await;
    worker.update(StateUpdate::Retry(retry)).await;
    worker.start(7).await;
}

async fn succeeded(worker: &mut Worker<'_>) {
    worker.start(7).await;
    let mut success = SucceedTask::new(ended());
    let mut outlet = AssetProfile::new("Asset");
    outlet.name = Some("orders".to_owned());
    outlet.uri = Some("file:///orders".to_owned());
    success.task_outlets = Some(vec![outlet]);
    let event = json!({
        "dest_asset_key": {"name": "orders", "uri": "file:///orders"},
        "extra": {"n": 1.0},
    });
    success.outlet_events = Some(vec![event.as_object().cloned().unwrap()]);
    worker.update(StateUpdate::Success(success.clone())).await;
    worker.update(StateUpdate::Success(success)).await;
    worker.update(terminal(TerminalState::Skipped)).await;
    worker.beat(7).await;
}

async fn deferred(worker: &mut Worker<'_>) {
    worker.start(7).await;
    let mut defer = DeferTask::new("a.Trigger", "go_on");
    defer.trigger_kwargs = Some(Kwargs::Map(
        json!({"moment": "é"}).as_object().cloned().unwrap(),
    ));
    defer.next_kwargs = json!({"a": [1, null]}).as_object().cloned();
    defer.trigger_timeout = Some(SignedDuration::from_secs(60));
    defer.queue = Some("triggers".to_owned());
    defer.rendered_map_index = Some("label".to_owned());
    worker.update(StateUpdate::Deferred(defer.clone())).await;
    worker.update(StateUpdate::Deferred(defer)).await;
    worker.beat(7).await;
    worker.start(7).await;
}

async fn rescheduled(worker: &mut Worker<'_>) {
    worker.start(7).await;
    let query = GetTaskRescheduleStartDate::new(worker.api.ti_id());
    let answer = worker.api.reschedule_start_date(query.clone()).await;
    worker.hear("not rescheduled", answer, plain);
    let again = RescheduleTask::new(time("2026-03-01T11:00:00Z"), ended());
    worker.update(StateUpdate::Rescheduled(again)).await;
    let answer = worker.api.reschedule_start_date(query).await;
    worker.hear("rescheduled", answer, |date| json!(date.is_some()));
}

async fn waiting(worker: &mut Worker<'_>) {
    worker.start(7).await;
    let mut input = AwaitInputTask::new("answered");
    input.next_kwargs = json!({"a": 1}).as_object().cloned();
    input.timeout = Some(SignedDuration::from_secs(60));
    worker.update(StateUpdate::AwaitingInput(input)).await;
}

async fn removed(worker: &mut Worker<'_>) {
    worker.start(7).await;
    worker.update(terminal(TerminalState::Removed)).await;
}

async fn failed(worker: &mut Worker<'_>) {
    worker.start(7).await;
    let xcom = SetXCom::new("k", RawJson::of(&[1.0]).unwrap(), DAG, worker.run_id, "one");
    let answer = worker.api.set_xcom(xcom).await;
    worker.hear("XCom", answer, nothing);
    worker.start(7).await;
    worker.update(terminal(TerminalState::Failed)).await;
}

async fn nonsense(worker: &mut Worker<'_>) {
    worker.start(7).await;
    let mut success = SucceedTask::new(ended());
    let event =
        json!({"dest_asset_key": {"name": "a", "uri": "b"}, "extra": {}, "partition_key": " "});
    success.outlet_events = Some(vec![event.as_object().cloned().unwrap()]);
    let answer = worker.api.update_state(StateUpdate::Success(success)).await;
    // The words are our own.
    worker.hear("partition key", answer.map_err(without_message), nothing);
    let mut success = SucceedTask::new(ended());
    success.outlet_events = Some(vec![json!({"nonsense": 1}).as_object().cloned().unwrap()]);
    success.task_outlets = Some(vec![AssetProfile::new("AssetAlias")]);
    worker.update(StateUpdate::Success(success)).await;
}

fn without_message(mut error: ApiError) -> ApiError {
    if let Some(detail) = error.detail.as_object_mut() {
        detail.remove("message");
    }
    error
}

async fn asking(worker: &mut Worker<'_>) {
    worker.start(7).await;
    let api = worker.api;
    let fields = json!({"command": "new", "n": [1]});
    for _ in 0..2 {
        let fields = fields.as_object().cloned().unwrap();
        worker.hear("fields", api.set_rendered_fields(fields).await, nothing);
    }
    let answer = api.set_rendered_map_index("label".to_owned()).await;
    worker.hear("label", answer, nothing);
    let answer = api.set_rendered_map_index(String::new()).await;
    worker.hear("no label", answer, nothing);
    let tasks = vec![
        SkippedTask::Task("after".to_owned()),
        SkippedTask::Task("one".to_owned()),
        SkippedTask::Mapped("mapped".to_owned(), 1),
        SkippedTask::Mapped("mapped".to_owned(), 7),
    ];
    worker.hear("skip", api.skip_downstream(tasks).await, nothing);
    worker.hear("inactive", api.inactive_assets().await, plain);
    let answer = api.task_breadcrumbs(DAG, worker.run_id).await;
    worker.hear("breadcrumbs", answer, plain);
    questions(worker).await;
}

async fn questions(worker: &mut Worker<'_>) {
    let api = worker.api;
    let mine = Some(vec![worker.run_id.to_owned()]);
    for states in [
        None,
        Some(vec!["null"]),
        Some(vec!["queued", "null"]),
        Some(vec!["skipped"]),
    ] {
        let mut query = GetTICount::new(DAG);
        query.run_ids.clone_from(&mine);
        query.states = states.map(|states| states.into_iter().map(str::to_owned).collect());
        worker.hear("count", api.task_instance_count(query).await, plain);
    }
    for (task_ids, map_index) in [(None, None), (Some(vec!["mapped".to_owned()]), Some(2))] {
        let mut query = GetTaskStates::new(DAG);
        query.run_ids.clone_from(&mine);
        query.task_ids = task_ids;
        query.map_index = map_index;
        worker.hear("states", api.task_states(query).await, plain);
    }
    let mut group = GetTICount::new(DAG);
    group.task_group_id = Some("nothing".to_owned());
    worker.hear("group", api.task_instance_count(group).await, plain);
    let mut previous = GetPreviousTI::new(DAG, "nobody");
    worker.hear(
        "nobody",
        api.previous_task_instance(previous.clone()).await,
        plain,
    );
    previous.task_id = "one".to_owned();
    previous.logical_date = Some(time("2000-01-01T00:00:00Z"));
    worker.hear(
        "none before",
        api.previous_task_instance(previous).await,
        plain,
    );
}

/// What is done, and by which task instance; each in a run of its own.
const SCENARIOS: [(&str, &str); 9] = [
    ("retried", "one"),
    ("succeeded", "one"),
    ("deferred", "two"),
    ("rescheduled", "two"),
    ("waiting", "two"),
    ("removed", "mapped[1]"),
    ("failed", "one"),
    ("nonsense", "two"),
    ("asking", "one"),
];

async fn play(scenario: &str, api: &dyn ExecutionApi) -> Transcript {
    let mut worker = Worker {
        api,
        run_id: scenario,
        heard: Vec::new(),
    };
    match scenario {
        "retried" => retried(&mut worker).await,
        "succeeded" => succeeded(&mut worker).await,
        "deferred" => deferred(&mut worker).await,
        "rescheduled" => rescheduled(&mut worker).await,
        "waiting" => waiting(&mut worker).await,
        "removed" => removed(&mut worker).await,
        "failed" => failed(&mut worker).await,
        "nonsense" => nonsense(&mut worker).await,
        _ => asking(&mut worker).await,
    }
    worker.heard
}

fn client(url: &str, workload: &Value) -> Client {
    let id = workload["ti"]["id"].as_str().unwrap().parse().unwrap();
    let token = ApiToken::new(workload["token"].as_str().unwrap().to_owned()).unwrap();
    Client::new(url, id, token, &ClientSettings::default()).unwrap()
}

/// Columns with the time of the request, or what is computed with it.
const NOW: [&str; 10] = [
    "dttm",
    "updated_at",
    "created_at",
    "created_date",
    "last_heartbeat_at",
    "timestamp",
    "trigger_timeout",
    "scheduled_dttm",
    "queued_dttm",
    "last_updated",
];

/// Columns with JSON, where neither spaces nor the order of keys count.
const JSON: [&str; 6] = [
    "kwargs",
    "next_kwargs",
    "extra",
    "rendered_fields",
    "k8s_pod_yaml",
    "value",
];

/// The rows of a table, without what is another one each time.
fn content(path: &Path, table: &str, ids: &[String]) -> Vec<BTreeMap<String, Value>> {
    let columns: Vec<String> = rows(
        VERSION,
        path,
        &format!("select name from pragma_table_info('{table}')"),
    )
    .unwrap()
    .iter()
    .map(|row| row[0].as_str().unwrap().to_owned())
    .filter(|name| name != "executor_config")
    .collect();
    let list: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
    let query = format!("select {} from \"{table}\"", list.join(", "));
    let mut content: Vec<BTreeMap<String, Value>> = rows(VERSION, path, &query)
        .unwrap()
        .iter()
        .map(|row| {
            let cells = row.as_array().unwrap().iter();
            columns
                .iter()
                .zip(cells)
                .map(|(name, cell)| (name.clone(), comparable(table, name, cell, ids)))
                .collect()
        })
        .collect();
    // Why asset events were refused; Airflow writes that to its own log.
    content.retain(|row| row.get("event") != Some(&json!("asset events refused")));
    if table == "log" {
        content.iter_mut().for_each(|row| drop(row.remove("id")));
    }
    content.sort_by_key(|row| format!("{row:?}"));
    content
}

fn comparable(table: &str, column: &str, cell: &Value, ids: &[String]) -> Value {
    let is_now = |cell: &Value| {
        let said = cell.as_str().is_some_and(|text| text.starts_with(DAY));
        NOW.contains(&column) || (["start_date", "end_date"].contains(&column) && !said)
    };
    match cell {
        Value::Null => Value::Null,
        _ if is_now(cell) => json!("now"),
        // It counts from now.
        _ if table == "task_reschedule" && column == "duration" => json!("now"),
        Value::String(id) if column == "id" && table == "task_instance" && !ids.contains(id) => {
            json!("new")
        }
        Value::String(text) if JSON.contains(&column) => {
            serde_json::from_str(text).unwrap_or_else(|_| cell.clone())
        }
        Value::Number(number) if column == "duration" => {
            let seconds = number.as_f64().unwrap();
            // What ended now began long ago.
            let is_said = seconds < 60.0;
            is_said
                .then(|| (seconds * 1000.0).round() / 1000.0)
                .map_or(json!("now"), |seconds| json!(seconds))
        }
        _ => cell.clone(),
    }
}

/// Compares, and shows the first that differs.
fn same<T: PartialEq + Debug>(what: &str, ours: &[T], theirs: &[T]) {
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert_eq!(ours, theirs, "{what}: ours is left, Airflow's right");
    }
    assert_eq!(ours.len(), theirs.len(), "{what}");
}

#[tokio::test]
async fn the_same_requests_have_the_same_answers_and_leave_the_same_rows() {
    let mut server = ExecutionApiServer::start(VERSION).unwrap();
    let mut workloads = BTreeMap::new();
    for (scenario, _) in SCENARIOS {
        workloads.insert(scenario, server.make_run(scenario).unwrap());
    }
    let theirs = server.home().join("airflow.db");
    let directory = tempfile::tempdir().unwrap();
    let ours = directory.path().join("airflow.db");
    let original = Database::sqlite(&theirs, Missing::Fail).await.unwrap();
    let copy = sql("vacuum into $1").bind(ours.to_str().unwrap());
    original.read().await.unwrap().execute(copy).await.unwrap();
    original.close().await;
    let store = Metastore::open(&ours, Missing::Fail).await.unwrap();

    for (scenario, task) in SCENARIOS {
        let client = client(&server.url(), &workloads[scenario][task]);
        let airflow = play(scenario, &client).await;
        let aileron = play(scenario, &store.task(client.ti_id())).await;
        same(scenario, &aileron, &airflow);
    }
    store.database().close().await;

    let ids: Vec<String> = workloads
        .values()
        .flat_map(|run| run.values())
        .map(|workload| workload["ti"]["id"].as_str().unwrap().replace('-', ""))
        .collect();
    for table in [
        "task_instance",
        "task_instance_history",
        "task_reschedule",
        "trigger",
        "log",
        "rendered_task_instance_fields",
        "asset_event",
        "asset_dag_run_queue",
        "xcom",
        "dag_run",
    ] {
        same(
            table,
            &content(&ours, table, &ids),
            &content(&theirs, table, &ids),
        );
    }
}
