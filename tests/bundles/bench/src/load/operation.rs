//! What is asked, request by request.

use clap::ValueEnum;
use serde_json::{Value, json};

use super::task::{DAG_ID, TASK_ID, Task};

const HOST: &str = "bench";
const PROCESS: u32 = 4711;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operation {
    /// Makes what the others read
    Prepare,
    XcomGet,
    XcomSet,
    VariableGet,
    StoreGet,
    StorePut,
    Heartbeat,
    /// A queued task instance is started, and succeeds
    RunSuccess,
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Option<String>,
    /// The only status that is right.
    pub(crate) status: u16,
}

impl Step {
    fn new(method: &'static str, path: String, body: Option<Value>, status: u16) -> Self {
        Self {
            method,
            path: format!("/execution{path}"),
            body: body.map(|body| body.to_string()),
            status,
        }
    }
}

impl Operation {
    /// Whether every turn is about another task instance.
    pub(crate) fn uses_up_tasks(self) -> bool {
        self == Self::RunSuccess
    }

    /// The requests of one turn.
    pub(crate) fn steps(self, task: Task) -> Vec<Step> {
        match self {
            Self::Prepare => vec![put_variable(), set_xcom(task), put_state(task)],
            Self::XcomGet => vec![Step::new("GET", xcom(task), None, 200)],
            Self::XcomSet => vec![set_xcom(task)],
            Self::VariableGet => {
                let path = "/variables/bench".to_owned();
                vec![Step::new("GET", path, None, 200)]
            }
            Self::StoreGet => vec![Step::new("GET", store(task), None, 200)],
            Self::StorePut => vec![put_state(task)],
            Self::Heartbeat => vec![heartbeat(task)],
            Self::RunSuccess => vec![start(task), succeed(task)],
        }
    }
}

fn value() -> Value {
    json!({"rows": 1200, "bucket": "orders", "key": "2026/11/20/part-0001.parquet", "checksum": "9f86d081884c7d65"})
}

fn xcom(task: Task) -> String {
    let (run_id, map_index) = (task.run_id(), task.map_index());
    format!("/xcoms/{DAG_ID}/{run_id}/{TASK_ID}/return_value?map_index={map_index}")
}

fn set_xcom(task: Task) -> Step {
    Step::new("POST", xcom(task), Some(value()), 201)
}

fn put_variable() -> Step {
    let body = json!({"val": "https://warehouse.example/api", "description": null});
    let path = "/variables/bench".to_owned();
    Step::new("PUT", path, Some(body), 201)
}

fn store(task: Task) -> String {
    format!("/store/ti/{}/progress", task.id())
}

fn put_state(task: Task) -> Step {
    let body = json!({"value": value()});
    Step::new("PUT", store(task), Some(body), 204)
}

fn of_task(task: Task, what: &str) -> String {
    format!("/task-instances/{}/{what}", task.id())
}

fn heartbeat(task: Task) -> Step {
    let body = json!({"hostname": HOST, "pid": PROCESS});
    let path = of_task(task, "heartbeat");
    Step::new("PUT", path, Some(body), 204)
}

fn start(task: Task) -> Step {
    let body = json!({
        "state": "running",
        "hostname": HOST,
        "unixname": "airflow",
        "pid": PROCESS,
        "start_date": "2026-11-20T06:00:00Z",
    });
    let path = of_task(task, "run");
    Step::new("PATCH", path, Some(body), 200)
}

fn succeed(task: Task) -> Step {
    let body = json!({
        "state": "success",
        "end_date": "2026-11-20T06:00:01Z",
        "task_outlets": [],
        "outlet_events": [],
    });
    let path = of_task(task, "state");
    Step::new("PATCH", path, Some(body), 204)
}
