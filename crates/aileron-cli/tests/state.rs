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

#[test]
fn expired_values_are_counted_and_removed_and_no_others() {
    let sandbox = filled();
    let ran = sandbox.run(&["state", "clean", "--dry-run"]);
    assert!(ran.stdout.contains("orders  load  1"), "{}", ran.stdout);
    assert!(ran.ok().ends_with("would remove 1\n"));
    let json = sandbox.run(&["state", "clean", "--format", "json"]).json();
    assert_eq!((&json["expired"], &json["deleted"]), (&json!(1), &json!(1)));
    assert_eq!(json["tasks"][0]["task_id"], "load");
    assert_eq!(
        sandbox.run(&["state", "clean"]).ok(),
        "nothing has expired\n"
    );
    assert!(
        sandbox
            .run(&["state", "task", "list"])
            .ok()
            .contains("page")
    );
}

#[test]
fn an_export_is_imported_once_and_then_nothing_changes() {
    let (from, to) = (filled(), filled());
    let ran = from.run(&["state", "export", "--output", "state.ndjson"]);
    assert!(ran.stderr.contains("exported 3 values"), "{}", ran.stderr);
    let text = from.read("state.ndjson");
    assert!(text.starts_with("{\"aileron_state\":1}\n"), "{text}");
    assert_eq!(text.lines().count(), 4);
    assert!(text.contains("hunter2"), "an export keeps what it is for");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(from.path("state.ndjson"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    to.run(&[
        "state", "task", "clear", "--dag", "orders", "--run-id", "second", "--task", "load",
    ])
    .ok();
    to.run(&[
        "state",
        "asset",
        "set",
        "--asset",
        "prices",
        "--key",
        "watermark",
        "9",
    ])
    .ok();
    to.write("state.ndjson", &text);
    let error = to.run(&["state", "import", "state.ndjson"]).failed(1);
    assert!(
        error.contains("line 4, key \"watermark\": another value is there"),
        "{error}"
    );
    assert!(
        to.run(&["state", "task", "list"])
            .ok()
            .contains("no task state"),
        "all or nothing"
    );
    let import = |more: &[&str]| {
        to.run(&[&["state", "import", "state.ndjson", "--overwrite"], more].concat())
    };
    assert_eq!(
        import(&["--dry-run"]).ok(),
        "would add 2, replace 1, leave 0\n"
    );
    assert_eq!(import(&[]).ok(), "added 2, replaced 1, unchanged 0\n");
    let json = import(&["--format", "json"]).json();
    assert_eq!(
        (&json["stored"], &json["unchanged"]),
        (&json!(false), &json!(3))
    );
    to.run(&["state", "export", "--output", "again.ndjson"])
        .ok();
    assert_eq!(to.read("again.ndjson"), text);
    let only = to.run(&["state", "export", "--asset", "prices"]).ok();
    assert_eq!(only.lines().count(), 2, "{only}");
    let only = to
        .run(&["state", "export", "--dag", "orders", "--key", "page"])
        .ok();
    assert!(
        only.lines().count() == 2 && only.contains("\"page\""),
        "{only}"
    );
}

#[test]
fn a_file_that_is_no_export_is_refused() {
    let sandbox = filled();
    for (text, expected) in [
        ("", "the file is empty"),
        (
            "{\"store\":\"task\"}\n",
            "line 1 is not the first line of an export",
        ),
        ("hello\n", "line 1 is not the first line of an export"),
        ("{\"aileron_state\":7}\n", "line 1 is not the first line"),
        (
            "{\"aileron_state\":1}\n{\"store\":\"xcom\"}\n",
            "line 2: there is no store \"xcom\"",
        ),
    ] {
        sandbox.write("x.ndjson", text);
        let error = sandbox.run(&["state", "import", "x.ndjson"]).failed(1);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

#[test]
fn the_database_of_an_airflow_is_not_changed_without_being_told_so() {
    let sandbox = filled();
    // Elsewhere, and without locks beside it: it could be any Airflow's.
    std::fs::rename(sandbox.path(".aileron"), sandbox.path("airflow")).unwrap();
    let key = [
        "--dag",
        "orders",
        "--run-id",
        "second",
        "--task",
        "load",
        "--map-index",
        "1",
        "--key",
        "page",
    ];
    let run = |command: &[&str], more: &[&str]| {
        sandbox.run(&[command, &["--db", "airflow/airflow.db"], more].concat())
    };
    let get = ["state", "task", "get"];
    assert_eq!(run(&get, &key).ok(), "7\n");
    for command in [
        [&["state", "task", "set", "8"], &key[..]].concat(),
        [&["state", "task", "delete"], &key[..]].concat(),
        vec!["state", "clean"],
        vec!["state", "asset", "clear", "--asset", "prices"],
        [&["xcom", "set", "8"], &key[..]].concat(),
    ] {
        let error = run(&command, &["--yes"]).failed(2);
        assert!(
            error.contains("nothing in it is changed without --write"),
            "{command:?}: {error}"
        );
        let error = run(&command, &["--write"]).failed(2);
        assert!(
            error.contains("there is no terminal to ask on") && error.contains("--yes"),
            "{command:?}: {error}"
        );
    }
    assert_eq!(run(&get, &key).ok(), "7\n", "nothing was changed");
    let set = [&["state", "task", "set", "8"], &key[..]].concat();
    run(&set, &["--write", "--yes"]).ok();
    assert_eq!(run(&get, &key).ok(), "8\n");
}

#[test]
fn a_url_never_shows_its_password() {
    let sandbox = filled();
    for url in [
        "postgresql://ada:sesame@127.0.0.1:1/airflow",
        "mysql://ada:sesame@h/d",
        "postgresql://ada:sesame@h:port/d",
    ] {
        let ran = sandbox.run(&["state", "task", "list", "--db", url]);
        assert_ne!(ran.code, 0);
        assert!(
            !ran.stderr.contains("sesame") && !ran.stderr.contains("ada"),
            "{}",
            ran.stderr
        );
        let ran = sandbox.run_with_env(
            &["state", "task", "list"],
            "AILERON_DB",
            std::path::Path::new(url),
        );
        assert_ne!(ran.code, 0, "the variable is read");
        assert!(!ran.stderr.contains("sesame"), "{}", ran.stderr);
    }
}
