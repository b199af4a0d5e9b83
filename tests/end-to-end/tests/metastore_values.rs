//! What the metadata store writes Airflow's models read, and the other way round, on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used)]

use std::process::Command;

use aileron_metastore::Metastore;
use aileron_metastore::database::{Database, Missing, Statement, sql};
use aileron_wire::json::RawJson;
use end_to_end::{AirflowVersion, Postgres, workspace_root};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

const VERSION: AirflowVersion = AirflowVersion::V3_3_2;
const ID: Uuid = Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_0001);
const TIME: &str = "2026-11-20T08:20:41.053358Z";
/// An empty dict of Python, pickled.
const PICKLED: [u8; 4] = [0x80, 0x04, b'}', b'.'];

#[tokio::test]
async fn every_kind_of_value_passes_both_ways_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("airflow.db");
    let store = Metastore::open(&path, Missing::Create).await.unwrap();
    let url = format!("sqlite:///{}", path.display());
    pass_both_ways(store.database(), &url).await;
}

#[tokio::test]
async fn every_kind_of_value_passes_both_ways_on_postgresql() {
    let server = Postgres::start().unwrap();
    let database = server.database(VERSION).unwrap();
    // Airflow's URL with its driver is good enough for us.
    let url = database.sqlalchemy_url();
    let store = Metastore::connect(&url).await.unwrap();
    pass_both_ways(store.database(), &url).await;
    store.database().close().await;
}

async fn pass_both_ways(database: &Database, url: &str) {
    write(database).await;
    let read = airflow(url);
    let expected = json!({
        "is_paused": true, "has_import_errors": false, "last_parsed_time": "2026-11-20T08:20:41.053358+00:00",
        "max_active_tasks": 16, "description": "Häfen 'north' \\ \"south\"", "conf": {"ä": [1.5, null, "x"]},
        "logical_date": "2026-11-20T08:20:41.053358+00:00", "id": ID.to_string(), "duration": 0.1,
        "executor_config": {}, "external_executor_id": null, "value": {"deep": [1, "é", null]},
    });
    assert_eq!(read["found"], expected);
    let types = &read["types"];
    for (name, kind) in [
        ("is_paused", "bool"),
        ("id", "UUID"),
        ("duration", "float"),
        ("max_active_tasks", "int"),
    ] {
        assert_eq!(types[name], kind, "{name}");
    }
    assert_written_by_airflow(database).await;
}

async fn write(database: &Database) {
    let time: Timestamp = TIME.parse().unwrap();
    let json = |text: &str| RawJson::from_text(text.to_owned()).unwrap();
    let statements: Vec<Statement> = vec![
        sql("insert into dag_bundle (name) values ('b')"),
        sql("insert into dag (dag_id, is_paused, is_stale, bundle_name, timetable_type, partition_mapper_info, \
             max_active_tasks, max_consecutive_failed_dag_runs, has_task_concurrency_limits, has_import_errors, \
             last_parsed_time, description) values ('d', $1, false, 'b', '', $2, $3, 0, false, $4, $5, $6)")
            .bind(true)
            .bind(json("{}"))
            .bind(16)
            .bind(false)
            .bind(time)
            .bind("Häfen 'north' \\ \"south\""),
        sql("insert into dag_run (dag_id, run_id, run_type, run_after, logical_date, state, conf) \
             values ('d', 'r', 'manual', $1, $1, 'running', $2)")
            .bind(time)
            .bind(json("{\"ä\": [1.5, null, \"x\"]}")),
        sql("insert into task_instance (id, dag_id, run_id, task_id, map_index, try_number, pool, pool_slots, \
             duration, executor_config, external_executor_id) \
             values ($1, 'd', 'r', 't', -1, 1, 'default_pool', 1, $2, $3, $4)")
            .bind(ID)
            .bind(0.1)
            .bind(PICKLED.to_vec())
            .bind(None::<String>),
        sql("insert into xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp) \
             select id, 't', -1, 'k', 'd', 'r', $1, $2 from dag_run")
            .bind(json("{\"deep\": [1, \"é\", null]}"))
            .bind(time),
    ];
    let mut transaction = database.begin().await.unwrap();
    for statement in statements {
        transaction.execute(statement).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Runs the script with Airflow's models.
fn airflow(url: &str) -> Value {
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(VERSION.python().unwrap())
        .arg(workspace_root().join("tests/end-to-end/python/metastore_values.py"))
        .env("AIRFLOW_HOME", home.path())
        .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url)
        .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

async fn assert_written_by_airflow(database: &Database) {
    let mut session = database.read().await.unwrap();
    let row = session
        .one(
            "select d.is_paused, d.last_parsed_time, d.description, r.conf, ti.id, ti.duration, ti.executor_config, \
             x.value, (select count(*) from dag) as n \
             from dag d, dag_run r, task_instance ti, xcom x",
        )
        .await
        .unwrap();
    assert!(!row.get::<bool>("is_paused").unwrap());
    let time: Timestamp = "2031-02-03T11:05:06.000007Z".parse().unwrap();
    assert_eq!(row.get::<Timestamp>("last_parsed_time").unwrap(), time);
    assert_eq!(row.get::<Option<String>>("description").unwrap(), None);
    let conf: Value = row.get("conf").unwrap();
    assert_eq!(conf, json!({"ö": [true, 2.5]}));
    let id = Uuid::from_u128(0x0189_0000_0000_7000_8000_0000_0000_abcd);
    assert_eq!(row.get::<Uuid>("id").unwrap(), id);
    assert_eq!(row.get::<f64>("duration").unwrap(), 3.0);
    assert_eq!(row.get::<Vec<u8>>("executor_config").unwrap()[0], 0x80);
    // The string of digits, not the number.
    assert_eq!(row.get::<RawJson>("value").unwrap().get(), "\"12\"");
    assert_eq!(row.get::<i64>("n").unwrap(), 1);
}
