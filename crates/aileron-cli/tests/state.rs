//! `aileron state`.
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

#[test]
fn the_list_of_tasks_shows_what_has_expired_and_hides_secrets() {
    let sandbox = filled();
    let text = sandbox.run(&["state", "task", "list"]).ok();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("DAG") && lines[0].contains("EXPIRES"),
        "{text}"
    );
    assert!(
        lines[1].contains("page") && lines[1].contains("never") && lines[1].ends_with('7'),
        "{text}"
    );
    assert!(
        lines[2].contains("2026-01-01T00:00:00Z (expired)"),
        "{text}"
    );
    assert!(
        lines[2].ends_with("\"***\"") && !text.contains("hunter2"),
        "{text}"
    );
    let json = sandbox
        .run(&["state", "task", "list", "--format", "json", "--values"])
        .json();
    assert_eq!(
        (&json[0]["key"], &json[0]["value"]),
        (&json!("page"), &json!(7))
    );
    assert_eq!(
        (&json[0]["expires_at"], &json[1]["value"]),
        (&json!(null), &json!("***"))
    );
}

#[test]
fn the_state_of_a_task_is_read_written_and_deleted() {
    let sandbox = filled();
    let load = [
        "--dag",
        "orders",
        "--run-id",
        "second",
        "--task",
        "load",
        "--map-index",
        "1",
    ];
    let state = |command: &str, more: &[&str]| {
        sandbox.run(&[&["state", "task", command], &load[..], more].concat())
    };
    assert_eq!(state("get", &["--key", "page"]).ok(), "7\n");
    assert_eq!(
        state("get", &["--key", "page", "--format", "json"]).json()["value"],
        7
    );
    assert_eq!(
        state("set", &["--key", "page", "8", "--never-expires"]).ok(),
        "stored for ever\n"
    );
    assert_eq!(state("get", &["--key", "page"]).ok(), "8\n");
    assert!(
        state("set", &["--key", "job", "\"j\""])
            .ok()
            .starts_with("stored until 20")
    );
    let list = state("list", &["--key", "job", "--format", "json"]).json();
    let day = |text: &serde_json::Value| {
        let time: jiff::Timestamp = text.as_str().unwrap().parse().unwrap();
        time.as_second() / 86_400
    };
    assert_eq!(
        day(&list[0]["expires_at"]) - day(&list[0]["updated_at"]),
        30
    );
    state("set", &["--key", "job", "1", "--expires-in", "2d"]).ok();
    let list = state("list", &["--key", "job", "--format", "json"]).json();
    assert_eq!(day(&list[0]["expires_at"]) - day(&list[0]["updated_at"]), 2);
    assert!(
        state("set", &["--key", "page", "null"])
            .failed(1)
            .contains("null")
    );
    assert!(state("set", &["1"]).failed(2).contains("--key"));
    assert_eq!(
        state("delete", &["--key", "page"]).ok(),
        "deleted \"page\"\n"
    );
    let error = state("delete", &["--key", "page"]).failed(1);
    assert!(
        error.contains("no key \"page\"; there is job, token"),
        "{error}"
    );
    assert_eq!(state("clear", &[]).ok(), "deleted 2\n");
    assert_eq!(state("clear", &[]).ok(), "deleted 0\n");
    let nobody = [
        "state", "task", "clear", "--dag", "orders", "--run-id", "second", "--task", "lod",
    ];
    let error = sandbox.run(&nobody).failed(1);
    assert!(error.contains("did you mean \"load\""), "{error}");
}

#[test]
fn the_state_of_an_asset_is_found_by_name_and_uri() {
    let sandbox = filled();
    let state = |arguments: &[&str]| sandbox.run(&[&["state", "asset"], arguments].concat());
    let text = state(&["list"]).ok();
    assert!(
        text.contains("orders.load[1] in second") && text.contains("[1,2]"),
        "{text}"
    );
    let json = state(&["list", "--asset", "prices", "--format", "json"]).json();
    assert_eq!(json[0]["last_updated_by"]["kind"], "task");
    let watermark = ["--asset", "s3://shop/prices", "--key", "watermark"];
    assert_eq!(
        state(&[&["get"], &watermark[..]].concat()).ok(),
        "[\n  1,\n  2\n]\n"
    );
    assert_eq!(
        state(&[&["set"], &watermark[..], &["-3"]].concat()).ok(),
        "stored\n"
    );
    let json = state(&[&["get"], &watermark[..], &["--format", "json"]].concat()).json();
    assert_eq!(
        (&json["value"], &json["last_updated_by"]["kind"]),
        (&json!(-3), &json!("api"))
    );
    assert_eq!(
        state(&[&["delete"], &watermark[..]].concat()).ok(),
        "deleted \"watermark\"\n"
    );
    let error = state(&[&["delete"], &watermark[..]].concat()).failed(1);
    assert!(
        error.contains("asset prices: there is no key \"watermark\""),
        "{error}"
    );
    assert_eq!(state(&["clear", "--asset", "prices"]).ok(), "deleted 0\n");
    let error = state(&["list", "--asset", "price"]).failed(1);
    assert!(
        error.contains("there is no asset \"price\"; did you mean \"prices\"?"),
        "{error}"
    );
    let text = state(&["list"]).ok();
    assert!(text.contains("no asset state in"), "{text}");
}
