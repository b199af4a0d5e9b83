//! The arguments that Airflow 3.4 sends along, and those that a Rust Dag knows, seen from outside the process.
//!
//! The test program is the bundle as well, and its supervisor is `support`.

#![allow(clippy::unwrap_used)]

mod support;

use std::process::ExitCode;

use aileron::TaskArgs;
use aileron::prelude::*;
use libtest_mimic::Arguments;
use serde_json::{Value, json};
use support::{Answer, Ended, Session, details, trials};

#[task]
async fn two(country: String, data: Vec<i64>, #[arg(default = 5)] limit: i64) -> Result<Value> {
    tracing::info!("the body runs");
    Ok(json!([country, data, limit]))
}

#[task]
async fn maybe(data: Option<Vec<i64>>, note: Option<String>) -> Result<Value> {
    Ok(json!([data, note]))
}

#[task]
async fn anything(value: Value) -> Result<Value> {
    tracing::info!("the body runs");
    Ok(value)
}

#[derive(TaskArgs)]
struct Report {
    country: String,
    max_rows: i64,
    #[arg(rename = "rowData")]
    data: Vec<i64>,
    #[arg(default)]
    offset: i64,
    title: Option<String>,
}

#[task]
fn report(cx: &Context, #[args] report: Report) -> Result<Value> {
    tracing::info!(task = cx.ti().task_id, "the body runs");
    let Report {
        country,
        max_rows,
        data,
        offset,
        title,
    } = report;
    Ok(json!([country, max_rows, data, offset, title]))
}

#[task]
async fn total(rows: Vec<i64>, times: i64) -> Result<i64> {
    Ok(rows.iter().sum::<i64>() * times)
}

#[dag]
fn flow(dag: &mut Dag) {
    let one = dag.external::<Vec<i64>>("one");
    let mapped = dag.external_mapped::<i64>("mapped");
    dag.add(two("uk", one, 7));
    dag.add(maybe(one, None::<String>));
    let value = dag.external::<Value>("value");
    dag.add(anything(value));
    dag.add(report(Report::args().country("uk").max_rows(2).data(one)));
    dag.add(total(mapped, 2));
}

fn literal(name: &str, value: impl serde::Serialize) -> Value {
    json!({"name": name, "kind": "literal", "value": value})
}

fn default(name: &str, value: impl serde::Serialize) -> Value {
    json!({"name": name, "kind": "literal", "value": value, "from_default": true})
}

fn xcom(name: &str, task_id: &str) -> Value {
    json!({"name": name, "kind": "xcom", "task_id": task_id, "value_schema": {"type": "array"}})
}

/// Runs a task with these `arg_bindings`. The XCom of a task `none` is missing, that of `text` is a text, every other is
/// `[1, 2]`.
fn run(task_id: &str, bindings: Value) -> Ended {
    let mut details = details("flow", task_id);
    details["ti_context"]["arg_bindings"] = bindings;
    let mut session = Session::start();
    session.begin(&details);
    session.answer(|request| {
        let value = match (request["type"].as_str(), request["task_id"].as_str()) {
            (Some("GetXComSequenceSlice"), _) => {
                return Answer::Body(json!({"type": "XComSequenceSliceResult", "root": [1, 2, 3]}));
            }
            (Some("GetXCom"), Some("none")) => Value::Null,
            (Some("GetXCom"), Some("text")) => json!("north"),
            _ => return Answer::Usual,
        };
        Answer::Body(json!({"type": "XComResult", "key": request["key"], "value": value}))
    })
}

/// What the task returned.
fn returned(ended: &Ended) -> &Value {
    assert_eq!(ended.terminal()["type"], "SucceedTask", "{:?}", ended.logs);
    let set = ended.requests.iter().find(|r| r["type"] == "SetXCom");
    &set.expect("a return value")["value"]
}

/// Why the task failed; its body did not run.
fn refused(ended: &Ended) -> String {
    assert_eq!(ended.terminal()["type"], "TaskState");
    assert_eq!(ended.terminal()["state"], "failed");
    assert!(!ended.logged("the body runs"), "{:?}", ended.logs);
    let failed = ended.logs.iter().find_map(|line| {
        let event = line["event"].as_str()?;
        event.strip_prefix("the task failed: ")
    });
    failed.expect("the reason is logged").to_owned()
}

fn warnings(ended: &Ended) -> Vec<&str> {
    let lines = ended.logs.iter().filter(|line| line["level"] == "warning");
    lines.map(|line| line["event"].as_str().unwrap()).collect()
}

fn airflows_arguments_go_to_parameters_by_position() {
    let ended = run(
        "two",
        json!([
            literal("country_", "de"),
            xcom("rows", "one"),
            literal("x", 9)
        ]),
    );
    assert_eq!(returned(&ended), &json!(["de", [1, 2], 9]));
    assert_eq!(ended.requests[0]["task_id"], "one");
    assert_eq!(warnings(&ended), [""; 0]);
}

fn a_python_default_is_an_argument_and_one_the_task_does_not_take_is_left_out() {
    let ended = run(
        "two",
        json!([
            literal("country", "de"),
            xcom("data", "one"),
            default("limit", 3),
            default("more", 1)
        ]),
    );
    assert_eq!(returned(&ended), &json!(["de", [1, 2], 3]));
}

fn an_argument_that_the_dag_file_leaves_out_is_its_default_or_none() {
    let ended = run(
        "two",
        json!([literal("country", "de"), xcom("data", "one")]),
    );
    assert_eq!(returned(&ended), &json!(["de", [1, 2], 5]));
    let ended = run("maybe", json!([xcom("data", "one")]));
    assert_eq!(returned(&ended), &json!([[1, 2], null]));
}

fn a_wrong_number_of_arguments_fails_before_the_body() {
    let too_few = refused(&run("two", json!([literal("country", "de")])));
    for part in [
        "argument `data`",
        "1 argument (`country`)",
        "`two` takes 3 arguments (`country`, `data`, `limit`)",
        "expected `Vec<i64>`",
    ] {
        assert!(too_few.contains(part), "{part}: {too_few}");
    }
    let four = ["a", "b", "c", "d"].map(|name| literal(name, 1));
    let too_many = refused(&run("two", json!(four)));
    assert!(
        too_many.contains("4 arguments (`a`, `b`, `c`, `d`)"),
        "{too_many}"
    );
}

fn a_type_that_does_not_fit_fails_before_the_body_and_says_what_came() {
    for (bindings, parts) in [
        (
            json!([literal("country", 44), xcom("data", "one")]),
            ["argument `country`", "the Dag file", "`String`", "44"],
        ),
        (
            json!([literal("country", "de"), xcom("data", "text")]),
            ["argument `data`", "task `text`", "`Vec<i64>`", "north"],
        ),
    ] {
        let reason = refused(&run("two", bindings));
        for part in parts {
            assert!(reason.contains(part), "{part}: {reason}");
        }
    }
}

fn a_missing_xcom_fails_before_the_body_and_names_its_task() {
    let expected =
        "task `none` has not returned a value (its XCom `return_value` is missing or null)";
    let bindings = json!([literal("country", "de"), xcom("data", "none")]);
    assert_eq!(
        refused(&run("two", bindings)),
        format!("argument `data`: {expected}; expected `Vec<i64>`")
    );
    // A JSON value could be null, but nothing is not null.
    assert!(refused(&run("anything", json!([xcom("value", "none")]))).contains(expected));
    let ended = run("maybe", json!([xcom("data", "none"), literal("note", "n")]));
    assert_eq!(returned(&ended), &json!([null, "n"]));
}

fn fields_of_a_struct_are_found_by_name() {
    let ended = run(
        "report",
        json!([
            default("other", 1),
            xcom("row_data", "one"),
            literal("maxRows", 10),
            literal("Country_", "de")
        ]),
    );
    assert_eq!(returned(&ended), &json!(["de", 10, [1, 2], 0, null]));
}

fn a_name_that_no_field_has_fails_before_the_body() {
    let reason = refused(&run("report", json!([literal("contry", "de")])));
    for part in ["`contry`", "`report`", "`country`, `max_rows`, `rowData`"] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    let reason = refused(&run("report", json!([literal("country", "de")])));
    assert!(
        reason.contains("argument `max_rows`: the Dag file does not pass it")
            && reason.contains("`i64`"),
        "{reason}"
    );
}

fn another_upstream_task_than_in_the_rust_dag_is_used_and_warned_about() {
    let ended = run(
        "two",
        json!([literal("country", "de"), xcom("data", "other")]),
    );
    assert_eq!(ended.requests[0]["task_id"], "other");
    assert_eq!(
        warnings(&ended),
        [
            "argument `data`: the Dag file passes the output of task `other`, the Rust Dag the output of task `one`; \
             the Dag file counts"
        ]
    );
}

fn arguments_that_look_swapped_are_warned_about() {
    let ended = run(
        "two",
        json!([xcom("data", "text"), literal("country", [3])]),
    );
    assert_eq!(returned(&ended), &json!(["north", [3], 5]));
    let warned = warnings(&ended).join("\n");
    assert!(
        warned.contains("argument `country` gets what the Dag file passes as `data`"),
        "{warned}"
    );
}

fn without_airflows_arguments_the_rust_dag_knows_them() {
    assert_eq!(
        returned(&run("two", Value::Null)),
        &json!(["uk", [1, 2], 7])
    );
    assert_eq!(
        returned(&run("report", Value::Null)),
        &json!(["uk", 2, [1, 2], 0, null])
    );
}

fn the_values_of_a_mapped_task_are_one_list() {
    for bindings in [
        Value::Null,
        json!([default("rows", Value::Null), literal("times", 2)]),
    ] {
        let ended = run("total", bindings);
        assert_eq!(returned(&ended), &json!(12));
        assert_eq!(ended.requests[0]["type"], "GetXComSequenceSlice");
        assert_eq!(ended.requests[0]["task_id"], "mapped");
    }
}

fn upstream_values_are_asked_for_all_at_once() {
    let mut details = details("flow", "maybe");
    details["ti_context"]["arg_bindings"] = json!([xcom("data", "one"), xcom("note", "text")]);
    let mut session = Session::start();
    session.begin(&details);
    // Both requests come before either is answered.
    let both = [session.request().unwrap(), session.request().unwrap()];
    let asked = both.map(|request| {
        let body: Value = aileron_wire::json::decode(&request.body).unwrap();
        body["task_id"].clone()
    });
    assert_eq!(asked, [json!("one"), json!("text")]);
    session.comm.shutdown(std::net::Shutdown::Both).unwrap();
    session.serve(|_| Answer::HangUp);
}

fn main() -> ExitCode {
    if std::env::args().any(|a| a.starts_with("--comm")) {
        return aileron::serve(bundle![flow]);
    }
    let trials = trials![
        airflows_arguments_go_to_parameters_by_position,
        a_python_default_is_an_argument_and_one_the_task_does_not_take_is_left_out,
        an_argument_that_the_dag_file_leaves_out_is_its_default_or_none,
        a_wrong_number_of_arguments_fails_before_the_body,
        a_type_that_does_not_fit_fails_before_the_body_and_says_what_came,
        a_missing_xcom_fails_before_the_body_and_names_its_task,
        fields_of_a_struct_are_found_by_name,
        a_name_that_no_field_has_fails_before_the_body,
        another_upstream_task_than_in_the_rust_dag_is_used_and_warned_about,
        arguments_that_look_swapped_are_warned_about,
        without_airflows_arguments_the_rust_dag_knows_them,
        the_values_of_a_mapped_task_are_one_list,
        upstream_values_are_asked_for_all_at_once,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
