//! Dags, their versions, and the Dag bundles they come from.

use crate::schema::table::{Table, table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        dag(),
        dag_bundle(),
        dag_bundle_team(),
        dag_code(),
        dag_favorite(),
        dag_owner_attributes(),
        dag_priority_parsing_request(),
        dag_tag(),
        dag_version(),
        dag_warning(),
        import_error(),
        serialized_dag(),
    ]
}

fn dag() -> Table {
    table("dag")
        .string("dag_id", 250)
        .boolean("is_paused")
        .boolean("is_stale")
        .boolean("exceeds_max_non_backfill")
        .default("'0'")
        .time("last_parsed_time")
        .nullable()
        .float("last_parse_duration")
        .nullable()
        .time("last_expired")
        .nullable()
        .string("fileloc", 2000)
        .nullable()
        .string("relative_fileloc", 2000)
        .nullable()
        .string("bundle_name", 250)
        .string("bundle_version", 200)
        .nullable()
        .string("owners", 2000)
        .nullable()
        .string("dag_display_name", 2000)
        .nullable()
        .text("description")
        .nullable()
        .string("timetable_type", 255)
        .text("timetable_summary")
        .nullable()
        .string("timetable_description", 1000)
        .nullable()
        .boolean("timetable_partitioned")
        .default("'0'")
        .boolean("timetable_periodic")
        .default("'0'")
        .json("partition_mapper_info")
        .json("asset_expression")
        .nullable()
        .json("deadline")
        .nullable()
        .integer("max_active_tasks")
        .integer("max_active_runs")
        .nullable()
        .integer("max_consecutive_failed_dag_runs")
        .boolean("has_task_concurrency_limits")
        .boolean("has_import_errors")
        .default("'0'")
        .nullable()
        .boolean("fail_fast")
        .default("'0'")
        .json("allowed_run_types")
        .nullable()
        .time("next_dagrun")
        .nullable()
        .time("next_dagrun_data_interval_start")
        .nullable()
        .time("next_dagrun_data_interval_end")
        .nullable()
        .string("next_dagrun_partition_key", 255)
        .nullable()
        .time("next_dagrun_partition_date")
        .nullable()
        .time("next_dagrun_create_after")
        .nullable()
        .primary_key("dag_pkey", &["dag_id"])
        .foreign_key(
            "dag_bundle_name_fkey",
            &["bundle_name"],
            "dag_bundle",
            &["name"],
        )
        .index(
            "idx_next_dagrun_create_after",
            &["next_dagrun_create_after"],
        )
}

fn dag_bundle() -> Table {
    table("dag_bundle")
        .string("name", 250)
        .boolean("active")
        .nullable()
        .string("version", 200)
        .nullable()
        .time("last_refreshed")
        .nullable()
        .text("signed_url_template")
        .nullable()
        .json("template_params")
        .nullable()
        .primary_key("dag_bundle_pkey", &["name"])
}

fn dag_bundle_team() -> Table {
    table("dag_bundle_team")
        .string("dag_bundle_name", 250)
        .string("team_name", 50)
        .primary_key("dag_bundle_team_pkey", &["dag_bundle_name", "team_name"])
        .foreign_key(
            "dag_bundle_team_dag_bundle_name_fkey",
            &["dag_bundle_name"],
            "dag_bundle",
            &["name"],
        )
        .on_delete("CASCADE")
        .foreign_key(
            "dag_bundle_team_team_name_fkey",
            &["team_name"],
            "team",
            &["name"],
        )
        .on_delete("CASCADE")
        .unique_index("idx_dag_bundle_team_dag_bundle_name", &["dag_bundle_name"])
        .index("idx_dag_bundle_team_team_name", &["team_name"])
}

fn dag_code() -> Table {
    table("dag_code")
        .uuid("id")
        .string("dag_id", 250)
        .string("fileloc", 2000)
        .time("created_at")
        .time("last_updated")
        .text("source_code")
        .string("source_code_hash", 32)
        .uuid("dag_version_id")
        .primary_key("dag_code_pkey", &["id"])
        .unique("dag_code_dag_version_id_uq", &["dag_version_id"])
        .foreign_key(
            "dag_code_dag_version_id_fkey",
            &["dag_version_id"],
            "dag_version",
            &["id"],
        )
        .on_delete("CASCADE")
}

fn dag_favorite() -> Table {
    table("dag_favorite")
        .string("user_id", 250)
        .string("dag_id", 250)
        .primary_key("dag_favorite_pkey", &["user_id", "dag_id"])
        .foreign_key("dag_favorite_dag_id_fkey", &["dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
}

fn dag_owner_attributes() -> Table {
    table("dag_owner_attributes")
        .string("dag_id", 250)
        .string("owner", 500)
        .string("link", 500)
        .primary_key("dag_owner_attributes_pkey", &["dag_id", "owner"])
        .foreign_key("dag.dag_id", &["dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
}

fn dag_priority_parsing_request() -> Table {
    table("dag_priority_parsing_request")
        .string("id", 32)
        .string("bundle_name", 250)
        .string("relative_fileloc", 2000)
        .primary_key("dag_priority_parsing_request_pkey", &["id"])
}

fn dag_tag() -> Table {
    table("dag_tag")
        .string("name", 100)
        .string("dag_id", 250)
        .primary_key("dag_tag_pkey", &["name", "dag_id"])
        .foreign_key("dag_tag_dag_id_fkey", &["dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
        .index("idx_dag_tag_dag_id", &["dag_id"])
}

fn dag_version() -> Table {
    table("dag_version")
        .uuid("id")
        .integer("version_number")
        .string("dag_id", 250)
        .string("bundle_name", 250)
        .nullable()
        .string("bundle_version", 250)
        .nullable()
        .json("version_data")
        .nullable()
        .time("created_at")
        .time("last_updated")
        .primary_key("dag_version_pkey", &["id"])
        .unique(
            "dag_id_v_name_v_number_unique_constraint",
            &["dag_id", "version_number"],
        )
        .foreign_key("dag_version_dag_id_fkey", &["dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
}

fn dag_warning() -> Table {
    table("dag_warning")
        .string("dag_id", 250)
        .string("warning_type", 50)
        .text("message")
        .time("timestamp")
        .primary_key("dag_warning_pkey", &["dag_id", "warning_type"])
        .foreign_key("dcw_dag_id_fkey", &["dag_id"], "dag", &["dag_id"])
        .on_delete("CASCADE")
        .index("idx_dag_warning_dag_id", &["dag_id"])
}

fn import_error() -> Table {
    table("import_error")
        .integer("id")
        .time("timestamp")
        .nullable()
        .string("filename", 1024)
        .nullable()
        .string("bundle_name", 250)
        .nullable()
        .text("stacktrace")
        .nullable()
        .primary_key("import_error_pkey", &["id"])
}

fn serialized_dag() -> Table {
    table("serialized_dag")
        .uuid("id")
        .string("dag_id", 250)
        .json("data")
        .nullable()
        .bytes("data_compressed")
        .nullable()
        .time("created_at")
        .time("last_updated")
        .string("dag_hash", 32)
        .uuid("dag_version_id")
        .primary_key("serialized_dag_pkey", &["id"])
        .unique("serialized_dag_dag_version_id_uq", &["dag_version_id"])
        .foreign_key(
            "serialized_dag_dag_version_id_fkey",
            &["dag_version_id"],
            "dag_version",
            &["id"],
        )
        .on_delete("CASCADE")
}
