//! A small Airflow: Dag `d` with a run that has ended, `r1`, and two that have not, `r2` and `r3`; and a directory as the store.
#![allow(
    unreachable_pub,
    dead_code,
    reason = "a module of several test programs"
)]

use aileron_config::Config;
use aileron_flip::Base;
use aileron_metastore::Metastore;
use aileron_metastore::database::{Missing, Statement, sql};
use aileron_wire::json::RawJson;
use aileron_xcom::storage::{ObjectStorage, Settings};
use jiff::Timestamp;
use object_store::ObjectStoreExt as _;
use uuid::Uuid;

pub struct World {
    pub store: Metastore,
    pub base: Base,
    directory: tempfile::TempDir,
}

pub fn json(text: &str) -> RawJson {
    RawJson::from_text(text.to_owned()).unwrap()
}

impl World {
    pub async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("airflow.db");
        let store = Metastore::open(&path, Missing::Create).await.unwrap();
        let base = format!("file://{}/x", directory.path().display());
        let config = Config::with_environment([
            ("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", base.as_str()),
            ("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_COMPRESSION", "gzip"),
        ]);
        let settings = Settings::of_xcoms(&config).unwrap();
        let base = Base::new(ObjectStorage::open(&settings, None).unwrap());
        let world = Self {
            store,
            base,
            directory,
        };
        world
            .run(sql("insert into dag_bundle (name) values ('b')"))
            .await;
        let dag = sql(
            "insert into dag (dag_id, is_paused, is_stale, bundle_name, timetable_type, partition_mapper_info, \
             max_active_tasks, max_consecutive_failed_dag_runs, has_task_concurrency_limits) \
             values ('d', false, false, 'b', '', '{}', 16, 0, false)",
        );
        world.run(dag).await;
        for (run, state) in [("r1", "success"), ("r2", "running"), ("r3", "queued")] {
            world.dag_run(run, state).await;
        }
        world
    }

    async fn dag_run(&self, run: &str, state: &str) {
        let after: Timestamp = format!("2026-01-0{}T00:00:00Z", &run[1..]).parse().unwrap();
        let statement = sql(
            "insert into dag_run (dag_id, run_id, run_type, run_after, logical_date, state, conf) \
             values ('d', $1, 'manual', $2, $2, $3, '{}')",
        );
        self.run(statement.bind(run).bind(after).bind(state)).await;
        for task in ["a", "b"] {
            let statement = sql(
                "insert into task_instance (id, dag_id, run_id, task_id, map_index, try_number, pool, pool_slots, state) \
                 values ($1, 'd', $2, $3, -1, 1, 'default_pool', 1, 'success')",
            );
            self.run(statement.bind(Uuid::new_v4()).bind(run).bind(task))
                .await;
        }
    }

    pub async fn run(&self, statement: Statement) {
        self.store.database().change(statement).await.unwrap();
    }

    /// Stores an XCom of task `a`.
    pub async fn xcom(&self, run: &str, key: &str, value: &str) {
        let statement = sql(
            "insert into xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp) \
             select id, 'a', -1, $2, 'd', $1, $3, $4 from dag_run where run_id = $1",
        );
        let statement = statement.bind(run).bind(key).bind(json(value));
        self.run(statement.bind(Timestamp::now())).await;
    }

    /// Stores an object, and gives the reference to it.
    pub async fn object(&self, run: &str, content: &str) -> String {
        let path = format!("d/{run}/a/{}", Uuid::new_v4());
        self.put(&format!("x/{path}"), content);
        format!("{}{path}", self.base.name().shown())
    }

    /// Makes a file in the directory above the base.
    pub fn put(&self, path: &str, content: &str) {
        let path = self.directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Whether there is a file in the directory above the base.
    pub fn has(&self, path: &str) -> bool {
        self.directory.path().join(path).exists()
    }

    /// Stores an XCom as the backend offloads it.
    pub async fn offloaded(&self, run: &str, key: &str, content: &str) -> String {
        let reference = self.object(run, content).await;
        self.xcom(run, key, &format!("\"{reference}\"")).await;
        reference
    }

    /// The stored text of the XCom with this key.
    pub async fn value(&self, run: &str, key: &str) -> String {
        let mut session = self.store.database().read().await.unwrap();
        let statement =
            sql("select cast(value as text) as t from xcom where run_id = $1 and key = $2");
        let row = session.one(statement.bind(run).bind(key)).await.unwrap();
        row.get("t").unwrap()
    }

    pub async fn exists(&self, reference: &str) -> bool {
        let object = self.base.object(reference).unwrap();
        self.base.store().head(&object).await.is_ok()
    }
}
