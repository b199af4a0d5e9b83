//! What is in the database before the first request, beside what Airflow made.

use aileron_metastore::database::{Session, sql};
use end_to_end::AirflowVersion;
use jiff::Timestamp;
use uuid::Uuid;

use super::place::Place;

/// Tests of connections, by name: state, connection, and whether it is saved after a success.
const TESTS: [(&str, &str, &str, bool); 6] = [
    ("new", "pending", "fresh", true),
    ("unsaved", "queued", "unsaved", false),
    ("over", "running", "there", true),
    ("failing", "queued", "failing", true),
    ("ended", "success", "ended", true),
    ("allowed", "queued", "replaced", true),
];

/// Gives a run a logical date, so that it is clear which of two runs came before.
pub(crate) async fn date(place: &Place, run_id: &str) {
    let database = place.open().await;
    let mut transaction = database.begin().await.unwrap();
    let date: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let statement = sql("update dag_run set logical_date = $1 where run_id = $2");
    transaction
        .execute(statement.bind(date).bind(run_id))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    database.close().await;
}

/// Callbacks, by name, with their states.
const CALLBACKS: [(&str, &str); 2] = [("called", "queued"), ("uncalled", "pending")];

/// Adds tests of connections and callbacks. Gives their ids by name.
pub(crate) async fn connection_tests(
    version: AirflowVersion,
    place: &Place,
) -> Vec<(String, Uuid)> {
    let database = place.open().await;
    let mut transaction = database.begin().await.unwrap();
    for id in ["there", "replaced"] {
        let connection = sql(
            "insert into connection (conn_id, conn_type, host, password, is_encrypted, is_extra_encrypted) \
             values ($1, 'http', 'before', 'kept', false, false)",
        );
        transaction.execute(connection.bind(id)).await.unwrap();
    }
    let mut ids = Vec::new();
    for (at, (name, state, connection, commit)) in (0x100..).zip(TESTS) {
        let id = Uuid::from_u128(at);
        let active = (state != "success").then_some(connection);
        let statement = sql(
            "insert into connection_test_request (id, token, connection_id, state, created_at, updated_at, conn_type, host, \
             login, schema, port, commit_on_success, is_encrypted, is_extra_encrypted, active_connection_id, password, extra) \
             values ($1, $2, $3, $4, $5, $5, 'postgres', 'db', 'ada', 'shop', 5432, $6, false, false, $7, $8, $9)",
        )
        .bind(id)
        .bind(name)
        .bind(connection)
        .bind(state)
        .bind(Timestamp::now())
        .bind(commit)
        .bind(active)
        .bind((name != "allowed").then_some("hunter2"))
        .bind((name != "over").then_some(r#"{"a": 1}"#));
        transaction.execute(statement).await.unwrap();
        ids.push((name.to_owned(), id));
    }
    if version == AirflowVersion::V3_4_0b2 {
        let allow = "update connection_test_request set commit_allows_update = true where token = 'allowed'";
        transaction.execute(allow).await.unwrap();
    }
    for (at, (name, state)) in (0x200..).zip(CALLBACKS) {
        let id = Uuid::from_u128(at);
        let statement = sql(
            "insert into callback (id, type, fetch_method, data, state, priority_weight, created_at) \
             values ($1, 'executor', 'import_path', '{\"__var\": {}, \"__type\": \"dict\"}', $2, 1, $3)",
        );
        let statement = statement.bind(id).bind(state).bind(Timestamp::now());
        transaction.execute(statement).await.unwrap();
        ids.push((name.to_owned(), id));
    }
    transaction.commit().await.unwrap();
    database.close().await;
    ids
}

/// Makes the Dag one of team `blue`, and adds Dags, Variables and Connections of it, of team `red`, and of nobody.
pub(crate) async fn teams(place: &Place) {
    let database = place.open().await;
    let mut transaction = database.begin().await.unwrap();
    for statement in [
        "insert into team (name) values ('blue'), ('red')",
        "insert into dag_bundle (name) values ('red_bundle'), ('free_bundle')",
        "insert into dag_bundle_team (dag_bundle_name, team_name) \
         select bundle_name, 'blue' from dag where dag_id = 'execution_api'",
        "insert into dag_bundle_team (dag_bundle_name, team_name) values ('red_bundle', 'red')",
        "insert into variable (key, val, is_encrypted, team_name) values ('own', 'of blue', false, 'blue'), \
         ('other', 'of red', false, 'red'), ('free', 'of nobody', false, null)",
        "insert into connection (conn_id, conn_type, host, is_encrypted, is_extra_encrypted, team_name) values \
         ('own', 'http', 'blue', false, false, 'blue'), ('other', 'http', 'red', false, false, 'red'), \
         ('free', 'http', 'free', false, false, null)",
    ] {
        transaction.execute(statement).await.unwrap();
    }
    for (dag, bundle) in [
        ("blue_dag", None),
        ("red_dag", Some("red_bundle")),
        ("open_dag", Some("red_bundle")),
        ("free_dag", Some("free_bundle")),
    ] {
        copy_dag(&mut transaction, dag, bundle).await;
    }
    transaction
        .execute("update dag_schedule_asset_reference set allow_producer_teams = '[\"blue\"]' where dag_id = 'open_dag'")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    database.close().await;
}

/// Adds a Dag like `execution_api` that is scheduled on the asset `orders`.
async fn copy_dag(session: &mut Session, dag_id: &'static str, bundle: Option<&'static str>) {
    let columns = session
        .all(
            "select name from pragma_table_info('dag') where name not in ('dag_id', 'bundle_name')",
        )
        .await
        .unwrap();
    let columns: Vec<String> = columns
        .iter()
        .map(|row| format!("\"{}\"", row.get::<String>("name").unwrap()))
        .collect();
    let columns = columns.join(", ");
    let copy = sql(format!(
        "insert into dag (dag_id, bundle_name, {columns}) select $1, coalesce($2, bundle_name), {columns} \
         from dag where dag_id = 'execution_api'"
    ));
    session
        .execute(copy.bind(dag_id).bind(bundle))
        .await
        .unwrap();
    let listen = sql(
        "insert into dag_schedule_asset_reference (asset_id, dag_id, created_at, updated_at) \
         select id, $1, $2, $2 from asset where name = 'orders'",
    );
    session
        .execute(listen.bind(dag_id).bind(Timestamp::now()))
        .await
        .unwrap();
    let wake = sql("update dag set is_paused = false where dag_id = $1");
    session.execute(wake.bind(dag_id)).await.unwrap();
}
