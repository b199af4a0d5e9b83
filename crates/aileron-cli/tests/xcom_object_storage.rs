//! `aileron xcom calibrate`, `rollback`, `sweep` and `lifecycle` on a small database and a directory.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use serde_json::json;
use support::{Sandbox, database};

fn filled() -> Sandbox {
    let sandbox = Sandbox::new();
    database::make(&sandbox);
    sandbox
}

fn base(sandbox: &Sandbox) -> String {
    format!("file://{}", sandbox.path("xcoms").display())
}

/// Stores a reference, and the object that it names with this content.
fn offload(sandbox: &Sandbox, content: Option<&str>) -> String {
    let below = "orders/second/extract/0a1b2c3d-0000-4000-8000-000000000001";
    if let Some(content) = content {
        let path = sandbox.path("xcoms").join(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let reference = format!("{}/{below}", base(sandbox));
    let value = json!(reference).to_string();
    let set = [
        "xcom", "set", "--dag", "orders", "--run-id", "second", "--task", "extract", &value,
    ];
    sandbox.run(&set).ok();
    reference
}

#[test]
fn the_sizes_and_the_threshold_are_said_for_people_and_for_scripts() {
    let sandbox = filled();
    let text = sandbox.run(&["xcom", "calibrate"]).ok();
    assert!(
        text.contains("[common.io] xcom_objectstorage_threshold = "),
        "{text}"
    );
    assert!(text.contains("control flow"), "{text}");
    let document = sandbox
        .run(&["xcom", "calibrate", "--format", "json"])
        .json();
    assert_eq!(document["overall"]["count"], 5);
    assert_eq!(
        document["sources"].as_array().unwrap().len(),
        3,
        "{document:#}"
    );
    offload(&sandbox, None);
    let base = base(&sandbox);
    let counted = sandbox
        .run(&["xcom", "calibrate", "--base", &base, "--format", "json"])
        .json();
    assert_eq!(
        (&counted["references"], &counted["overall"]["count"]),
        (&json!(1), &json!(4))
    );
}

#[test]
fn without_a_base_path_the_flag_is_named() {
    let sandbox = filled();
    for command in [
        ["xcom", "rollback"],
        ["xcom", "sweep"],
        ["xcom", "lifecycle"],
    ] {
        let run = sandbox.run(&command);
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(run.stderr.contains("--base"), "{}", run.stderr);
    }
}

#[test]
fn values_of_ended_runs_come_back_when_all_runs_are_asked_for() {
    let sandbox = filled();
    offload(&sandbox, Some("{\"rows\": [1, 2]}"));
    let base = base(&sandbox);
    let plan = sandbox.run(&["xcom", "rollback", "--base", &base]).ok();
    assert!(plan.contains("1 more in runs that have ended"), "{plan}");
    assert!(plan.contains("may be set back"), "{plan}");
    let done = sandbox
        .run(&["xcom", "rollback", "--base", &base, "--all-runs", "--yes"])
        .ok();
    assert!(done.contains("1 values brought back"), "{done}");
    let get = [
        "xcom", "get", "--dag", "orders", "--run-id", "second", "--task", "extract", "--format",
        "json",
    ];
    assert_eq!(sandbox.run(&get).json()["value"], json!({"rows": [1, 2]}));
}

#[test]
fn a_sweep_looks_and_deletes_when_told_to() {
    let sandbox = filled();
    let reference = offload(&sandbox, Some("1"));
    let base = base(&sandbox);
    let sweep = [
        "xcom",
        "sweep",
        "--base",
        &base,
        "--min-age",
        "0",
        "--format",
        "json",
    ];
    assert_eq!(sandbox.run(&sweep).json()["referred_to"], 1);
    sandbox
        .run(&[
            "xcom", "delete", "--dag", "orders", "--run-id", "second", "--task", "extract",
        ])
        .ok();
    let dry = sandbox.run(&sweep).json();
    assert_eq!(dry["orphans"]["objects"][0]["reference"], json!(reference));
    let text = sandbox
        .run(&[
            "xcom",
            "sweep",
            "--base",
            &base,
            "--min-age",
            "0",
            "--delete",
        ])
        .ok();
    assert!(text.contains("1 orphans deleted, 1 B reclaimed"), "{text}");
    assert!(!std::path::Path::new(reference.strip_prefix("file://").unwrap()).exists());
}

#[test]
fn a_row_without_an_object_fails_the_sweep() {
    let sandbox = filled();
    offload(&sandbox, None);
    let run = sandbox.run(&["xcom", "sweep", "--base", &base(&sandbox)]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("no object"), "{}", run.stdout);
}

#[test]
fn the_rule_is_printed_where_it_cannot_be_applied() {
    let sandbox = filled();
    let google = sandbox
        .run(&[
            "xcom",
            "lifecycle",
            "--base",
            "gs://b/x",
            "--days",
            "9",
            "--format",
            "json",
        ])
        .json();
    assert_eq!(
        google["rule"][0]["condition"],
        json!({"age": 9, "matchesPrefix": ["x/"]})
    );
    let azure = sandbox
        .run(&["xcom", "lifecycle", "--base", "abfs://c/x"])
        .ok();
    assert!(
        azure.contains("management-policy") && azure.contains("\"c/x/\""),
        "{azure}"
    );
    let directory = sandbox.run(&["xcom", "lifecycle", "--base", &base(&sandbox)]);
    assert!(
        directory.stderr.contains("aileron xcom sweep"),
        "{}",
        directory.stderr
    );
}
