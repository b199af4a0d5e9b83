//! XComs and the state stores.

use crate::schema::table::{Table, table};

pub(super) fn tables() -> Vec<Table> {
    vec![asset_state_store(), task_state_store(), xcom()]
}

fn asset_state_store() -> Table {
    table("asset_state_store")
        .integer("asset_id")
        .string("key", 512)
        .text("value")
        .time("updated_at")
        .string("last_updated_by_kind", 16)
        .nullable()
        .string("last_updated_by_dag_id", 250)
        .nullable()
        .string("last_updated_by_run_id", 250)
        .nullable()
        .string("last_updated_by_task_id", 250)
        .nullable()
        .integer("last_updated_by_map_index")
        .nullable()
        .primary_key("asset_state_store_pkey", &["asset_id", "key"])
        .foreign_key(
            "asset_state_store_asset_fkey",
            &["asset_id"],
            "asset",
            &["id"],
        )
        .on_delete("CASCADE")
}

fn task_state_store() -> Table {
    table("task_state_store")
        .integer("id")
        .integer("dag_run_id")
        .string("task_id", 250)
        .integer("map_index")
        .default("'-1'")
        .string("key", 512)
        .string("dag_id", 250)
        .string("run_id", 250)
        .text("value")
        .time("updated_at")
        .time("expires_at")
        .nullable()
        .primary_key("task_state_store_pkey", &["id"])
        .unique(
            "task_state_store_uq",
            &["dag_run_id", "task_id", "map_index", "key"],
        )
        .foreign_key(
            "task_state_store_dag_run_fkey",
            &["dag_run_id"],
            "dag_run",
            &["id"],
        )
        .on_delete("CASCADE")
        .index("idx_task_state_store_expires_at", &["expires_at"])
        .index(
            "idx_task_state_store_lookup",
            &["dag_id", "run_id", "task_id", "map_index"],
        )
}

fn xcom() -> Table {
    table("xcom")
        .integer("dag_run_id")
        .string("task_id", 250)
        .integer("map_index")
        .default("'-1'")
        .string("key", 512)
        .boolean("dag_result")
        .nullable()
        .string("dag_id", 250)
        .string("run_id", 250)
        .json("value")
        .nullable()
        .time("timestamp")
        .primary_key("xcom_pkey", &["dag_run_id", "task_id", "map_index", "key"])
        .foreign_key(
            "xcom_task_instance_fkey",
            &["dag_id", "task_id", "run_id", "map_index"],
            "task_instance",
            &["dag_id", "task_id", "run_id", "map_index"],
        )
        .on_delete("CASCADE")
        .index("idx_xcom_key", &["key"])
        .index(
            "idx_xcom_task_instance",
            &["dag_id", "task_id", "run_id", "map_index"],
        )
}
