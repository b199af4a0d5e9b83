//! State stores, Variables, connections and assets: the task's side, and what the database and Python tasks say.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::{Airflow, AirflowVersion, Api, Deadline};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{LIMIT, log_file, run_dag, run_to_success};

/// The connection and the Variables that a scenario reads.
pub(super) fn create_settings(api: &Api) -> Result<()> {
    let fields = json!({
        "host": "db.example.com", "port": 5432, "schema": "a/b c", "login": "ada@home", "password": "p:ss w+rd/é",
        "extra": r#"{"sslmode": "verify full", "options": "a=b&c"}"#,
    });
    api.create_connection("stores_database", "my_postgres", &fields)?;
    // The per cent sign and the underscore mean something in SQL.
    for key in [
        "stores_%_a",
        "stores_%_b",
        "stores_other_c",
        "storesx%xd",
        "stores_doomed",
    ] {
        api.create_variable(key, "1")?;
    }
    Ok(())
}

/// The instant of a column, which Airflow writes in UTC and without a zone.
fn instant(column: &Value) -> Result<Timestamp> {
    let text = column
        .as_str()
        .with_context(|| format!("{column} is no instant"))?;
    Ok(format!("{text}Z").replace(' ', "T").parse()?)
}

pub(super) fn task_state_survives_a_retry_and_goes_with_the_run(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    let started = Timestamp::now();
    let run = run_to_success(airflow, "stores_task")?;
    assert_eq!(api.task_instance(&run, "remember")?.try_number, 2);
    let position = json!({"page": 3, "done": ["é"]});
    assert_eq!(api.return_value(&run, "remember")?, Some(position.clone()));
    // Airflow 3.4 calls the map index of a task that is not in a loop its region index.
    let index = match airflow.version() {
        AirflowVersion::V3_3_2 => "map_index",
        AirflowVersion::V3_4_0b2 => "region_index",
    };
    let query = format!(
        "SELECT task_id, {index}, key, value, expires_at FROM task_state_store WHERE dag_id = 'stores_task' AND run_id = ? \
         ORDER BY task_id, {index}, key"
    );
    let stored = airflow.query(&query, &[&run.dag_run_id])?;
    let named: Vec<Value> = stored
        .iter()
        .map(|row| json!([row[0], row[1], row[2]]))
        .collect();
    assert_eq!(
        named,
        [
            // Map index 1 has cleared its own, and only its own.
            json!(["mapped", 0, "index"]),
            json!(["remember", -1, "hour"]),
            json!(["remember", -1, "key with / and %2F"]),
            json!(["remember", -1, "never"]),
            json!(["remember", -1, "position"]),
        ]
    );
    let [_, hour, _, never, kept] = &stored[..] else {
        unreachable!("five rows were just compared");
    };
    assert_eq!(
        serde_json::from_str::<Value>(kept[3].as_str().context("no text")?)?,
        position
    );
    let hours = |row: &Value| -> Result<i64> {
        Ok(instant(&row[4])?.duration_since(started).as_secs() / 3600)
    };
    assert_eq!((hours(hour)?, hours(kept)?), (1, 30 * 24));
    assert_eq!((&never[3], &never[4]), (&json!("\"a/b?c\""), &Value::Null));
    api.delete_run(&run)?;
    assert_eq!(airflow.query(&query, &[&run.dag_run_id])?, [] as [Value; 0]);
    Ok(())
}

pub(super) fn keys_and_connections_are_what_python_reads(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "stores_settings")?;
    let path = airflow.task_log_path(&run.dag_id, &run.dag_run_id, "read_settings", 1);
    let log = std::fs::read_to_string(path)?;
    assert!(!log.contains("p:ss w+rd"), "{log}");
    let api = airflow.api();
    // The REST API writes the JSON of a Variable anew.
    let written = api.variable("stores_written")?.unwrap_or_default();
    assert_eq!(serde_json::from_str::<Value>(&written)?, json!([1, 2, 3]));
    assert_eq!(api.variable("stores_doomed")?, None);
    Ok(())
}

pub(super) fn a_rust_outlet_reaches_python_through_an_alias_and_starts_a_dag(
    airflow: &Airflow,
) -> Result<()> {
    airflow.api().wait_for_dag("stores_on_orders", LIMIT)?;
    let run = run_to_success(airflow, "stores_from_rust")?;
    let api = airflow.api();
    // The Rust task reads what the Python task stored about the asset that a Rust task put behind the alias.
    assert_eq!(api.return_value(&run, "verify")?, Some(json!("2026-05-06")));
    let events = airflow.query("SELECT asset.name, event.extra, event.partition_key, alias.name FROM asset_event AS event \
         JOIN asset ON asset.id = event.asset_id \
         LEFT JOIN asset_alias_asset_event AS through ON through.event_id = event.id \
         LEFT JOIN asset_alias AS alias ON alias.id = through.alias_id \
         WHERE event.source_dag_id = 'stores_from_rust' AND event.source_run_id = ? AND event.source_task_id = 'produce' \
         ORDER BY asset.name, event.partition_key NULLS FIRST, alias.name NULLS FIRST",
        &[&run.dag_run_id],
    )?;
    let extra = json!({"run": run.dag_run_id}).to_string();
    let text = |value: &Value| value.as_str().map(|text| text.replace(' ', ""));
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event[0].as_str(),
                text(&event[1]),
                event[2].as_str(),
                event[3].as_str(),
            )
        })
        .collect();
    let rows_of = Some(r#"{"rows":3}"#.to_owned());
    let none = Some("{}".to_owned());
    assert_eq!(
        told,
        [
            (Some("stores_orders"), rows_of, None, None),
            (
                Some("stores_orders"),
                Some(extra),
                None,
                Some("stores_from_rust")
            ),
            (Some("stores_prices"), none.clone(), Some("de"), None),
            (Some("stores_prices"), none, Some("uk"), None),
        ]
    );
    let writer = airflow.query("SELECT state.last_updated_by_kind, state.last_updated_by_task_id FROM asset_state_store AS state \
         JOIN asset ON asset.id = state.asset_id WHERE asset.name = 'stores_orders' AND state.key = 'watermark'",
        &[],
    )?;
    assert_eq!(writer, [json!(["task", "consume"])]);
    if wait_for_scheduled_run(airflow, &run.dag_run_id, LIMIT / 3).is_ok() {
        return Ok(());
    }
    // Airflow forgets an event that comes while its scheduler makes a run for an earlier one of the asset, as another test may have: it
    // queues a Dag once (`ON CONFLICT DO NOTHING`), and takes the queued away when the run is made. The next run is for both.
    run_to_success(airflow, "stores_from_rust")?;
    wait_for_scheduled_run(airflow, &run.dag_run_id, LIMIT)
}

/// The Dag that is scheduled on an outlet of the Rust task has run for its event.
fn wait_for_scheduled_run(airflow: &Airflow, source: &str, limit: Duration) -> Result<()> {
    let started = Deadline::after(limit).wait_for("the Dag on the orders runs", || {
        let query = "SELECT run.run_id FROM dag_run AS run \
                     JOIN dagrun_asset_event AS consumed ON consumed.dag_run_id = run.id \
                     JOIN asset_event AS event ON event.id = consumed.event_id \
                     WHERE run.dag_id = 'stores_on_orders' AND run.state = 'success' AND event.source_run_id = ? \
                     AND event.source_task_id = 'produce'";
        Ok(airflow.query(query, &[source])?.pop())
    });
    started.map(|_| ())
}

pub(super) fn python_events_reach_rust_and_its_watermark_reaches_python(
    airflow: &Airflow,
) -> Result<()> {
    let run = run_to_success(airflow, "stores_from_python")?;
    let api = airflow.api();
    let seen = api
        .return_value(&run, "consume")?
        .context("consume returned nothing")?;
    assert_eq!(
        seen,
        json!({
            "through_alias": 1, "runs": [run.dag_run_id], "latest": [2, 1], "before_first": 1, "from_second": 1, "by_uri": 2,
            "watermark": run.dag_run_id, "assets": 2,
        })
    );
    assert_eq!(
        api.return_value(&run, "check")?,
        Some(json!(run.dag_run_id))
    );
    let writer = airflow.query("SELECT state.key, state.last_updated_by_kind, state.last_updated_by_dag_id, state.last_updated_by_run_id, \
         state.last_updated_by_task_id, state.last_updated_by_map_index FROM asset_state_store AS state \
         JOIN asset ON asset.id = state.asset_id WHERE asset.name = 'stores_orders' AND state.key IN ('seen_by_rust', 'deleted')",
        &[],
    )?;
    let expected = json!([
        "seen_by_rust",
        "task",
        "stores_from_python",
        run.dag_run_id,
        "consume",
        -1
    ]);
    assert_eq!(writer, [expected]);
    Ok(())
}

pub(super) fn an_inactive_asset_is_refused_before_the_body(airflow: &Airflow) -> Result<()> {
    airflow.api().wait_for_dag("stores_clash_two", LIMIT)?;
    let mut refused = 0;
    for (dag_id, task_id) in [
        ("stores_clash_one", "use_one"),
        ("stores_clash_two", "use_two"),
    ] {
        let run = run_dag(airflow, dag_id)?;
        if run.state == "success" {
            continue;
        }
        refused += 1;
        let log = log_file(airflow, &run, task_id, 1)?;
        let line = log.find("inactive inlets or outlets: asset `stores_clash`");
        ensure!(line.is_some(), "{log}");
        assert_eq!(airflow.api().return_value(&run, task_id)?, None);
    }
    // Of two assets of one name Airflow takes one.
    assert_eq!(refused, 1);
    Ok(())
}
