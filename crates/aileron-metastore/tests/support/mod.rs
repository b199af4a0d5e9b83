//! A store with a Dag, and what the tests ask of it.

mod postgres;

use std::path::PathBuf;

use aileron_bundle::manifest::{DagOutline, TaskOutline};
use aileron_execution_api::{EnterRunning, ExecutionApi, Heartbeat};
use aileron_metastore::database::{self, Missing, Statement};
use aileron_metastore::{DagFile, DagRunRequest, Metastore, Run, TaskApi, TaskInstanceRecord};
use aileron_wire::message::TIRunContext;
use jiff::Timestamp;
use postgres::PostgresDatabase;
use uuid::Uuid;

pub struct Store {
    pub store: Metastore,
    directory: tempfile::TempDir,
    _postgres: Option<PostgresDatabase>,
}

pub fn task(task_id: &str, upstream: &[&str]) -> TaskOutline {
    TaskOutline {
        task_id: task_id.to_owned(),
        upstream: upstream.iter().map(|id| (*id).to_owned()).collect(),
        ..TaskOutline::default()
    }
}

/// `first` with one retry, then `second`.
#[allow(dead_code, reason = "not every test has this Dag")]
pub fn two_tasks() -> DagOutline {
    DagOutline {
        dag_id: "shop".to_owned(),
        tags: vec!["b".to_owned(), "a".to_owned()],
        tasks: vec![
            TaskOutline {
                retries: Some(1),
                ..task("first", &[])
            },
            task("second", &["first"]),
        ],
        ..DagOutline::default()
    }
}

pub fn file() -> DagFile {
    DagFile {
        bundle_name: "aileron".to_owned(),
        fileloc: "/dags/shop".to_owned(),
        relative_fileloc: "shop".to_owned(),
        source_code: "fn main() {}".to_owned(),
        queue: "default".to_owned(),
    }
}

#[allow(dead_code, reason = "not every test starts one itself")]
pub fn enter(pid: u32) -> EnterRunning {
    EnterRunning {
        hostname: "host".to_owned(),
        unixname: "ada".to_owned(),
        pid,
        start_date: Timestamp::now(),
    }
}

#[allow(dead_code, reason = "not every test sends heartbeats")]
pub fn beat(pid: u32) -> Heartbeat {
    Heartbeat {
        hostname: "host".to_owned(),
        pid,
    }
}

impl Store {
    pub async fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("airflow.db");
        let postgres = PostgresDatabase::new().await;
        let store = match &postgres {
            Some(database) => Metastore::connect(&database.url()).await.unwrap(),
            None => Metastore::open(&path, Missing::Create).await.unwrap(),
        };
        Self {
            store,
            directory,
            _postgres: postgres,
        }
    }

    /// With a run `r` of a Dag, running.
    #[allow(dead_code, reason = "not every test has one run")]
    pub async fn running(dag: &DagOutline) -> (Self, Run) {
        let this = Self::empty().await;
        this.store.register_dag(dag, &file()).await.unwrap();
        let request = DagRunRequest::manual(&dag.dag_id, "r", None);
        assert!(this.store.create_dag_run(&request).await.unwrap());
        let run = this.store.run(&dag.dag_id, "r");
        run.set_state(aileron_wire::message::DagRunState::Running)
            .await
            .unwrap();
        (this, run)
    }

    #[allow(dead_code, reason = "not every test looks at the file")]
    pub fn path(&self) -> PathBuf {
        self.directory.path().join("airflow.db")
    }

    /// The column `v` of the only row.
    #[allow(dead_code, reason = "not every test looks at rows")]
    pub async fn value<T: aileron_metastore::database::Column>(
        &self,
        statement: impl Into<Statement>,
    ) -> T {
        let mut session = self.store.database().read().await.unwrap();
        let row = session.one(statement).await.unwrap();
        row.get("v").unwrap()
    }

    /// A task instance that runs: queued, and started by process 7.
    #[allow(dead_code, reason = "not every test starts one")]
    pub async fn start(&self, run: &Run, task_id: &str) -> (TaskApi, TIRunContext) {
        let id = instance(run, task_id).await.id;
        assert_eq!(run.queue(&[id]).await.unwrap(), [id]);
        let api = self.store.task(id);
        let context = api.start(enter(7)).await.unwrap();
        (api, context)
    }
}

/// The only instance of a task.
pub async fn instance(run: &Run, task_id: &str) -> TaskInstanceRecord {
    let all = run.task_instances().await.unwrap();
    let mut found = all.into_iter().filter(|record| record.task_id == task_id);
    let one = found.next().unwrap();
    assert!(found.next().is_none(), "{task_id} has several instances");
    one
}

#[allow(dead_code, reason = "not every test has mapped tasks")]
pub async fn instances(run: &Run, task_id: &str) -> Vec<(Uuid, i64, Option<String>)> {
    let all = run.task_instances().await.unwrap();
    all.into_iter()
        .filter(|record| record.task_id == task_id)
        .map(|record| {
            let state = record.state.map(|state| state.to_string());
            (record.id, record.map_index, state)
        })
        .collect()
}
