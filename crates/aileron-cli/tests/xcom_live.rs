//! `aileron xcom pull` and `aileron xcom runs`: flags, settings, formats and failures. Real databases are in `tests/end-to-end`.
//!
//! `kubectl` is a stand-in, which runs the real probe in a real Python.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use support::{Ran, Sandbox, database};

const STAND_IN: &str = include_str!("../../aileron-deployment/tests/support/kubectl");

fn filled() -> Sandbox {
    let sandbox = Sandbox::new();
    database::make(&sandbox);
    sandbox
}

/// `aileron xcom ARGUMENTS` in a sandbox whose cluster has these pods.
fn with_pods(pods: &[&str], arguments: &[&str]) -> Ran {
    let sandbox = Sandbox::new();
    sandbox.write("kubectl", STAND_IN);
    fs::set_permissions(sandbox.path("kubectl"), fs::Permissions::from_mode(0o755)).unwrap();
    let items: Vec<Value> = pods
        .iter()
        .map(|name| json!({"metadata": {"name": name}, "status": {"phase": "Running"}}))
        .collect();
    sandbox.write("pods.json", &json!({"items": items}).to_string());
    sandbox.write("pod.env", "HOME=/");
    let arguments = [&["xcom"], arguments].concat();
    sandbox.run_with_env(&arguments, "AILERON_KUBECTL", &sandbox.path("kubectl"))
}

const RUNS: [&str; 3] = ["runs", "--dag-id", "d"];

#[test]
fn every_failure_has_its_own_exit_code_and_prints_nothing_else() {
    let exec = |command: &'static str| {
        Sandbox::new().run(&[
            "xcom",
            "runs",
            "--dag-id",
            "d",
            "--json",
            "--timeout",
            "1",
            "--exec",
            command,
        ])
    };
    let refused = "sh -c 'echo no access to postgresql://u:hunter2@h/d >&2; exit 3' --";
    for (ran, code, words) in [
        (
            exec("no-such-command exec"),
            10,
            "cannot run no-such-command",
        ),
        (
            with_pods(&[], &RUNS),
            11,
            "no running pod matches component=scheduler",
        ),
        (with_pods(&["a", "b"], &RUNS), 12, "--pod"),
        (exec(refused), 13, "no access to postgresql://***@h/d"),
        (
            with_pods(&["a"], &RUNS),
            14,
            "neither AIRFLOW__DATABASE__SQL_ALCHEMY_CONN nor",
        ),
        (exec("sh -c 'echo hello; cat > /dev/null' --"), 15, "hello"),
        (
            exec("sh -c 'exec sleep 60' --"),
            16,
            "nothing came within 1 s",
        ),
        (
            Sandbox::new().run(&["xcom", "runs", "--dag-id", "d", "--db", "x.db"]),
            17,
            "x.db: the database refused: there is no such file",
        ),
        (
            Sandbox::new().run(&[
                "xcom",
                "runs",
                "--dag-id",
                "d",
                "--api-url",
                "http://127.0.0.1:1",
            ]),
            18,
            "http://127.0.0.1:1",
        ),
    ] {
        assert_eq!(ran.stdout, "", "{words}");
        let error = ran.failed(code);
        assert!(
            error.contains(words) && !error.contains("hunter2"),
            "{error}"
        );
    }
}

#[test]
fn any_pod_takes_the_first_of_several() {
    let ran = with_pods(
        &["b", "a"],
        &[
            "runs",
            "--dag-id",
            "d",
            "--any-pod",
            "--namespace",
            "airflow",
        ],
    );
    assert!(ran.failed(14).contains("pod airflow/a: "));
}

#[test]
fn the_command_line_is_checked_before_anything_is_asked() {
    let sandbox = Sandbox::new();
    for arguments in [
        &["pull", "--dag-id", "d"][..],
        &["pull", "--run-id", "r"],
        &["pull", "--dag-id", "d", "--run-id", "r", "--list-runs"],
        &[
            "pull", "--dag-id", "d", "--run-id", "r", "--json", "--format", "csv",
        ],
        &[
            "runs",
            "--dag-id",
            "d",
            "--exec",
            "python3",
            "--namespace",
            "airflow",
        ],
        &["runs", "--dag-id", "d", "--exec", "python3", "--db", "x.db"],
        &["runs", "--dag-id", "d", "--exec", "'"],
        &["runs", "--dag-id", "d", "--api-url", "ftp://host"],
        &[
            "runs",
            "--dag-id",
            "d",
            "--api-url",
            "https://u:hunter2@host",
        ],
        &["runs", "--dag-id", "d", "--db", "mysql://u:hunter2@host/d"],
        &["runs", "--dag-id", "d", "--deployment", "nowhere"],
    ] {
        let error = sandbox.run(&[&["xcom"], arguments].concat()).failed(2);
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_projects_file_gives_defaults_and_no_commands() {
    let sandbox = Sandbox::new();
    sandbox.write("aileron.toml", "[deployment]\nselector = 'app=none'\n[deployments.bad]\nexec = 'touch made'\n[deployments.typo]\nname-space = 'x'");
    let error = sandbox.run(&["xcom", "runs", "--dag-id", "d"]).failed(2);
    assert!(
        error.contains("name-space") && error.contains("aileron.toml"),
        "{error}"
    );
    sandbox.write(
        "aileron.toml",
        "[deployment]\nselector = 'app=none'\n[deployments.bad]\nexec = 'touch made'",
    );
    let error = sandbox
        .run(&["xcom", "runs", "--dag-id", "d", "--deployment", "bad"])
        .failed(2);
    assert!(
        error.contains("exec is not read from a project's file"),
        "{error}"
    );
    assert!(!sandbox.path("made").exists());
    let error = sandbox
        .run_with_env(
            &["xcom", "runs", "--dag-id", "d"],
            "AILERON_KUBECTL",
            &sandbox.path("none"),
        )
        .failed(10);
    assert!(error.contains("cannot run"), "{error}");
}

#[test]
fn the_store_of_this_directory_is_read_where_nothing_else_is_named() {
    let sandbox = filled();
    let pull = ["xcom", "pull", "--dag-id", "orders", "--run-id", "second"];
    let all = sandbox.run(&[&pull[..], &["--json"]].concat()).json();
    let tasks: Vec<(&str, i64)> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["task_id"].as_str().unwrap(),
                row["map_index"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(tasks.len(), 3);
    assert!(
        tasks.contains(&("load", 0))
            && tasks.contains(&("load", 1))
            && tasks.contains(&("extract", -1))
    );
    let hidden = sandbox
        .run(&[&pull[..], &["--task", "extract"]].concat())
        .ok();
    assert!(
        hidden.starts_with("extract  return_value  20") && hidden.contains("\"password\": \"***\""),
        "{hidden}"
    );
    let shown = sandbox
        .run(&[&pull[..], &["--task", "extract", "--show-secrets"]].concat())
        .ok();
    assert!(shown.contains("hunter2"), "{shown}");
    let digits = sandbox
        .run(&[&pull[..], &["--task-id", "load", "--map-index", "0"]].concat())
        .ok();
    assert!(
        digits.ends_with("\n  123456789012345678901234567890\n"),
        "{digits}"
    );

    let cut = sandbox.run(&[&pull[..], &["--limit", "1", "--format", "ndjson"]].concat());
    assert!(
        cut.stderr.contains("there are more than 1"),
        "{}",
        cut.stderr
    );
    assert_eq!(cut.ok().lines().count(), 1);
    let csv = sandbox
        .run(&[&pull[..], &["--format", "csv", "--key", "report"]].concat())
        .ok();
    assert!(csv.starts_with("dag_id,run_id,task_id,map_index,key,timestamp,kind,value\norders,second,load,1,report,20"), "{csv}");
    let table = sandbox
        .run(
            &[
                &pull[..],
                &["--format", "table", "--task-id", "load", "--map-index", "1"],
            ]
            .concat(),
        )
        .ok();
    assert!(
        table.starts_with("TASK  MAP  KEY") && table.contains("\"é\""),
        "{table}"
    );

    let runs = sandbox
        .run(&["xcom", "runs", "--dag-id", "orders", "--json"])
        .json();
    assert_eq!(
        (&runs[0]["run_id"], &runs[1]["run_id"]),
        (&json!("second"), &json!("first"))
    );
}

#[test]
fn nothing_that_matches_is_an_answer_in_every_format() {
    let sandbox = filled();
    let pull = [
        "xcom",
        "pull",
        "--dag-id",
        "orders",
        "--run-id",
        "second",
        "--task-id",
        "lod",
    ];
    for (format, expected) in [
        ("text", ""),
        ("table", ""),
        ("json", "[]\n"),
        ("ndjson", ""),
        (
            "csv",
            "dag_id,run_id,task_id,map_index,key,timestamp,kind,value\n",
        ),
    ] {
        let ran = sandbox.run(&[&pull[..], &["--format", format]].concat());
        assert!(ran.stderr.contains("to widen: leave out --task-id, try another --key, `aileron xcom pull --dag-id orders --list-runs`"), "{}", ran.stderr);
        assert_eq!(ran.ok(), expected, "{format}");
    }
    let ran = sandbox.run(&["xcom", "runs", "--dag-id", "ordres"]);
    assert!(
        ran.stderr
            .contains("no runs of Dag ordres in .aileron/airflow.db"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.ok(), "");
}
