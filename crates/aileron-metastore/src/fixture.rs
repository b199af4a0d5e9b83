//! A small database for tests: Dag `d`, its runs `r1` and `r2`, tasks `a` and the mapped `m`.

#[path = "../tests/support/postgres.rs"]
mod postgres;

use aileron_execution_api::ApiError;
use aileron_wire::json::RawJson;
use jiff::{SignedDuration, Timestamp};
use postgres::PostgresDatabase;
use uuid::Uuid;

use crate::database::{self, Dialect, Missing, Statement, sql};
use crate::scope::Scope;
use crate::{Metastore, Settings, TaskApi};

pub(crate) struct Fixture {
    pub(crate) store: Metastore,
    _directory: tempfile::TempDir,
    _postgres: Option<PostgresDatabase>,
}

/// The id of the task instance: the same in every fixture.
pub(crate) fn ti(run: u8, task_id: &str, map_index: i64) -> Uuid {
    let task = task_id.as_bytes()[0];
    let index = u8::try_from(map_index + 1).unwrap();
    Uuid::from_bytes([
        run, task, index, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, 1,
    ])
}

pub(crate) fn json(text: &str) -> RawJson {
    RawJson::from_text(text.to_owned()).unwrap()
}

/// What was refused: status and reason.
pub(crate) fn refusal<T: std::fmt::Debug>(result: Result<T, ApiError>) -> (u16, String) {
    let error = result.unwrap_err();
    let reason = error.reason().unwrap_or_default().to_owned();
    (error.status.unwrap(), reason)
}

pub(crate) const INSTANCES: [(&str, i64); 5] = [("a", -1), ("m", 0), ("m", 1), ("m", 2), ("m", 3)];

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("airflow.db");
        let postgres = PostgresDatabase::new().await;
        let store = match &postgres {
            Some(database) => Metastore::connect(&database.url()).await.unwrap(),
            None => Metastore::open(&path, Missing::Create).await.unwrap(),
        };
        let fixture = Self {
            store: store.with_settings(settings),
            _directory: directory,
            _postgres: postgres,
        };
        fixture
            .run(sql("insert into dag_bundle (name) values ('b')"))
            .await;
        fixture.dag("d").await;
        for run in [1, 2] {
            fixture.dag_run(run).await;
        }
        fixture
    }

    pub(crate) fn task(&self, run: u8, task_id: &str, map_index: i64) -> TaskApi {
        self.store.task(ti(run, task_id, map_index))
    }

    pub(crate) fn scope(&self, run: u8, task_id: &str, map_index: i64) -> Scope {
        Scope {
            dag_id: "d".into(),
            run_id: format!("r{run}"),
            task_id: task_id.into(),
            map_index,
            region_id: Uuid::nil(),
            in_loop: false,
        }
    }

    pub(crate) async fn run(&self, statement: Statement) {
        let mut transaction = self.store.database().begin().await.unwrap();
        transaction.execute(statement).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// What becomes of the text of a JSON value: it stays on SQLite; `jsonb` of PostgreSQL keeps the
    /// value, but neither the order of keys nor the way that numbers are written.
    pub(crate) async fn stored(&self, json: &str) -> String {
        if self.store.database().dialect() == Dialect::Sqlite {
            return json.to_owned();
        }
        let mut session = self.store.database().read().await.unwrap();
        let statement = sql("select cast(cast($1 as jsonb) as text) as t");
        let row = session.one(statement.bind(self::json(json))).await;
        row.unwrap().get("t").unwrap()
    }

    /// The first column, `n`, of the first row.
    pub(crate) async fn number(&self, text: &'static str) -> i64 {
        let mut session = self.store.database().read().await.unwrap();
        session.one(text).await.unwrap().get("n").unwrap()
    }

    /// The column `t` of all rows.
    pub(crate) async fn texts(&self, text: &'static str) -> Vec<String> {
        let mut session = self.store.database().read().await.unwrap();
        let rows = session.all(text).await.unwrap();
        rows.iter().map(|row| row.get("t").unwrap()).collect()
    }

    pub(crate) async fn dag(&self, dag_id: &str) {
        let statement = sql(
            "insert into dag (dag_id, is_paused, is_stale, bundle_name, timetable_type, \
             partition_mapper_info, max_active_tasks, max_consecutive_failed_dag_runs, \
             has_task_concurrency_limits) values ($1, false, false, 'b', '', $2, 16, 0, false)",
        );
        self.run(statement.bind(dag_id).bind(json("{}"))).await;
    }

    async fn dag_run(&self, run: u8) {
        let day: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let date = day + SignedDuration::from_hours(24 * i64::from(run));
        let statement = sql(
            "insert into dag_run (dag_id, run_id, run_type, run_after, logical_date, state, conf) \
             values ('d', $1, 'manual', $2, $2, $3, $4)",
        );
        let state = if run == 1 { "success" } else { "running" };
        let statement = statement.bind(format!("r{run}")).bind(date).bind(state);
        self.run(statement.bind(json("{}"))).await;
        for (task_id, map_index) in INSTANCES {
            let statement = sql(
                "insert into task_instance (id, dag_id, run_id, task_id, map_index, try_number, \
                 pool, pool_slots, state) values ($1, 'd', $2, $3, $4, 1, 'default_pool', 1, 'running')",
            );
            let id = ti(run, task_id, map_index);
            let statement = statement.bind(id).bind(format!("r{run}")).bind(task_id);
            self.run(statement.bind(map_index)).await;
        }
    }

    /// Makes an asset, active, with the URI `u-{name}`, and gives its id.
    pub(crate) async fn asset(&self, name: &str) -> i64 {
        let uri = format!("u-{name}");
        let mut transaction = self.store.database().begin().await.unwrap();
        let row = transaction
            .one(
                sql(
                    "insert into asset (name, uri, \"group\", extra, created_at, updated_at) \
                     values ($1, $2, 'asset', $3, $4, $4) returning id",
                )
                .bind(name)
                .bind(&uri)
                .bind(json("{}"))
                .bind(Timestamp::now()),
            )
            .await
            .unwrap();
        transaction
            .execute(
                sql("insert into asset_active (name, uri) values ($1, $2)")
                    .bind(name)
                    .bind(&uri),
            )
            .await
            .unwrap();
        transaction.commit().await.unwrap();
        row.get("id").unwrap()
    }
}
