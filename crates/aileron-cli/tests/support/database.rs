//! A metadata database as `aileron run` leaves it, in a sandbox.

use aileron_execution_api::{AssetRef, ExecutionApi as _};
use aileron_metastore::Metastore;
use aileron_metastore::database::{Missing, sql};
use aileron_wire::json::RawJson;
use aileron_wire::message::SetXCom;
use uuid::Uuid;

use super::Sandbox;

/// A small deployment: Dags `orders` and `shop`, two runs of `orders`, a mapped task, an asset, values in every store.
///
/// It lies where the commands look for it.
pub(crate) fn make(sandbox: &Sandbox) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(fill(sandbox));
}

fn json(text: &str) -> RawJson {
    RawJson::from_text(text.to_owned()).unwrap()
}

async fn fill(sandbox: &Sandbox) {
    let path = sandbox.path(".aileron/airflow.db");
    let store = Metastore::open(&path, Missing::Create).await.unwrap();
    let mut transaction = store.database().begin().await.unwrap();
    let now: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    transaction
        .execute("insert into dag_bundle (name) values ('b')")
        .await
        .unwrap();
    for dag_id in ["orders", "shop"] {
        let dag = sql(
            "insert into dag (dag_id, is_paused, is_stale, bundle_name, timetable_type, \
             partition_mapper_info, max_active_tasks, max_consecutive_failed_dag_runs, \
             has_task_concurrency_limits) values ($1, false, false, 'b', '', '{}', 16, 0, false)",
        );
        transaction.execute(dag.bind(dag_id)).await.unwrap();
    }
    for (run_id, tasks) in [
        ("first", vec![("extract", -1)]),
        ("second", vec![("extract", -1), ("load", 0), ("load", 1)]),
    ] {
        let run = sql(
            "insert into dag_run (dag_id, run_id, run_type, run_after, state) \
             values ('orders', $1, 'manual', $2, 'success')",
        );
        let run = run.bind(run_id).bind(now);
        transaction.execute(run).await.unwrap();
        for (task_id, map_index) in tasks {
            let instance = sql(
                "insert into task_instance (id, dag_id, run_id, task_id, map_index, try_number, pool, \
                 pool_slots, state) values ($1, 'orders', $2, $3, $4, 1, 'default_pool', 1, 'success')",
            );
            let id = id(run_id, task_id, map_index);
            let instance = instance.bind(id).bind(run_id).bind(task_id).bind(map_index);
            transaction.execute(instance).await.unwrap();
        }
    }
    let asset = sql(
        "insert into asset (name, uri, \"group\", extra, created_at, updated_at) \
         values ('prices', 's3://shop/prices', 'asset', '{}', $1, $1)",
    );
    transaction.execute(asset.bind(now)).await.unwrap();
    transaction
        .execute("insert into asset_active (name, uri) values ('prices', 's3://shop/prices')")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    values(&store).await;
    store.database().close().await;
}

fn id(run_id: &str, task_id: &str, map_index: i64) -> Uuid {
    let name = format!("{run_id}/{task_id}/{map_index}");
    let mut bytes = [0; 16];
    for (at, byte) in name.bytes().enumerate() {
        bytes[at % 16] = u8::wrapping_add(bytes[at % 16], byte);
    }
    Uuid::from_bytes(bytes)
}

async fn values(store: &Metastore) {
    let long = format!("\"{}\"", "x".repeat(2000));
    for (run_id, task_id, map_index, key, value) in [
        ("first", "extract", -1, "return_value", r#"{"rows":1}"#),
        (
            "second",
            "extract",
            -1,
            "return_value",
            r#"{"rows":2,"login":{"user":"ada","password":"hunter2"}}"#,
        ),
        (
            "second",
            "load",
            0,
            "return_value",
            "123456789012345678901234567890",
        ),
        ("second", "load", 1, "return_value", "\"é\""),
        ("second", "load", 1, "report", &long),
    ] {
        let mut request = SetXCom::new(key, json(value), "orders", run_id, task_id);
        request.map_index = Some(map_index);
        let api = store.task(id(run_id, task_id, map_index));
        api.set_xcom(request).await.unwrap();
    }
    let loading = store.task(id("second", "load", 1));
    loading
        .set_task_state("page", json("7"), None)
        .await
        .unwrap();
    let past = "2026-01-01T00:00:00Z".parse().ok();
    loading
        .set_task_state("token", json("\"hunter2\""), past)
        .await
        .unwrap();
    let prices = AssetRef::Name("prices".into());
    loading
        .set_asset_state(&prices, "watermark", json("[1,2]"))
        .await
        .unwrap();
}
