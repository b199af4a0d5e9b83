//! State stores and assets: what a bundle process asks its supervisor, in which order, and what it never sends.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use aileron::prelude::*;
use aileron::{Asset, AssetAlias, AssetRef, Retention};
use jiff::{SignedDuration, Timestamp};
use libtest_mimic::Arguments;
use serde_json::{Value, json};
use support::{Answer, Ended, Session, details, trials};

const ORDERS: Asset = Asset::new("orders", "S3://shop/orders/");
const DAILY: AssetAlias = AssetAlias::new("daily");

#[task]
async fn remember(cx: &Context) -> Result<()> {
    let store = cx.task_state_store();
    store.set("default", &1).await?;
    store
        .set_with("hour", &2, Retention::For(Duration::from_secs(3600)))
        .await?;
    store.set_with("never", &3, Retention::Never).await?;
    Ok(())
}

#[task]
async fn remember_much(cx: &Context) -> Result<()> {
    cx.task_state_store().set("much", &"x".repeat(100)).await?;
    Ok(())
}

#[task]
async fn recall(cx: &Context) -> Result<Option<i64>> {
    Ok(cx.task_state_store().get("n").await?)
}

#[task]
async fn pass(cx: &Context) -> Result<aileron::StoredObject> {
    let passed = cx.objects().put(b"some bytes").await?;
    cx.task_state_store().set("much", &"x".repeat(100)).await?;
    Ok(passed)
}

#[task(inlets = [DAILY, AssetRef::name("prices")], outlets = [ORDERS, DAILY])]
async fn produce(cx: &Context) -> Result<()> {
    tracing::info!("assets: {:?}", cx.asset_state_store().assets().len());
    let event = cx.outlet_events().of(&ORDERS)?;
    event.extra("rows", &3)?.partition("uk")?;
    let daily = cx.outlet_events().of_alias(&DAILY)?;
    daily.add(Asset::new("new", "s3://shop/new"), &json!({"run": "1"}))?;
    daily.add(AssetRef::name("prices"), &())?;
    Ok(())
}

#[task(outlets = [ORDERS])]
async fn fail(cx: &Context) -> Result<()> {
    cx.outlet_events().of(&ORDERS)?.extra("rows", &3)?;
    Err(Error::msg("no orders today"))
}

#[dag]
fn tasks(dag: &mut Dag) {
    dag.add(remember());
    dag.add(remember_much());
    dag.add(recall());
    dag.add(pass());
    dag.add(produce());
    dag.add(fail());
}

fn answer(request: &Value) -> Answer {
    Answer::Body(match request["type"].as_str().unwrap() {
        "ValidateInletsAndOutlets" => {
            json!({"type": "InactiveAssetsResult", "inactive_assets": []})
        }
        "GetAssetsByAlias" => json!({"type": "AssetsByAliasResult", "assets": [
            {"type": "AssetResult", "name": "old", "uri": "s3://shop/old", "group": "asset"}]}),
        "GetAssetByName" => {
            json!({"type": "AssetResult", "name": "prices", "uri": "s3://shop/prices",
            "group": "asset", "extra": {"owner": "finance"}})
        }
        kind if kind.starts_with("Set") => json!({"type": "OKResponse", "ok": true}),
        _ => return Answer::Usual,
    })
}

fn run_with(task: &str, variables: &[(&str, &str)], answer: impl Fn(&Value) -> Answer) -> Ended {
    let mut session = Session::start_with(variables);
    session.begin(&details("tasks", task));
    session.answer(answer)
}

const HOME: (&str, &str) = ("AIRFLOW_HOME", "/nowhere/at/all");

fn expiry_is_resolved_here_from_the_configuration_and_sent_as_an_instant() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("airflow.cfg"),
        "[state_store]\ndefault_retention_days = 3\n",
    )
    .unwrap();
    let home = directory.path().to_str().unwrap();
    let days = ("AIRFLOW__STATE_STORE__DEFAULT_RETENTION_DAYS", "7");
    for (variables, days) in [
        (&[HOME][..], Some(30)),
        (&[("AIRFLOW_HOME", home)][..], Some(3)),
        (&[("AIRFLOW_HOME", home), days][..], Some(7)),
        (&[("AIRFLOW_HOME", home), (days.0, "0")][..], None),
    ] {
        let before = Timestamp::now();
        let ended = run_with("remember", variables, answer);
        let types = ended.types();
        assert_eq!(types[..3], ["SetTaskStateStore"; 3]);
        assert_eq!(types[3], "SucceedTask");
        let expires = |index: usize| -> Option<SignedDuration> {
            let text = ended.requests[index]["expires_at"].as_str()?;
            assert!(text.ends_with('Z'), "{text}");
            Some(text.parse::<Timestamp>().unwrap().duration_since(before))
        };
        let about = |kept: Option<SignedDuration>, hours: i64| {
            let late = kept.unwrap() - SignedDuration::from_hours(hours);
            assert!(late.as_secs() >= 0 && late.as_secs() < 60, "{late:?}");
        };
        match days {
            Some(days) => about(expires(0), days * 24),
            None => assert_eq!(expires(0), None),
        }
        about(expires(1), 1);
        assert_eq!(expires(2), None);
    }
}

/// Every file below a directory.
fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.to_str().unwrap().to_owned());
        }
    }
    found
}

fn objects_go_when_a_try_begins_and_when_the_task_has_succeeded() {
    let directory = tempfile::tempdir().unwrap();
    let [xcoms, states] = ["xcoms", "states"].map(|name| directory.path().join(name));
    let url = |path: &Path| format!("file://{}", path.display());
    let (xcom_base, state_base) = (url(&xcoms), url(&states));
    let variables = [
        HOME,
        (
            "AIRFLOW__CORE__XCOM_BACKEND",
            "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
        ),
        ("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", &xcom_base),
        (
            "AIRFLOW__WORKERS__STATE_STORE_BACKEND",
            "airflow.providers.common.io.state_store.backend.StateStoreObjectStorageBackend",
        ),
        (
            "AIRFLOW__COMMON_IO__STATE_STORE_OBJECTSTORAGE_PATH",
            &state_base,
        ),
        ("AIRFLOW__STATE_STORE__CLEAR_ON_SUCCESS", "False"),
    ];
    let run = |try_number: i64, variables: &[(&str, &str)]| {
        let mut session = Session::start_with(variables);
        let mut details = details("tasks", "pass");
        details["ti"]["try_number"] = try_number.into();
        session.begin(&details);
        let ended = session.answer(answer);
        assert_eq!(
            ended.types().last(),
            Some(&"SucceedTask"),
            "{:?}",
            ended.logs
        );
    };
    run(1, &variables);
    assert_eq!((files(&xcoms).len(), files(&states).len()), (1, 1));
    let first = files(&xcoms);
    let mut forgetful = variables;
    forgetful[5].1 = "True";
    run(2, &forgetful);
    let second = files(&xcoms);
    assert_eq!(second.len(), 1);
    assert_ne!(first, second);
    assert_eq!(files(&states), [""; 0]);
}

fn a_configuration_that_makes_no_sense_fails_the_task_and_stores_nothing() {
    let days = ("AIRFLOW__STATE_STORE__DEFAULT_RETENTION_DAYS", "-1");
    let ended = run_with("remember", &[HOME, days], answer);
    assert_eq!(ended.types(), ["TaskState"]);
    assert!(ended.logged("[state_store] default_retention_days is \"-1\""));
}

fn a_large_value_is_warned_about_and_stored() {
    let limit = |bytes| {
        [
            HOME,
            ("AIRFLOW__STATE_STORE__MAX_VALUE_STORAGE_BYTES", bytes),
        ]
    };
    for (bytes, warned) in [("101", true), ("102", false), ("0", false)] {
        let ended = run_with("remember_much", &limit(bytes), answer);
        assert_eq!(ended.types(), ["SetTaskStateStore", "SucceedTask"]);
        assert_eq!(ended.logged("has 102 bytes, more than"), warned, "{bytes}");
    }
}

fn a_value_that_was_not_acknowledged_is_an_error() {
    let ended = run_with("remember", &[HOME], |_| {
        Answer::Body(
            json!({"type": "ErrorResponse", "error": "API_SERVER_ERROR", "detail": {"status_code": 500}}),
        )
    });
    assert_eq!(ended.types(), ["SetTaskStateStore", "TaskState"]);
    assert!(ended.logged("API_SERVER_ERROR (HTTP 500)"));
}

fn a_key_that_is_not_there_is_none() {
    let ended = run_with("recall", &[], |request| match request["type"].as_str() {
        Some("GetTaskStateStore") => Answer::Body(
            json!({"type": "ErrorResponse", "error": "TASK_STORE_NOT_FOUND", "detail": {"key": "n"}}),
        ),
        _ => Answer::Usual,
    });
    assert_eq!(ended.types(), ["GetTaskStateStore", "SucceedTask"]);
}

fn a_task_with_assets_asks_about_them_first_and_reports_its_events_last() {
    let ended = run_with("produce", &[], answer);
    assert_eq!(
        ended.types(),
        [
            "ValidateInletsAndOutlets",
            "GetAssetsByAlias",
            "GetAssetByName",
            "SucceedTask"
        ]
    );
    // The asset behind the alias, `prices` and `orders`.
    assert!(ended.logged("assets: 3"));
    let terminal = ended.terminal();
    assert_eq!(
        terminal["task_outlets"],
        json!([
            {"name": "orders", "uri": "s3://shop/orders", "type": "Asset"},
            {"name": "daily", "type": "AssetAlias"},
        ])
    );
    assert_eq!(
        terminal["outlet_events"],
        json!([
            {"dest_asset_key": {"name": "orders", "uri": "s3://shop/orders"}, "extra": {"rows": 3}, "partition_key": "uk"},
            {"source_alias_name": "daily", "dest_asset_key": {"name": "new", "uri": "s3://shop/new"},
             "dest_asset_extra": {}, "extra": {"run": "1"}},
            {"source_alias_name": "daily", "dest_asset_key": {"name": "prices", "uri": "s3://shop/prices"},
             "dest_asset_extra": {"owner": "finance"}, "extra": {}},
        ])
    );
}

fn an_inactive_asset_fails_the_task_before_its_body() {
    let ended = run_with("produce", &[], |request| match request["type"].as_str() {
        Some("ValidateInletsAndOutlets") => Answer::Body(json!({"type": "InactiveAssetsResult",
            "inactive_assets": [{"name": "orders", "uri": "s3://shop/orders", "type": "Asset"}]})),
        _ => answer(request),
    });
    assert_eq!(ended.terminal()["state"], "failed");
    assert!(ended.logged("inactive inlets or outlets: asset `orders` (s3://shop/orders)"));
    assert!(!ended.logged("assets:"));
}

fn a_reference_to_an_asset_that_is_not_there_fails_the_task() {
    let ended = run_with("produce", &[], |request| match request["type"].as_str() {
        Some("GetAssetByName") => Answer::Body(
            json!({"type": "ErrorResponse", "error": "ASSET_NOT_FOUND", "detail": {"name": "prices"}}),
        ),
        _ => answer(request),
    });
    assert_eq!(ended.terminal()["state"], "failed");
    assert!(ended.logged("Airflow knows no active asset of name `prices`"));
}

fn a_task_that_fails_reports_no_events() {
    let ended = run_with("fail", &[], answer);
    assert_eq!(ended.types(), ["ValidateInletsAndOutlets", "TaskState"]);
    assert_eq!(ended.terminal().get("outlet_events"), None);
}

fn main() -> ExitCode {
    if std::env::args().any(|a| a.starts_with("--comm")) {
        return aileron::serve(bundle![tasks]);
    }
    let trials = trials![
        expiry_is_resolved_here_from_the_configuration_and_sent_as_an_instant,
        objects_go_when_a_try_begins_and_when_the_task_has_succeeded,
        a_configuration_that_makes_no_sense_fails_the_task_and_stores_nothing,
        a_large_value_is_warned_about_and_stored,
        a_value_that_was_not_acknowledged_is_an_error,
        a_key_that_is_not_there_is_none,
        a_task_with_assets_asks_about_them_first_and_reports_its_events_last,
        an_inactive_asset_fails_the_task_before_its_body,
        a_reference_to_an_asset_that_is_not_there_fails_the_task,
        a_task_that_fails_reports_no_events,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
