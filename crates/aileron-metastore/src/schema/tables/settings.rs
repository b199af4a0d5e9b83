//! Variables, Connections, pools and teams.

use crate::schema::table::{Table, table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        connection(),
        connection_test_request(),
        slot_pool(),
        team(),
        variable(),
    ]
}

fn connection() -> Table {
    table("connection")
        .integer("id")
        .string("conn_id", 250)
        .string("conn_type", 500)
        .string("description", 5000)
        .nullable()
        .string("host", 500)
        .nullable()
        .string("schema", 500)
        .nullable()
        .text("login")
        .nullable()
        .integer("port")
        .nullable()
        .string("team_name", 50)
        .nullable()
        .text("password")
        .nullable()
        .text("extra")
        .nullable()
        .boolean("is_encrypted")
        .boolean("is_extra_encrypted")
        .primary_key("connection_pkey", &["id"])
        .unique("connection_conn_id_uq", &["conn_id"])
        .foreign_key(
            "connection_team_name_fkey",
            &["team_name"],
            "team",
            &["name"],
        )
        .on_delete("SET NULL")
}

fn connection_test_request() -> Table {
    table("connection_test_request")
        .uuid("id")
        .string("token", 64)
        .string("connection_id", 250)
        .string("state", 20)
        .string("result_message", 2000)
        .nullable()
        .time("created_at")
        .time("updated_at")
        .string("executor", 256)
        .nullable()
        .string("queue", 256)
        .nullable()
        .string("conn_type", 500)
        .string("host", 500)
        .nullable()
        .text("login")
        .nullable()
        .string("schema", 500)
        .nullable()
        .integer("port")
        .nullable()
        .boolean("commit_on_success")
        .default("'0'")
        .boolean("is_encrypted")
        .default("'0'")
        .boolean("is_extra_encrypted")
        .default("'0'")
        .string("active_connection_id", 250)
        .nullable()
        .string("team_name", 50)
        .nullable()
        .text("password")
        .nullable()
        .text("extra")
        .nullable()
        .primary_key("connection_test_request_pkey", &["id"])
        .unique(
            "uq_connection_test_request_active_conn",
            &["active_connection_id"],
        )
        .unique("connection_test_request_token_uq", &["token"])
        .index(
            "idx_connection_test_request_state_created_at",
            &["state", "created_at"],
        )
}

fn slot_pool() -> Table {
    table("slot_pool")
        .integer("id")
        .string("pool", 256)
        .nullable()
        .integer("slots")
        .text("description")
        .nullable()
        .boolean("include_deferred")
        .string("team_name", 50)
        .nullable()
        .primary_key("slot_pool_pkey", &["id"])
        .unique("slot_pool_pool_uq", &["pool"])
        .foreign_key(
            "slot_pool_team_name_fkey",
            &["team_name"],
            "team",
            &["name"],
        )
        .on_delete("SET NULL")
}

fn team() -> Table {
    table("team")
        .string("name", 50)
        .primary_key("team_pkey", &["name"])
}

fn variable() -> Table {
    table("variable")
        .integer("id")
        .string("key", 250)
        .text("val")
        .text("description")
        .nullable()
        .boolean("is_encrypted")
        .string("team_name", 50)
        .nullable()
        .primary_key("variable_pkey", &["id"])
        .unique("variable_key_uq", &["key"])
        .foreign_key("variable_team_name_fkey", &["team_name"], "team", &["name"])
        .on_delete("SET NULL")
}
