//! `aileron state` on databases of real Airflows, with state that Airflow's own backend has written and reads again.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use aileron_metastore::database::{Database, DatabaseError, PostgresOptions};
use end_to_end::{AirflowVersion, ApiWorker, Postgres, bundle, workspace_root};
use serde_json::{Value, json};

const RUN: &str = "manual__2026-06-03T18:21:00+00:00";

/// A database of an Airflow, and what is run on it.
struct Live {
    version: AirflowVersion,
    /// What Airflow's configuration says.
    url: String,
    /// What `--db` says.
    db: String,
    aileron: PathBuf,
    directory: tempfile::TempDir,
}

impl Live {
    fn new(version: AirflowVersion, url: String, db: String) -> Self {
        let live = Self {
            version,
            url,
            db,
            aileron: bundle::executable("aileron-cli", "aileron").unwrap(),
            directory: tempfile::tempdir().unwrap(),
        };
        live.airflow("write");
        live
    }

    /// On a copy of the migrated SQLite file of an installation.
    fn sqlite(version: AirflowVersion, directory: &Path) -> Self {
        let python = version.python().unwrap();
        let migrated = python.ancestors().nth(2).unwrap().join("metadata.db");
        let path = directory.join("airflow.db");
        std::fs::copy(migrated, &path).unwrap();
        let url = format!("sqlite:///{}", path.display());
        Self::new(version, url, path.display().to_string())
    }

    /// Runs the script with Airflow's backend.
    fn airflow(&self, what: &str) -> String {
        let output = Command::new(self.version.python().unwrap())
            .arg(workspace_root().join("tests/end-to-end/python/state_rows.py"))
            .arg(what)
            .env("AIRFLOW_HOME", self.directory.path())
            .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", &self.url)
            .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// All state, as Airflow's models have it.
    fn state(&self) -> Value {
        let text = self.airflow("read");
        serde_json::from_str(text.lines().last().unwrap()).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let output = Command::new(&self.aileron)
            .arg("state")
            .args(arguments)
            .current_dir(self.directory.path())
            // Not on the command line, where everybody on the machine could read the password.
            .env("AILERON_DB", &self.db)
            .output()
            .unwrap();
        let shown = format!("{output:?}");
        assert!(!shown.contains("sesame"), "{shown}");
        output
    }

    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ok(&[arguments, &["--format", "json"]].concat())).unwrap()
    }
}

fn everything(live: &Live) {
    lists(live);
    let before = live.state();
    changes(live);
    travels(live, &before);
    cleans(live);
}

fn lists(live: &Live) {
    let tasks = live.json(&["task", "list", "--values"]);
    let rows = tasks.as_array().unwrap();
    assert_eq!(rows.len(), 8);
    let job = rows.iter().find(|row| row["key"] == "job").unwrap();
    assert_eq!(
        (&job["task_id"], &job["value"]),
        (&json!("patient"), &json!({"id": 7, "é": "ü"}))
    );
    assert!(job["expires_at"].is_string());
    let text = live.ok(&["task", "list"]);
    assert!(
        !text.contains("hunter2") && !text.contains('\u{1b}') && !text.contains('\u{7}'),
        "{text}"
    );
    let one = live.ok(&[
        "task",
        "get",
        "--dag",
        "slow",
        "--task",
        "mapped",
        "--map-index",
        "2",
        "--key",
        "page",
    ]);
    assert_eq!(one, "2\n");
    let assets = live.json(&["asset", "list", "--asset", "s3://shop/prices"]);
    let by = |key: &str| {
        let mut rows = assets.as_array().unwrap().iter();
        rows.find(|row| row["key"] == key).unwrap()["last_updated_by"].clone()
    };
    assert_eq!(by("seen")["kind"], "watcher");
    assert_eq!(
        (&by("watermark")["task_id"], &by("watermark")["map_index"]),
        (&json!("mapped"), &json!(1))
    );
}

fn changes(live: &Live) {
    let page = [
        "--dag",
        "slow",
        "--run-id",
        RUN,
        "--task",
        "mapped",
        "--map-index",
        "1",
        "--key",
        "page",
    ];
    let set = [&["task", "set", "[9]", "--never-expires"], &page[..]].concat();
    let refused = live.run(&[&set[..], &["--yes"]].concat());
    assert_eq!(refused.status.code(), Some(2));
    let stderr = String::from_utf8(refused.stderr).unwrap();
    assert!(
        stderr.contains("nothing in it is changed without --write"),
        "{stderr}"
    );
    let get = [&["task", "get"], &page[..]].concat();
    assert_eq!(live.ok(&get), "1\n");
    live.ok(&[&set[..], &["--write", "--yes"]].concat());
    live.ok(&[
        "asset", "set", "--asset", "prices", "--key", "mine", "{}", "--write", "--yes",
    ]);
    let state = live.state();
    let tasks = state["tasks"].as_array().unwrap();
    assert!(
        tasks.contains(&json!(["mapped", 1, "page", [9], false])),
        "{state}"
    );
    assert_eq!(state["assets"][0], json!(["mine", {}, "api", null]));
    live.ok(&[
        "asset", "delete", "--asset", "prices", "--key", "mine", "--write", "--yes",
    ]);
    let set = [
        &["task", "set", "1", "--never-expires", "--write", "--yes"],
        &page[..],
    ]
    .concat();
    live.ok(&set);
}

fn travels(live: &Live, before: &Value) {
    live.ok(&["export", "--output", "state.ndjson"]);
    for task in ["mapped", "patient"] {
        live.ok(&[
            "task", "clear", "--dag", "slow", "--run-id", RUN, "--task", task, "--write", "--yes",
        ]);
    }
    live.ok(&["asset", "clear", "--asset", "prices", "--write", "--yes"]);
    assert_eq!(live.json(&["task", "list"]), json!([]));
    let import = ["import", "state.ndjson", "--write", "--yes"];
    assert_eq!(live.ok(&import), "added 10, replaced 0, unchanged 0\n");
    assert_eq!(live.ok(&import), "added 0, replaced 0, unchanged 10\n");
    assert_eq!(&live.state(), before, "as Airflow wrote it");
}

fn cleans(live: &Live) {
    let dry = live.json(&["clean", "--dry-run"]);
    assert_eq!(
        (&dry["expired"], &dry["deleted"]),
        (&json!(4), &json!(0)),
        "{dry}"
    );
    let tasks = dry["tasks"].as_array().unwrap();
    let unfinished: Vec<&Value> = tasks.iter().map(|task| &task["unfinished"]).collect();
    assert_eq!(unfinished, [0, 1], "the task that runs still needs it");
    // What had expired when it was written does not count.
    let warning = dry["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("Dag slow, task patient: its 3 retries may wait for 60d together"),
        "{warning}"
    );
    let cleaned = live.json(&["clean", "--batch", "3", "--write", "--yes"]);
    assert_eq!(cleaned["deleted"], 4);
    let state = live.state();
    assert_eq!(state["tasks"].as_array().unwrap().len(), 4, "{state}");
    assert_eq!(state["assets"].as_array().unwrap().len(), 2);
}

#[test]
fn state_on_a_sqlite_file_of_airflow_3_3_2() {
    let directory = tempfile::tempdir().unwrap();
    everything(&Live::sqlite(AirflowVersion::V3_3_2, directory.path()));
}

#[test]
fn state_on_a_sqlite_file_of_airflow_3_4_0b2() {
    let directory = tempfile::tempdir().unwrap();
    everything(&Live::sqlite(AirflowVersion::V3_4_0b2, directory.path()));
}

/// Everything that the REST API can do, on the same state.
#[test]
fn state_through_the_rest_api_of_airflow_3_3_2() {
    let server = Postgres::start().unwrap();
    let database = server.database(AirflowVersion::V3_3_2).unwrap();
    let live = Live::new(
        AirflowVersion::V3_3_2,
        database.sqlalchemy_url(),
        String::new(),
    );
    let variables = [
        ("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True"),
        (
            "AIRFLOW__API_AUTH__JWT_SECRET",
            "no-secret-but-long-enough-for-the-algorithm-that-signs-the-tokens-of-tests",
        ),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let worker = ApiWorker::start_rest_api(AirflowVersion::V3_3_2, &database, &variables).unwrap();
    let url = format!("http://{}", worker.address());
    let agent = ureq::Agent::config_builder()
        .proxy(None)
        .build()
        .new_agent();
    let token: Value = agent
        .get(format!("{url}/auth/token"))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .map(|text| serde_json::from_str(&text).unwrap())
        .unwrap();
    let token = token["access_token"].as_str().unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(&live.aileron)
            .arg("state")
            .args(arguments)
            .args(["--api-url", &url])
            .current_dir(live.directory.path())
            .env_remove("AILERON_DB")
            .env("AILERON_API_TOKEN", token)
            .output()
            .unwrap();
        let shown = format!("{output:?}");
        assert!(!shown.contains(token), "{shown}");
        output
    };
    let ok = |arguments: &[&str]| {
        let output = run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let json = |arguments: &[&str]| -> Value {
        serde_json::from_str(&ok(&[arguments, &["--format", "json"]].concat())).unwrap()
    };
    let of_run = ["--dag", "slow", "--run-id", RUN];
    let rows = json(&[&["task", "list", "--values"], &of_run[..]].concat());
    assert_eq!(rows.as_array().unwrap().len(), 8, "{rows}");
    let job = rows
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["key"] == "job")
        .unwrap();
    assert_eq!(job["value"], json!({"id": 7, "é": "ü"}));
    let page = [&of_run[..], &["--task", "mapped", "--map-index", "1"]].concat();
    // A slash, and what else has a meaning in a URL.
    let odd = [&page[..], &["--key", "a/b?c=%20&d"]].concat();
    let refused = run(&[&["task", "set", "[9]"], &odd[..]].concat());
    assert_eq!(refused.status.code(), Some(2), "it asks");
    let stored = ok(&[&["task", "set", "[9]", "--yes"], &odd[..]].concat());
    assert!(
        stored.starts_with("stored until 20"),
        "that Airflow's retention: {stored}"
    );
    assert_eq!(ok(&[&["task", "get"], &odd[..]].concat()), "[\n  9\n]\n");
    assert_eq!(
        ok(&[&["task", "set", "9", "--never-expires", "--yes"], &odd[..]].concat()),
        "stored for ever\n"
    );
    ok(&[&["task", "delete", "--yes"], &odd[..]].concat());
    assert!(
        !run(&[&["task", "delete", "--yes"], &odd[..]].concat())
            .status
            .success(),
        "it is not there"
    );
    let nobody = run(&[
        &["task", "get", "--task", "nobody", "--key", "k"],
        &of_run[..],
    ]
    .concat());
    let stderr = String::from_utf8(nobody.stderr).unwrap();
    assert!(stderr.contains("no such task instance"), "{stderr}");
    ok(&[&["task", "clear", "--task", "mapped", "--yes"], &of_run[..]].concat());
    let prices = ["--asset", "s3://shop/prices", "--key", "mine"];
    ok(&[&["asset", "set", "{\"a\": 1.5}", "--yes"], &prices[..]].concat());
    assert_eq!(
        json(&[&["asset", "get"], &prices[..]].concat())["last_updated_by"]["kind"],
        "api"
    );
    let list = ok(&["asset", "list"]);
    assert!(
        list.contains("slow.mapped[1] in") && list.contains("watcher"),
        "{list}"
    );
    ok(&[
        "asset", "delete", "--asset", "prices", "--key", "seen", "--yes",
    ]);
    let state = live.state();
    assert_eq!(
        state["tasks"].as_array().unwrap().len(),
        2,
        "those of `mapped` are gone: {state}"
    );
    assert_eq!(
        state["assets"],
        json!([["mine", {"a": 1.5}, "api", null], ["watermark", [1, 2], "task", "mapped"]])
    );
    for command in [
        vec!["clean", "--yes"],
        vec!["export"],
        vec!["import", "x", "--yes"],
    ] {
        let output = run(&command);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.code() == Some(2) && stderr.contains("--db"),
            "{stderr}"
        );
    }
}

#[test]
fn state_on_a_postgresql_of_airflow_3_3_2() {
    let server = Postgres::start().unwrap();
    let database = server.database(AirflowVersion::V3_3_2).unwrap();
    let live = Live::new(
        AirflowVersion::V3_3_2,
        database.sqlalchemy_url(),
        database.url(),
    );
    everything(&live);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(nothing_can_be_changed_when_only_looking(&database.url()));
}

async fn nothing_can_be_changed_when_only_looking(url: &str) {
    let options = PostgresOptions {
        read_only: true,
        ..PostgresOptions::default()
    };
    let database = Database::postgres_with(url, &options).await.unwrap();
    let deleted = database.change("delete from task_state_store").await;
    assert!(
        matches!(deleted, Err(DatabaseError::ReadOnly { .. })),
        "{deleted:?}"
    );
    database.close().await;
}
