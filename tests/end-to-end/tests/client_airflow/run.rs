//! A run of a Dag on each Airflow, and the workers of its task instances.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};

use aileron_client::{ApiToken, ApiVersion, Client, ClientSettings};
use aileron_execution_api::{ApiError, EnterRunning, ErrorKind, ExecutionApi as _, Heartbeat};
use aileron_wire::json::RawJson;
use end_to_end::{AirflowVersion, ExecutionApiServer};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

pub(crate) const DAG: &str = ExecutionApiServer::DAG_ID;

/// Python takes seconds to import Airflow, so the tests share one server for each version.
static SERVERS: LazyLock<Vec<(AirflowVersion, Mutex<ExecutionApiServer>)>> = LazyLock::new(|| {
    let start = |version| Mutex::new(ExecutionApiServer::start(version).unwrap());
    AirflowVersion::ALL
        .into_iter()
        .map(|version| (version, start(version)))
        .collect()
});

/// One run of the Dag, and the workers of its task instances.
pub(crate) struct Run {
    pub(crate) version: AirflowVersion,
    pub(crate) run_id: String,
    pub(crate) url: String,
    pub(crate) database: PathBuf,
    pub(crate) workloads: BTreeMap<String, Value>,
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

    pub(crate) fn client_asking_for(&self, task: &str, api_version: ApiVersion) -> Client {
        let workload = &self.workloads[task];
        let id = workload["ti"]["id"].as_str().unwrap().parse().unwrap();
        let token = ApiToken::new(workload["token"].as_str().unwrap().to_owned()).unwrap();
        let settings = ClientSettings {
            api_version,
            ..ClientSettings::default()
        };
        Client::new(&self.url, id, token, &settings).unwrap()
    }

    pub(crate) fn client(&self, task: &str) -> Client {
        self.client_asking_for(task, ApiVersion::default())
    }

    pub(crate) async fn started(&self, task: &str) -> Client {
        let client = self.client(task);
        client.start(worker(1)).await.unwrap();
        client
    }

    pub(crate) fn is_3_4(&self) -> bool {
        self.version == AirflowVersion::V3_4_0b2
    }
}

pub(crate) fn worker(pid: u32) -> EnterRunning {
    EnterRunning {
        hostname: "worker".to_owned(),
        unixname: "ada".to_owned(),
        pid,
        start_date: Timestamp::now(),
    }
}

pub(crate) fn beat(pid: u32) -> Heartbeat {
    Heartbeat {
        hostname: "worker".to_owned(),
        pid,
    }
}

/// Runs the test with a run of its own on every version, one test at a time: SQLite has one writer.
pub(crate) fn on_every_version<F: Future<Output = ()>>(test: impl Fn(Run) -> F) {
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

pub(crate) fn kind<T: std::fmt::Debug>(result: Result<T, ApiError>) -> ErrorKind {
    result.unwrap_err().kind
}

pub(crate) fn raw(value: &Value) -> RawJson {
    RawJson::of(value).unwrap()
}
