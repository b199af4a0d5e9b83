//! What the services of Airflow write about themselves.

use crate::schema::table::{Table, table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        alembic_version(),
        job(),
        log(),
        log_template(),
        revoked_token(),
    ]
}

fn alembic_version() -> Table {
    table("alembic_version")
        .string("version_num", 32)
        .primary_key("alembic_version_pkc", &["version_num"])
}

fn job() -> Table {
    table("job")
        .integer("id")
        .string("dag_id", 250)
        .nullable()
        .string("state", 20)
        .nullable()
        .string("job_type", 30)
        .nullable()
        .time("start_date")
        .nullable()
        .time("end_date")
        .nullable()
        .time("latest_heartbeat")
        .nullable()
        .string("executor_class", 500)
        .nullable()
        .string("hostname", 500)
        .nullable()
        .string("unixname", 1000)
        .nullable()
        .primary_key("job_pkey", &["id"])
        .index("idx_job_dag_id", &["dag_id"])
        .index("idx_job_state_heartbeat", &["state", "latest_heartbeat"])
        .index("job_type_heart", &["job_type", "latest_heartbeat"])
}

fn log() -> Table {
    table("log")
        .integer("id")
        .time("dttm")
        .nullable()
        .string("dag_id", 250)
        .nullable()
        .string("task_id", 250)
        .nullable()
        .integer("map_index")
        .nullable()
        .string("event", 60)
        .time("logical_date")
        .nullable()
        .string("run_id", 250)
        .nullable()
        .string("owner", 500)
        .nullable()
        .string("owner_display_name", 500)
        .nullable()
        .text("extra")
        .nullable()
        .integer("try_number")
        .nullable()
        .primary_key("log_pkey", &["id"])
        .index("idx_log_dttm", &["dttm"])
        .index("idx_log_event", &["event"])
        .index(
            "idx_log_task_instance",
            &["dag_id", "task_id", "run_id", "map_index", "try_number"],
        )
}

fn log_template() -> Table {
    table("log_template")
        .integer("id")
        .text("filename")
        .text("elasticsearch_id")
        .time("created_at")
        .primary_key("log_template_pkey", &["id"])
}

fn revoked_token() -> Table {
    table("revoked_token")
        .string("jti", 32)
        .time("exp")
        .primary_key("revoked_token_pkey", &["jti"])
        .index("idx_revoked_token_exp", &["exp"])
}
