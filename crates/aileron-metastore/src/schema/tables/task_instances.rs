//! Task instances and what hangs on them.

use crate::schema::table::{Table, table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        hitl_detail(),
        hitl_detail_history(),
        rendered_task_instance_fields(),
        task_instance(),
        task_instance_history(),
        task_instance_note(),
        task_map(),
        task_reschedule(),
        trigger(),
    ]
}

fn hitl_detail() -> Table {
    table("hitl_detail")
        .uuid("ti_id")
        .json("options")
        .text("subject")
        .text("body")
        .nullable()
        .json("defaults")
        .nullable()
        .boolean("multiple")
        .nullable()
        .json("params")
        .json("assignees")
        .nullable()
        .time("created_at")
        .time("responded_at")
        .nullable()
        .json("responded_by")
        .nullable()
        .json("chosen_options")
        .nullable()
        .json("params_input")
        .primary_key("hitl_detail_pkey", &["ti_id"])
        .foreign_key("hitl_detail_ti_fkey", &["ti_id"], "task_instance", &["id"])
        .on_delete("CASCADE")
        .on_update("CASCADE")
}

fn hitl_detail_history() -> Table {
    table("hitl_detail_history")
        .uuid("ti_history_id")
        .json("options")
        .text("subject")
        .text("body")
        .nullable()
        .json("defaults")
        .nullable()
        .boolean("multiple")
        .nullable()
        .json("params")
        .json("assignees")
        .nullable()
        .time("created_at")
        .time("responded_at")
        .nullable()
        .json("responded_by")
        .nullable()
        .json("chosen_options")
        .nullable()
        .json("params_input")
        .primary_key("hitl_detail_history_pkey", &["ti_history_id"])
        .foreign_key(
            "hitl_detail_history_tih_fkey",
            &["ti_history_id"],
            "task_instance_history",
            &["task_instance_id"],
        )
        .on_delete("CASCADE")
        .on_update("CASCADE")
}

fn rendered_task_instance_fields() -> Table {
    table("rendered_task_instance_fields")
        .string("dag_id", 250)
        .string("task_id", 250)
        .string("run_id", 250)
        .integer("map_index")
        .default("'-1'")
        .json("rendered_fields")
        .json("k8s_pod_yaml")
        .nullable()
        .primary_key(
            "rendered_task_instance_fields_pkey",
            &["dag_id", "task_id", "run_id", "map_index"],
        )
        .foreign_key(
            "rtif_ti_fkey",
            &["dag_id", "task_id", "run_id", "map_index"],
            "task_instance",
            &["dag_id", "task_id", "run_id", "map_index"],
        )
        .on_delete("CASCADE")
}

fn task_instance() -> Table {
    table("task_instance")
        .uuid("id")
        .string("task_id", 250)
        .string("dag_id", 250)
        .string("run_id", 250)
        .integer("map_index")
        .default("'-1'")
        .time("start_date")
        .nullable()
        .time("end_date")
        .nullable()
        .float("duration")
        .nullable()
        .string("state", 20)
        .nullable()
        .integer("try_number")
        .integer("max_tries")
        .default("'-1'")
        .string("hostname", 1000)
        .nullable()
        .string("unixname", 1000)
        .nullable()
        .string("pool", 256)
        .integer("pool_slots")
        .string("queue", 256)
        .nullable()
        .integer("priority_weight")
        .nullable()
        .string("operator", 1000)
        .nullable()
        .string("custom_operator_name", 1000)
        .nullable()
        .time("queued_dttm")
        .nullable()
        .time("scheduled_dttm")
        .nullable()
        .integer("queued_by_job_id")
        .nullable()
        .time("last_heartbeat_at")
        .nullable()
        .integer("pid")
        .nullable()
        .string("executor", 1000)
        .nullable()
        .bytes("executor_config")
        .nullable()
        .time("updated_at")
        .nullable()
        .string("rendered_map_index", 250)
        .nullable()
        .json("context_carrier")
        .nullable()
        .string("span_status", 250)
        .default("'not_started'")
        .text("external_executor_id")
        .nullable()
        .integer("trigger_id")
        .nullable()
        .time("trigger_timeout")
        .nullable()
        .string("next_method", 1000)
        .nullable()
        .json("next_kwargs")
        .nullable()
        .string("task_display_name", 2000)
        .nullable()
        .uuid("dag_version_id")
        .nullable()
        .float("retry_delay_override")
        .nullable()
        .string("retry_reason", 500)
        .nullable()
        .primary_key("task_instance_pkey", &["id"])
        .unique(
            "task_instance_composite_key",
            &["dag_id", "task_id", "run_id", "map_index"],
        )
        .foreign_key(
            "task_instance_trigger_id_fkey",
            &["trigger_id"],
            "trigger",
            &["id"],
        )
        .on_delete("CASCADE")
        .foreign_key(
            "task_instance_dag_run_fkey",
            &["dag_id", "run_id"],
            "dag_run",
            &["dag_id", "run_id"],
        )
        .on_delete("CASCADE")
        .foreign_key(
            "task_instance_dag_version_id_fkey",
            &["dag_version_id"],
            "dag_version",
            &["id"],
        )
        .on_delete("RESTRICT")
        .index("ti_dag_run", &["dag_id", "run_id"])
        .index("ti_dag_state", &["dag_id", "state"])
        .index("ti_dag_version_id", &["dag_version_id"])
        .index("ti_heartbeat", &["last_heartbeat_at"])
        .index("ti_pool", &["pool", "state", "priority_weight"])
        .index("ti_state", &["state"])
        .index("ti_state_lkp", &["dag_id", "task_id", "run_id", "state"])
        .index("ti_trigger_id", &["trigger_id"])
}

fn task_instance_history() -> Table {
    table("task_instance_history")
        .uuid("task_instance_id")
        .string("task_id", 250)
        .string("dag_id", 250)
        .string("run_id", 250)
        .integer("map_index")
        .default("'-1'")
        .integer("try_number")
        .time("start_date")
        .nullable()
        .time("end_date")
        .nullable()
        .float("duration")
        .nullable()
        .string("state", 20)
        .nullable()
        .integer("max_tries")
        .default("'-1'")
        .nullable()
        .string("hostname", 1000)
        .nullable()
        .string("unixname", 1000)
        .nullable()
        .string("pool", 256)
        .integer("pool_slots")
        .string("queue", 256)
        .nullable()
        .integer("priority_weight")
        .nullable()
        .string("operator", 1000)
        .nullable()
        .string("custom_operator_name", 1000)
        .nullable()
        .time("queued_dttm")
        .nullable()
        .time("scheduled_dttm")
        .nullable()
        .integer("queued_by_job_id")
        .nullable()
        .integer("pid")
        .nullable()
        .string("executor", 1000)
        .nullable()
        .bytes("executor_config")
        .nullable()
        .time("updated_at")
        .nullable()
        .string("rendered_map_index", 250)
        .nullable()
        .json("context_carrier")
        .nullable()
        .string("span_status", 250)
        .default("'not_started'")
        .text("external_executor_id")
        .nullable()
        .integer("trigger_id")
        .nullable()
        .datetime("trigger_timeout")
        .nullable()
        .string("next_method", 1000)
        .nullable()
        .json("next_kwargs")
        .nullable()
        .string("task_display_name", 2000)
        .nullable()
        .uuid("dag_version_id")
        .nullable()
        .float("retry_delay_override")
        .nullable()
        .string("retry_reason", 500)
        .nullable()
        .primary_key("task_instance_history_pkey", &["task_instance_id"])
        .foreign_key(
            "task_instance_history_ti_fkey",
            &["dag_id", "task_id", "run_id", "map_index"],
            "task_instance",
            &["dag_id", "task_id", "run_id", "map_index"],
        )
        .on_delete("CASCADE")
        .on_update("CASCADE")
        .unique(
            "task_instance_history_dtrt_uq",
            &["dag_id", "task_id", "run_id", "map_index", "try_number"],
        )
        .index("idx_tih_dag_run", &["dag_id", "run_id"])
}

fn task_instance_note() -> Table {
    table("task_instance_note")
        .uuid("ti_id")
        .string("user_id", 128)
        .nullable()
        .string("content", 1000)
        .nullable()
        .time("created_at")
        .time("updated_at")
        .primary_key("task_instance_note_pkey", &["ti_id"])
        .foreign_key(
            "task_instance_note_ti_fkey",
            &["ti_id"],
            "task_instance",
            &["id"],
        )
        .on_delete("CASCADE")
        .on_update("CASCADE")
}

fn task_map() -> Table {
    table("task_map")
        .string("dag_id", 250)
        .string("task_id", 250)
        .string("run_id", 250)
        .integer("map_index")
        .integer("length")
        .json("keys")
        .nullable()
        .primary_key(
            "task_map_pkey",
            &["dag_id", "task_id", "run_id", "map_index"],
        )
        .check("ck_task_map_task_map_length_not_negative", "length >= 0")
        .foreign_key(
            "task_map_task_instance_fkey",
            &["dag_id", "task_id", "run_id", "map_index"],
            "task_instance",
            &["dag_id", "task_id", "run_id", "map_index"],
        )
        .on_delete("CASCADE")
        .on_update("CASCADE")
}

fn task_reschedule() -> Table {
    table("task_reschedule")
        .integer("id")
        .uuid("ti_id")
        .time("start_date")
        .time("end_date")
        .integer("duration")
        .time("reschedule_date")
        .primary_key("task_reschedule_pkey", &["id"])
        .foreign_key(
            "task_reschedule_ti_fkey",
            &["ti_id"],
            "task_instance",
            &["id"],
        )
        .on_delete("CASCADE")
        .index("idx_task_reschedule_ti_id_id_desc", &["ti_id", "id DESC"])
}

fn trigger() -> Table {
    table("trigger")
        .integer("id")
        .string("classpath", 1000)
        .text("kwargs")
        .time("created_date")
        .integer("triggerer_id")
        .nullable()
        .string("queue", 256)
        .nullable()
        .string("team_name", 50)
        .nullable()
        .primary_key("trigger_pkey", &["id"])
        .foreign_key("trigger_team_name_fkey", &["team_name"], "team", &["name"])
        .on_delete("SET NULL")
        .index("idx_trigger_team_name", &["team_name"])
}
