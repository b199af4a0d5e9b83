//! Dag runs, backfills and deadlines.

use crate::schema::table::{Table, table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        backfill(),
        backfill_dag_run(),
        callback(),
        dag_run(),
        dag_run_note(),
        deadline(),
        deadline_alert(),
    ]
}

fn backfill() -> Table {
    table("backfill")
        .integer("id")
        .string("dag_id", 250)
        .time("from_date")
        .time("to_date")
        .json("dag_run_conf")
        .boolean("is_paused")
        .nullable()
        .string("reprocess_behavior", 250)
        .integer("max_active_runs")
        .time("created_at")
        .time("completed_at")
        .nullable()
        .time("updated_at")
        .string("triggering_user_name", 512)
        .nullable()
        .primary_key("backfill_pkey", &["id"])
}

fn backfill_dag_run() -> Table {
    table("backfill_dag_run")
        .integer("id")
        .integer("backfill_id")
        .integer("dag_run_id")
        .nullable()
        .string("exception_reason", 250)
        .nullable()
        .time("logical_date")
        .nullable()
        .string("partition_key", 250)
        .nullable()
        .integer("sort_ordinal")
        .primary_key("backfill_dag_run_pkey", &["id"])
        .unique(
            "ix_bdr_backfill_id_dag_run_id",
            &["backfill_id", "dag_run_id"],
        )
        .foreign_key("bdr_backfill_fkey", &["backfill_id"], "backfill", &["id"])
        .on_delete("CASCADE")
        .foreign_key("bdr_dag_run_fkey", &["dag_run_id"], "dag_run", &["id"])
        .on_delete("SET NULL")
}

fn callback() -> Table {
    table("callback")
        .uuid("id")
        .string("type", 20)
        .string("fetch_method", 20)
        .json("data")
        .string("bundle_name", 250)
        .nullable()
        .string("state", 10)
        .nullable()
        .text("output")
        .nullable()
        .integer("priority_weight")
        .time("created_at")
        .integer("trigger_id")
        .nullable()
        .primary_key("callback_pkey", &["id"])
        .foreign_key(
            "callback_trigger_id_fkey",
            &["trigger_id"],
            "trigger",
            &["id"],
        )
}

fn dag_run() -> Table {
    table("dag_run")
        .integer("id")
        .string("dag_id", 250)
        .time("queued_at")
        .nullable()
        .time("logical_date")
        .nullable()
        .time("start_date")
        .nullable()
        .time("end_date")
        .nullable()
        .string("state", 50)
        .nullable()
        .string("run_id", 250)
        .integer("creating_job_id")
        .nullable()
        .string("run_type", 50)
        .string("triggered_by", 50)
        .nullable()
        .string("triggering_user_name", 512)
        .nullable()
        .json("conf")
        .nullable()
        .time("data_interval_start")
        .nullable()
        .time("data_interval_end")
        .nullable()
        .time("run_after")
        .time("last_scheduling_decision")
        .nullable()
        .integer("log_template_id")
        .nullable()
        .time("created_at")
        .nullable()
        .time("updated_at")
        .nullable()
        .integer("clear_number")
        .default("'0'")
        .integer("backfill_id")
        .nullable()
        .string("bundle_version", 250)
        .nullable()
        .integer("scheduled_by_job_id")
        .nullable()
        .json("context_carrier")
        .nullable()
        .string("span_status", 250)
        .default("'not_started'")
        .uuid("created_dag_version_id")
        .nullable()
        .string("partition_key", 250)
        .nullable()
        .time("partition_date")
        .nullable()
        .primary_key("dag_run_pkey", &["id"])
        .unique("dag_run_dag_id_run_id_key", &["dag_id", "run_id"])
        .unique(
            "dag_run_dag_id_logical_date_key",
            &["dag_id", "logical_date"],
        )
        .foreign_key(
            "task_instance_log_template_id_fkey",
            &["log_template_id"],
            "log_template",
            &["id"],
        )
        .on_delete("NO ACTION")
        .foreign_key(
            "dag_run_backfill_id_fkey",
            &["backfill_id"],
            "backfill",
            &["id"],
        )
        .foreign_key(
            "created_dag_version_id_fkey",
            &["created_dag_version_id"],
            "dag_version",
            &["id"],
        )
        .on_delete("SET NULL")
        .index("dag_id_state", &["dag_id", "state"])
        .index(
            "idx_dag_run_created_dag_version_id",
            &["created_dag_version_id"],
        )
        .index("idx_dag_run_dag_id", &["dag_id"])
        .index("idx_dag_run_queued_dags", &["state", "dag_id"])
        .only_where("state='queued'")
        .index("idx_dag_run_run_after", &["run_after"])
        .index("idx_dag_run_running_dags", &["state", "dag_id"])
        .only_where("state='running'")
}

fn dag_run_note() -> Table {
    table("dag_run_note")
        .string("user_id", 128)
        .nullable()
        .integer("dag_run_id")
        .string("content", 1000)
        .nullable()
        .time("created_at")
        .time("updated_at")
        .primary_key("dag_run_note_pkey", &["dag_run_id"])
        .foreign_key("dag_run_note_dr_fkey", &["dag_run_id"], "dag_run", &["id"])
        .on_delete("CASCADE")
}

fn deadline() -> Table {
    table("deadline")
        .uuid("id")
        .time("created_at")
        .time("last_updated_at")
        .integer("dagrun_id")
        .nullable()
        .time("deadline_time")
        .boolean("missed")
        .uuid("callback_id")
        .uuid("deadline_alert_id")
        .nullable()
        .primary_key("deadline_pkey", &["id"])
        .foreign_key(
            "deadline_dagrun_id_fkey",
            &["dagrun_id"],
            "dag_run",
            &["id"],
        )
        .on_delete("CASCADE")
        .foreign_key(
            "deadline_callback_id_fkey",
            &["callback_id"],
            "callback",
            &["id"],
        )
        .on_delete("CASCADE")
        .foreign_key(
            "deadline_deadline_alert_id_fkey",
            &["deadline_alert_id"],
            "deadline_alert",
            &["id"],
        )
        .on_delete("SET NULL")
        .index("deadline_callback_id_idx", &["callback_id"])
        .index(
            "deadline_missed_deadline_time_idx",
            &["missed", "deadline_time"],
        )
}

fn deadline_alert() -> Table {
    table("deadline_alert")
        .uuid("id")
        .time("created_at")
        .uuid("serialized_dag_id")
        .string("name", 250)
        .nullable()
        .text("description")
        .nullable()
        .json("reference")
        .json("interval")
        .json("callback_def")
        .primary_key("deadline_alert_pkey", &["id"])
        .foreign_key(
            "deadline_alert_serialized_dag_id_fkey",
            &["serialized_dag_id"],
            "serialized_dag",
            &["id"],
        )
        .on_delete("CASCADE")
}
