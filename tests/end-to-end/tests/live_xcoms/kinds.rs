//! Values of every kind, by every way, from every database.

use end_to_end::{Kept, Live, LiveAirflow, Postgres};
use serde_json::{Value, json};

use crate::pod::Pod;
use crate::reader::{Ran, aileron, ran};
use crate::rest;

/// What no output may hold: the password of the databases.
const PASSWORD: &str = "sesame-4711";

/// The rows of a run, by the probe in a pod and by the database itself; both must be the same.
fn rows(live: &Live, kept: Kept, arguments: &[&str]) -> Vec<Value> {
    let arguments = [
        &[
            "xcom",
            "pull",
            "--dag-id",
            "diagnostic",
            "--format",
            "ndjson",
        ],
        arguments,
    ]
    .concat();
    let pod = Pod::of(live, kept);
    let by_probe = checked(ran(pod.aileron().args(&arguments))).lines();
    if arguments.contains(&"--resolve") {
        return by_probe;
    }
    let by_database = checked(ran(aileron()
        .args(&arguments)
        .env("AILERON_DB", live.url())))
    .lines();
    assert_eq!(by_probe, by_database);
    by_probe
}

fn checked(ran: Ran) -> Ran {
    assert!(!ran.stdout.contains(PASSWORD) && !ran.stderr.contains(PASSWORD));
    ran
}

fn value<'a>(rows: &'a [Value], task: &str, index: i64) -> &'a Value {
    let row = rows
        .iter()
        .find(|row| row["task_id"] == task && row["map_index"] == index);
    row.unwrap_or_else(|| panic!("{task}[{index}] is not in {rows:?}"))
}

/// A plain run: mapped cells, wrapped types, unicode, digits; and the flags that choose among them.
fn plain(live: &Live, run_id: &str) {
    let all = rows(live, Kept::Plain, &["--run-id", run_id]);
    let pulled: Vec<_> = all
        .iter()
        .filter(|row| row["key"] == "return_value")
        .collect();
    assert_eq!(pulled.len(), 6, "{all:?}");
    assert!(
        all.is_sorted_by_key(|row| std::cmp::Reverse(
            row["timestamp"].as_str().unwrap().to_owned()
        )),
        "the newest first"
    );
    let cell = value(&all, "discriminate_cell", 2);
    assert_eq!(
        cell["value"],
        json!({"crypto": "dögé 🐕", "auc_by_seed": [0.7, 0.71, 0.72, 0.73, 0.74]})
    );
    assert_eq!(
        (&cell["kind"], &cell["run_id"]),
        (&json!("json"), &json!(run_id))
    );
    let types = value(&all, "types", -1);
    assert_eq!(types["value"]["when"], "2026-06-03T18:21:00+00:00[UTC]");
    assert_eq!(types["value"]["price"], "1.5");
    assert_eq!(types["value"]["pair"], json!([1, "zwei"]));
    assert_eq!(types["value"]["text"], "Häfen \"north\" \\ \u{2028} 🚢");

    let one = [
        "--run-id",
        run_id,
        "--task-id",
        "discriminate_cell",
        "--map-index",
        "1",
    ];
    assert_eq!(rows(live, Kept::Plain, &one).len(), 1);
    assert_eq!(
        rows(live, Kept::Plain, &["--run-id", run_id, "--limit", "2"]),
        all[..2]
    );
    let raw = rows(
        live,
        Kept::Plain,
        &["--run-id", run_id, "--task-id", "types", "--raw"],
    );
    assert_eq!(raw[0]["value"]["price"]["__classname__"], "decimal.Decimal");
    let text = [
        "xcom",
        "pull",
        "--dag-id",
        "diagnostic",
        "--run-id",
        run_id,
        "--task-id",
        "types",
    ];
    let text = ran(aileron().args(text).env("AILERON_DB", live.url())).ok();
    assert!(
        text.contains("\"huge\": 123456789012345678901234567890,"),
        "a digit is lost: {text}"
    );
}

/// The original tool's command lines, as they stand in its documentation.
fn short_form(live: &Live, run_id: &str) {
    let pod = Pod::of(live, Kept::Plain);
    let pull = ["xcom", "pull", "--dag-id", "diagnostic"];
    let runs = checked(ran(pod.aileron().args(pull).arg("--list-runs"))).ok();
    assert!(
        runs.lines().nth(1).unwrap().contains("manual") && runs.contains(run_id),
        "{runs}"
    );
    let cells = ["--run-id", run_id, "--task-id", "discriminate_cell"];
    let cells = checked(ran(pod.aileron().args(pull).args(cells))).ok();
    for name in [
        "discriminate_cell[0]  return_value",
        "discriminate_cell[1]",
        "\"crypto\": \"dögé 🐕\"",
    ] {
        assert!(cells.contains(name), "{cells}");
    }
    let one = [
        "--run-id",
        run_id,
        "--task-id",
        "discriminate_cell",
        "--map-index",
        "0",
        "--json",
    ];
    let one: Value =
        serde_json::from_str(&checked(ran(pod.aileron().args(pull).args(one))).ok()).unwrap();
    assert_eq!(one[0]["value"]["crypto"], "btc");
    assert_eq!(
        pod.calls().last().unwrap(),
        "exec -i scheduler-0 --container=scheduler -- python3 -"
    );
    let by_name = ["xcom", "runs", "--dag-id", "diagnostic", "--format", "csv"];
    let csv = ran(aileron().args(by_name).env("AILERON_DB", live.url())).ok();
    assert!(
        csv.starts_with("dag_id,run_id,run_type,state,logical_date,start_date,end_date\n"),
        "{csv}"
    );
    assert!(
        csv.contains(&format!("diagnostic,{run_id},manual,success,2026-06-0")),
        "{csv}"
    );
}

/// What is offloaded is a path, and its value is fetched where Airflow runs.
fn offloaded(live: &Live, run_id: &str) {
    let large = ["--run-id", run_id, "--task-id", "large"];
    let path = &rows(live, Kept::Offloaded, &large)[0];
    assert_eq!(path["kind"], "reference");
    assert!(
        path["value"].as_str().unwrap().starts_with("file://"),
        "{path}"
    );
    let resolved = &rows(
        live,
        Kept::Offloaded,
        &[&large[..], &["--resolve"]].concat(),
    )[0];
    assert_eq!(
        (&resolved["kind"], &resolved["reference"]),
        (&json!("json"), &path["value"])
    );
    assert_eq!(resolved["value"]["rows"].as_array().unwrap().len(), 400);

    // Nothing is made up for an object that is gone, and a database alone cannot fetch one.
    std::fs::remove_dir_all(live.objects()).unwrap();
    let pull = [
        "xcom",
        "pull",
        "--dag-id",
        "diagnostic",
        "--resolve",
        "--json",
    ];
    let gone = ran(Pod::of(live, Kept::Offloaded)
        .aileron()
        .args(pull)
        .args(large));
    assert_eq!(gone.code, Some(19), "{gone:?}");
    let row: Value = serde_json::from_str(&gone.stdout).unwrap();
    assert_eq!(
        (&row[0]["kind"], &row[0]["problem"]),
        (&json!("reference"), &json!("there is no such object"))
    );
    let alone = ran(aileron()
        .args(pull)
        .args(large)
        .env("AILERON_DB", live.url()));
    assert_eq!(alone.code, Some(2), "{alone:?}");
}

/// A pickled value is shown as it is, and said to be one.
fn pickled(live: &Live, run_id: &str) {
    let all = rows(live, Kept::Pickled, &["--run-id", run_id]);
    let cell = value(&all, "cells", -1);
    assert_eq!(cell["kind"], "pickled");
    let check = "import base64, pickle, sys; print(pickle.loads(base64.b64decode(sys.argv[1])) == ['btc', 'eth', 'dögé 🐕'])";
    let output = live
        .python(Kept::Plain)
        .unwrap()
        .args(["-c", check, cell["value"].as_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "True",
        "the bytes are not those that were stored"
    );
    let text = [
        "xcom",
        "pull",
        "--dag-id",
        "diagnostic",
        "--run-id",
        run_id,
        "--task-id",
        "cells",
    ];
    let text = ran(aileron().args(text).env("AILERON_DB", live.url())).ok();
    assert!(text.contains("(pickled, about"), "{text}");
}

/// An empty match is an answer that says how to widen.
fn nothing(live: &Live) {
    let pod = Pod::of(live, Kept::Plain);
    let ran = checked(ran(pod.aileron().args([
        "xcom",
        "pull",
        "--dag-id",
        "diagnostic",
        "--run-id",
        "none",
        "--json",
    ])));
    assert!(
        ran.stderr.contains("--list-runs` lists the runs"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.ok(), "[]\n");
}

#[test]
fn airflow_2_on_postgresql() {
    let server = Postgres::start().unwrap();
    let live = Live::new(LiveAirflow::V2, Some(&server)).unwrap();
    let ids = live
        .fill(Kept::Plain, &["2026-06-01", "2026-06-02"], 0)
        .unwrap();
    plain(&live, &ids[1]);
    short_form(&live, &ids[0]);
    nothing(&live);
    pickled(
        &live,
        &live.fill(Kept::Pickled, &["2026-06-03"], 0).unwrap()[0],
    );
    offloaded(
        &live,
        &live.fill(Kept::Offloaded, &["2026-06-04"], 0).unwrap()[0],
    );
}

#[test]
fn airflow_3_on_sqlite_and_by_its_rest_api() {
    let live = Live::new(LiveAirflow::V3, None).unwrap();
    let ids = live
        .fill(Kept::Plain, &["2026-06-01", "2026-06-02"], 0)
        .unwrap();
    plain(&live, &ids[1]);
    short_form(&live, &ids[0]);
    nothing(&live);
    rest::airflow_3(&live, &ids[0]);
    offloaded(
        &live,
        &live.fill(Kept::Offloaded, &["2026-06-04"], 0).unwrap()[0],
    );
}
