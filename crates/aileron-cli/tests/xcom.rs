//! `aileron xcom`.
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

/// The words of each line.
fn words(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .map(|line| line.split_whitespace().collect())
        .collect()
}

#[test]
fn the_list_has_the_newest_run_first_and_hides_secrets() {
    let sandbox = filled();
    let text = sandbox.run(&["xcom", "list"]).ok();
    let lines = words(&text);
    assert_eq!(
        lines[0],
        ["DAG", "RUN", "TASK", "MAP", "KEY", "WRITTEN", "VALUE"]
    );
    assert_eq!(
        lines[1][..5],
        ["orders", "second", "extract", "-", "return_value"]
    );
    assert_eq!(
        lines[2][..5],
        ["orders", "second", "load", "0", "return_value"]
    );
    assert_eq!(lines[5][..2], ["orders", "first"]);
    assert!(text.contains("(2002 characters)"), "{text}");
    assert!(!text.contains("hunter2") && text.contains("***"), "{text}");
    let text = sandbox.run(&["xcom", "list", "--show-secrets"]).ok();
    assert!(text.contains("hunter2"), "{text}");
}

#[test]
fn the_list_is_narrowed_by_every_name_and_cut_aloud() {
    let sandbox = filled();
    let count = |arguments: &[&str]| {
        let arguments = [&["xcom", "list", "--format", "json"], arguments].concat();
        sandbox.run(&arguments).json().as_array().unwrap().len()
    };
    assert_eq!(count(&[]), 5);
    assert_eq!(count(&["--run-id", "second"]), 4);
    assert_eq!(count(&["--run-id", "second", "--task", "load"]), 3);
    assert_eq!(count(&["--map-index", "-1"]), 2);
    assert_eq!(count(&["--dag", "orders", "--key", "report"]), 1);
    let cut = sandbox.run(&["xcom", "list", "--limit", "2"]);
    assert!(cut.stderr.contains("more than 2"), "{}", cut.stderr);
    assert_eq!(cut.ok().lines().count(), 3);
}

#[test]
fn json_has_the_values_on_demand() {
    let sandbox = filled();
    let list = ["xcom", "list", "--task", "extract", "--format", "json"];
    let plain = sandbox.run(&list).json();
    assert_eq!(plain[0]["value"], json!(null));
    assert_eq!(
        (&plain[0]["map_index"], &plain[0]["length"]),
        (&json!(-1), &json!(54))
    );
    let valued = sandbox.run(&[&list[..], &["--values"]].concat()).json();
    assert_eq!(valued[1]["value"], json!({"rows": 1}));
    assert_eq!(valued[0]["value"]["login"]["password"], "***");
}

#[test]
fn get_prints_what_a_task_returned_in_the_newest_run() {
    let sandbox = filled();
    let get = ["xcom", "get", "--dag", "orders", "--task", "extract"];
    let text = sandbox.run(&get).ok();
    assert_eq!(
        text,
        "{\n  \"rows\": 2,\n  \"login\": {\n    \"user\": \"ada\",\n    \"password\": \"***\"\n  }\n}\n"
    );
    let first = sandbox.run(&[&get[..], &["--run-id", "first", "--format", "json"]].concat());
    let first = first.json();
    assert_eq!(
        (&first["run_id"], &first["value"]),
        (&json!("first"), &json!({"rows": 1}))
    );
    let exact = [
        "xcom",
        "get",
        "--dag",
        "orders",
        "--task",
        "load",
        "--map-index",
        "0",
    ];
    assert_eq!(sandbox.run(&exact).ok(), "123456789012345678901234567890\n");
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let sandbox = filled();
    let error = |arguments: &[&str]| {
        sandbox
            .run(&[&["xcom", "get"], arguments].concat())
            .failed(1)
    };
    let text = error(&["--dag", "ordres"]);
    assert!(
        text.contains(".aileron/airflow.db: there is no Dag \"ordres\"; did you mean \"orders\"?"),
        "{text}"
    );
    let text = error(&["--dag", "orders", "--run-id", "third"]);
    assert!(
        text.contains("Dag orders: there is no run \"third\"; there is second, first"),
        "{text}"
    );
    let text = error(&["--dag", "orders", "--run-id", "second", "--task", "lod"]);
    assert!(
        text.contains("run second: there is no task \"lod\"; did you mean \"load\"?"),
        "{text}"
    );
    let text = error(&["--dag", "orders", "--task", "load", "--map-index", "7"]);
    assert!(text.contains("no map index \"7\"; there is 0, 1"), "{text}");
    let text = error(&["--dag", "orders", "--task", "load", "--key", "reprot"]);
    assert!(
        text.contains("no key \"reprot\"; did you mean \"report\"?"),
        "{text}"
    );
    let text = error(&["--dag", "shop"]);
    assert!(
        text.contains("no key \"return_value\"; there is none at all"),
        "{text}"
    );
    let listed = sandbox.run(&["xcom", "list", "--dag", "ordres"]).failed(1);
    assert!(listed.contains("did you mean"), "{listed}");
}

#[test]
fn more_than_one_is_an_error_that_says_how_to_choose() {
    let sandbox = filled();
    let error = sandbox
        .run(&["xcom", "get", "--dag", "orders", "--task", "load"])
        .failed(1);
    assert!(
        error.contains("more than one XCom matches; say which with --map-index"),
        "{error}"
    );
    assert!(
        error.contains("orders  second  load  1  return_value"),
        "{error}"
    );
    // Deleting never guesses the run.
    let error = sandbox
        .run(&["xcom", "delete", "--task", "extract"])
        .failed(1);
    assert!(error.contains("--dag, --run-id, --map-index"), "{error}");
}

#[test]
fn set_and_delete_change_one_xcom() {
    let sandbox = filled();
    let one = ["--dag", "orders", "--run-id", "first", "--task", "extract"];
    let get = [&["xcom", "get"], &one[..]].concat();
    sandbox
        .run(&[&["xcom", "set"], &one[..], &["-1.50"]].concat())
        .ok();
    assert_eq!(sandbox.run(&get).ok(), "-1.50\n");
    let error = sandbox
        .run(&[&["xcom", "set"], &one[..], &["text"]].concat())
        .failed(2);
    assert!(error.contains("'\"text\"'"), "{error}");
    let deleted = sandbox.run(&[&["xcom", "delete"], &one[..]].concat()).ok();
    assert_eq!(
        deleted,
        "deleted XCom \"return_value\" of task extract in run first of Dag orders\n"
    );
    sandbox.run(&get).failed(1);
    let nobody = [
        "xcom", "set", "--dag", "orders", "--run-id", "first", "--task", "load", "1",
    ];
    let error = sandbox.run(&nobody).failed(1);
    assert!(
        error.contains("run first: there is no task \"load\""),
        "{error}"
    );
}

#[test]
fn the_database_is_chosen_and_never_made() {
    let sandbox = filled();
    let error = Sandbox::new().run(&["xcom", "list"]).failed(1);
    assert!(
        error.contains(".aileron/airflow.db: no such file"),
        "{error}"
    );
    let other = Sandbox::new();
    let path = sandbox.path(".aileron/airflow.db");
    let path = path.to_str().unwrap();
    assert!(
        other
            .run(&["xcom", "list", "--db", path])
            .ok()
            .contains("extract")
    );
    assert!(!other.path(".aileron").exists());
    other.write(
        "plain.db",
        "not a database, but long enough to be looked at as one",
    );
    let error = other.run(&["xcom", "list", "--db", "plain.db"]).failed(1);
    assert!(error.contains("plain.db: not a SQLite database"), "{error}");
    for (url, code) in [
        ("postgres://me:secret@127.0.0.1:1/db", 1),
        ("mysql://me:secret@host/db", 2),
    ] {
        let error = other.run(&["xcom", "list", "--db", url]).failed(code);
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn a_report_lines_up_cells_in_a_chart_a_document_and_a_page() {
    let sandbox = Sandbox::new();
    let rows: Vec<String> = [(0, "[1, 5, 2]"), (1, "[4, 3, null]"), (2, "\"s3\"")]
        .iter()
        .map(|(index, value)| {
            format!(r#"{{"run_id":"r","task_id":"t","map_index":{index},"kind":"json","value":{value}}}"#)
        })
        .collect();
    sandbox.write("rows.ndjson", &rows.join("\n"));
    let report = ["xcom", "report", "--from", "rows.ndjson"];
    let text = sandbox.run(&report).ok();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "value  3 cells, 3 points, from 1 to 5");
    assert!(
        lines[2].ends_with("▁█▃")
            && lines[3].ends_with("█▁· 1 missing")
            && lines[4].ends_with("(text)"),
        "{text}"
    );
    assert_eq!(lines[5], "optimum (max) of 2 cells: at 0 in 1, at 1 in 1");
    let json = sandbox
        .run(&[&report[..], &["--format", "json", "--optimum", "min"]].concat())
        .json();
    let rows = &json["measures"][0]["rows"];
    assert_eq!(
        (&rows[0]["optimum_at"], &rows[1]["values"]),
        (&"0".into(), &serde_json::json!([4.0, 3.0, null]))
    );
    assert_eq!(rows[2]["problem"], "text");
    let ran = sandbox.run(&[&report[..], &["--html", "page.html"]].concat());
    assert!(ran.stderr.contains("wrote page.html"), "{}", ran.stderr);
    assert!(sandbox.read("page.html").starts_with("<!doctype html>"));
}

#[test]
fn a_report_takes_the_newest_runs_of_a_store() {
    let sandbox = filled();
    let report = |more: &[&str]| {
        let arguments = ["xcom", "report", "--dag", "orders", "--format", "json"];
        sandbox.run(&[&arguments, more].concat()).json()
    };
    let newest = report(&[]);
    let rows = newest["measures"].as_array().unwrap();
    let rows = rows
        .iter()
        .find(|measure| measure["field"] == "rows")
        .unwrap();
    assert_eq!(rows["rows"][0]["max"], 2.0);
    assert_eq!(rows["rows"][0]["run_id"], "second");
    assert!(!newest.to_string().contains("hunter2"));
    let both = report(&["--runs", "2", "--task-id", "extract"]);
    assert_eq!(both["cells"], 2);
    let named = report(&["--run-id", "first"]);
    assert_eq!(
        (&named["cells"], &named["measures"][0]["points"]),
        (&1.into(), &serde_json::json!(["rows"]))
    );
    let error = sandbox
        .run(&["xcom", "report", "--dag", "orders", "--key", "none"])
        .failed(1);
    assert!(error.contains("no XCom \"none\""), "{error}");
    assert!(
        sandbox
            .run(&["xcom", "report"])
            .failed(2)
            .contains("--dag-id")
    );
}
