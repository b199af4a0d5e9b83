//! Assets: what they are, who uses them, and their events.

use crate::schema::table::{Table, table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        asset(),
        asset_active(),
        asset_alias(),
        asset_alias_asset(),
        asset_alias_asset_event(),
        asset_dag_run_queue(),
        asset_event(),
        asset_partition_dag_run(),
        asset_watcher(),
        dag_schedule_asset_alias_reference(),
        dag_schedule_asset_name_reference(),
        dag_schedule_asset_reference(),
        dag_schedule_asset_uri_reference(),
        dagrun_asset_event(),
        partitioned_asset_key_log(),
        task_inlet_asset_reference(),
        task_outlet_asset_reference(),
    ]
}

fn asset() -> Table {
    table("asset")
        .serial("id")
        .string("name", 1500)
        .string("uri", 1500)
        .string("group", 1500)
        .json("extra")
        .time("created_at")
        .time("updated_at")
        .unique_index("idx_asset_name_uri_unique", &["name", "uri"])
}

fn asset_active() -> Table {
    table("asset_active")
        .string("name", 1500)
        .string("uri", 1500)
        .primary_key("asset_active_pkey", &["name", "uri"])
        .foreign_key(
            "asset_active_asset_name_uri_fkey",
            &["name", "uri"],
            "asset",
            &["name", "uri"],
        )
        .on_delete("CASCADE")
        .unique_index("idx_asset_active_name_unique", &["name"])
        .unique_index("idx_asset_active_uri_unique", &["uri"])
}

fn asset_alias() -> Table {
    table("asset_alias")
        .serial("id")
        .string("name", 1500)
        .string("group", 1500)
        .unique_index("idx_asset_alias_name_unique", &["name"])
}

fn asset_alias_asset() -> Table {
    table("asset_alias_asset")
        .integer("alias_id")
        .integer("asset_id")
        .primary_key("asset_alias_asset_pkey", &["alias_id", "asset_id"])
        .foreign_key(
            "asset_alias_asset_alias_id_fkey",
            &["alias_id"],
            "asset_alias",
            &["id"],
        )
        .on_delete("CASCADE")
        .foreign_key(
            "asset_alias_asset_asset_id_fkey",
            &["asset_id"],
            "asset",
            &["id"],
        )
        .on_delete("CASCADE")
        .index("idx_asset_alias_asset_alias_id", &["alias_id"])
        .index("idx_asset_alias_asset_asset_id", &["asset_id"])
}

fn asset_alias_asset_event() -> Table {
    table("asset_alias_asset_event")
        .integer("alias_id")
        .integer("event_id")
        .primary_key("asset_alias_asset_event_pkey", &["alias_id", "event_id"])
        .foreign_key(
            "asset_alias_asset_event_alias_id_fkey",
            &["alias_id"],
            "asset_alias",
            &["id"],
        )
        .on_delete("CASCADE")
        .foreign_key(
            "asset_alias_asset_event_event_id_fkey",
            &["event_id"],
            "asset_event",
            &["id"],
        )
        .on_delete("CASCADE")
        .index("idx_asset_alias_asset_event_alias_id", &["alias_id"])
        .index("idx_asset_alias_asset_event_event_id", &["event_id"])
}

fn asset_dag_run_queue() -> Table {
    table("asset_dag_run_queue")
        .integer("asset_id")
        .string("target_dag_id", 250)
        .time("created_at")
        .primary_key("assetdagrunqueue_pkey", &["asset_id", "target_dag_id"])
        .foreign_key("adrq_asset_fkey", &["asset_id"], "asset", &["id"])
        .on_delete("CASCADE")
        .foreign_key("adrq_dag_fkey", &["target_dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
        .index("idx_asset_dag_run_queue_target_dag_id", &["target_dag_id"])
}

fn asset_event() -> Table {
    table("asset_event")
        .serial("id")
        .integer("asset_id")
        .json("extra")
        .string("source_task_id", 250)
        .nullable()
        .string("source_dag_id", 250)
        .nullable()
        .string("source_run_id", 250)
        .nullable()
        .integer("source_map_index")
        .default("'-1'")
        .nullable()
        .time("timestamp")
        .string("partition_key", 250)
        .nullable()
        .index("idx_asset_id_timestamp", &["asset_id", "timestamp"])
}

fn asset_partition_dag_run() -> Table {
    table("asset_partition_dag_run")
        .integer("id")
        .string("target_dag_id", 250)
        .integer("created_dag_run_id")
        .nullable()
        .string("partition_key", 250)
        .time("partition_date")
        .nullable()
        .json("rollup_fingerprint")
        .nullable()
        .time("created_at")
        .time("updated_at")
        .primary_key("asset_partition_dag_run_pkey", &["id"])
        .foreign_key(
            "apdr_created_dag_run_id_fkey",
            &["created_dag_run_id"],
            "dag_run",
            &["id"],
        )
        .on_delete("CASCADE")
}

fn asset_watcher() -> Table {
    table("asset_watcher")
        .string("name", 1500)
        .integer("asset_id")
        .integer("trigger_id")
        .primary_key("asset_watcher_pkey", &["asset_id", "trigger_id"])
        .foreign_key("awm_asset_id_fkey", &["asset_id"], "asset", &["id"])
        .on_delete("CASCADE")
        .foreign_key("awm_trigger_id_fkey", &["trigger_id"], "trigger", &["id"])
        .on_delete("CASCADE")
        .index("idx_awm_trigger_id", &["trigger_id"])
}

fn dag_schedule_asset_alias_reference() -> Table {
    table("dag_schedule_asset_alias_reference")
        .integer("alias_id")
        .string("dag_id", 250)
        .time("created_at")
        .time("updated_at")
        .primary_key("dsaar_pkey", &["alias_id", "dag_id"])
        .foreign_key(
            "dsaar_asset_alias_fkey",
            &["alias_id"],
            "asset_alias",
            &["id"],
        )
        .on_delete("CASCADE")
        .foreign_key("dsaar_dag_id_fkey", &["dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
        .index("idx_dag_schedule_asset_alias_reference_dag_id", &["dag_id"])
}

fn dag_schedule_asset_name_reference() -> Table {
    table("dag_schedule_asset_name_reference")
        .string("name", 1500)
        .string("dag_id", 250)
        .time("created_at")
        .primary_key("dsanr_pkey", &["name", "dag_id"])
        .foreign_key("dsanr_dag_id_fkey", &["dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
        .index("idx_dag_schedule_asset_name_reference_dag_id", &["dag_id"])
}

fn dag_schedule_asset_reference() -> Table {
    table("dag_schedule_asset_reference")
        .integer("asset_id")
        .string("dag_id", 250)
        .json("allow_producer_teams")
        .nullable()
        .boolean("allow_global_producers")
        .default("1")
        .time("created_at")
        .time("updated_at")
        .primary_key("dsar_pkey", &["asset_id", "dag_id"])
        .foreign_key("dsar_asset_fkey", &["asset_id"], "asset", &["id"])
        .on_delete("CASCADE")
        .foreign_key("dsar_dag_id_fkey", &["dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
        .index("idx_dag_schedule_asset_reference_dag_id", &["dag_id"])
}

fn dag_schedule_asset_uri_reference() -> Table {
    table("dag_schedule_asset_uri_reference")
        .string("uri", 1500)
        .string("dag_id", 250)
        .time("created_at")
        .primary_key("dsaur_pkey", &["uri", "dag_id"])
        .foreign_key("dsaur_dag_id_fkey", &["dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
        .index("idx_dag_schedule_asset_uri_reference_dag_id", &["dag_id"])
}

fn dagrun_asset_event() -> Table {
    table("dagrun_asset_event")
        .integer("dag_run_id")
        .integer("event_id")
        .primary_key("dagrun_asset_event_pkey", &["dag_run_id", "event_id"])
        .foreign_key(
            "dagrun_asset_event_dag_run_id_fkey",
            &["dag_run_id"],
            "dag_run",
            &["id"],
        )
        .on_delete("CASCADE")
        .foreign_key(
            "dagrun_asset_event_event_id_fkey",
            &["event_id"],
            "asset_event",
            &["id"],
        )
        .on_delete("CASCADE")
        .index("idx_dagrun_asset_events_dag_run_id", &["dag_run_id"])
        .index("idx_dagrun_asset_events_event_id", &["event_id"])
}

fn partitioned_asset_key_log() -> Table {
    table("partitioned_asset_key_log")
        .integer("id")
        .integer("asset_id")
        .integer("asset_event_id")
        .integer("asset_partition_dag_run_id")
        .string("source_partition_key", 250)
        .string("target_dag_id", 250)
        .string("target_partition_key", 250)
        .time("created_at")
        .primary_key("partitioned_asset_key_log_pkey", &["id"])
        .index("idx_pakl_apdr_id", &["asset_partition_dag_run_id"])
}

fn task_inlet_asset_reference() -> Table {
    table("task_inlet_asset_reference")
        .integer("asset_id")
        .string("dag_id", 250)
        .string("task_id", 250)
        .time("created_at")
        .time("updated_at")
        .primary_key("tiar_pkey", &["asset_id", "dag_id", "task_id"])
        .foreign_key("tiar_asset_fkey", &["asset_id"], "asset", &["id"])
        .on_delete("CASCADE")
        .foreign_key("tiar_dag_id_fkey", &["dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
        .index("idx_task_inlet_asset_reference_dag_id", &["dag_id"])
}

fn task_outlet_asset_reference() -> Table {
    table("task_outlet_asset_reference")
        .integer("asset_id")
        .string("dag_id", 250)
        .string("task_id", 250)
        .json("allow_consumer_teams")
        .nullable()
        .boolean("allow_global_consumers")
        .default("1")
        .time("created_at")
        .time("updated_at")
        .primary_key("toar_pkey", &["asset_id", "dag_id", "task_id"])
        .foreign_key("toar_asset_fkey", &["asset_id"], "asset", &["id"])
        .on_delete("CASCADE")
        .foreign_key("toar_dag_id_fkey", &["dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
        .index("idx_task_outlet_asset_reference_dag_id", &["dag_id"])
}
