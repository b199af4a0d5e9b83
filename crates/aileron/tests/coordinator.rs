//! A bundle process against a supervisor that is a few lines of this file.
//!
//! The test program is the bundle as well: started with `--comm` and `--logs` it serves the Dag below. That shows the
//! process from outside (exit codes, signals, sockets) in milliseconds; the same promises are shown under Airflow's own
//! supervisor in the end-to-end tests.

// A test program without the standard harness does not count as a test for clippy.
#![allow(clippy::unwrap_used)]

mod support;

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use aileron::prelude::*;
use libtest_mimic::Arguments;
use serde_json::{Value, json};
use support::{Answer, Ended, Session, details, trials};

#[task]
async fn ok() -> Result<Vec<i64>> {
    Ok(vec![1, 2])
}

#[task]
async fn nothing(cx: &Context) -> Result<()> {
    let _ = cx;
    Ok(())
}

#[task]
async fn double(numbers: Vec<i64>) -> Result<Vec<i64>> {
    Ok(numbers.iter().map(|n| n * 2).collect())
}

#[task]
async fn fail() -> Result<()> {
    Err(Error::msg("the shop is closed").context("reading orders"))
}

#[task]
async fn give_up() -> Result<()> {
    Err(Error::no_retry("wrong schema"))
}

#[task]
fn panic_plain() -> Result<()> {
    panic!("plain panic")
}

#[task]
async fn panic_async() -> Result<()> {
    panic!("async panic")
}

/// Waits until it is told to stop.
#[task]
async fn polite(cx: &Context) -> Result<()> {
    cx.on_kill(|| async { tracing::warn!("hook ran") });
    tracing::info!("waiting");
    cx.cancellation().cancelled().await;
    Err(Error::msg("stopped politely"))
}

/// Takes no notice of being told to stop.
#[task]
async fn stubborn(cx: &Context) -> Result<()> {
    cx.on_kill(|| async { tracing::warn!("hook ran") });
    tracing::info!("waiting");
    std::future::pending::<()>().await;
    Ok(())
}

/// Blocks its thread.
#[task]
fn blocked() -> Result<()> {
    tracing::info!("waiting");
    std::thread::sleep(Duration::from_secs(3600));
    Ok(())
}

/// Finishes its work when it is told to stop.
#[task]
async fn finisher(cx: &Context) -> Result<String> {
    tracing::info!("waiting");
    cx.cancellation().cancelled().await;
    Ok("done in time".into())
}

#[task(execution_timeout = "100ms")]
async fn slow() -> Result<()> {
    std::future::pending::<()>().await;
    Ok(())
}

#[task]
async fn asks(cx: &Context) -> Result<()> {
    cx.on_kill(|| async { tracing::warn!("hook ran") });
    cx.variables().get("anything").await?;
    Ok(())
}

/// Finds out by itself, in a write that fails, that the supervisor is gone.
#[task]
async fn writes_to_nobody(cx: &Context) -> Result<()> {
    cx.on_kill(|| async { tracing::warn!("hook ran") });
    // Sent, but not waited for: a supervisor that hangs up without reading it resets the connection.
    let sent = tokio::time::timeout(Duration::ZERO, cx.variables().get("unread")).await;
    assert!(sent.is_err(), "nobody answers this");
    tracing::info!("waiting");
    // Nothing else of this process gets to look at the socket meanwhile.
    std::thread::sleep(Duration::from_millis(500));
    cx.variables().get("anything").await?;
    Ok(())
}

#[task]
async fn not_json() -> Result<f64> {
    Ok(f64::NAN)
}

#[dag]
fn tasks(dag: &mut Dag) {
    let numbers = dag.add(ok());
    dag.add(double(numbers));
    dag.add(nothing());
    dag.add(fail());
    dag.add(give_up());
    dag.add(panic_plain());
    dag.add(panic_async());
    dag.add(polite());
    dag.add(stubborn());
    dag.add(blocked());
    dag.add(finisher());
    dag.add(slow());
    dag.add(asks());
    dag.add(writes_to_nobody());
    dag.add(not_json());
}

#[dag]
fn broken(dag: &mut Dag) {
    for _ in 0..2 {
        dag.add(ok());
    }
}

fn startup(dag_id: &str, task_id: &str, should_retry: bool, clear: &[&str]) -> Value {
    let mut details = details(dag_id, task_id);
    details["ti_context"]["should_retry"] = json!(should_retry);
    details["ti_context"]["xcom_keys_to_clear"] = json!(clear);
    details
}

fn run_with(task_id: &str, should_retry: bool, clear: &[&str]) -> Ended {
    let mut session = Session::start();
    session.begin(&startup("tasks", task_id, should_retry, clear));
    session.serve(|_| Answer::Usual)
}

fn run(task_id: &str, should_retry: bool) -> Ended {
    run_with(task_id, should_retry, &[])
}

fn a_value_is_pushed_and_the_task_succeeds() {
    let ended = run("ok", false);
    assert_eq!(ended.types(), ["SetXCom", "SucceedTask"]);
    assert_eq!(ended.requests[0]["value"], json!([1, 2]));
    assert_eq!(ended.requests[0]["key"], "return_value");
    // The Execution API wants lists where the schema would take a null.
    assert_eq!(ended.requests[1]["task_outlets"], json!([]));
    assert_eq!(ended.requests[1]["outlet_events"], json!([]));
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.stderr, "");
}

fn the_fields_of_the_tasks_span_are_not_on_its_log_lines() {
    let ended = run("fail", false);
    let line = ended.logs.iter().find(|line| {
        let event = line["event"].as_str().unwrap();
        event.starts_with("the task failed")
    });
    let line = line.expect("the failure is logged").as_object().unwrap();
    for field in ["dag_id", "task_id", "run_id", "try_number", "map_index"] {
        assert!(!line.contains_key(field), "{field}: {line:?}");
    }
}

fn the_trace_context_of_the_task_instance_goes_out_with_every_request() {
    let ended = run("double", false);
    for carrier in &ended.carriers {
        let carrier = carrier.as_ref().expect("a trace context");
        assert_eq!(carrier["traceparent"], support::TRACEPARENT);
    }
    assert_eq!(ended.carriers.len(), 4);
}

fn unit_pushes_nothing() {
    let ended = run("nothing", false);
    assert_eq!(ended.types(), ["SucceedTask"]);
}

fn an_argument_is_pulled_from_its_upstream_task() {
    let ended = run("double", false);
    let expected = ["GetXCom", "SetRenderedFields", "SetXCom", "SucceedTask"];
    assert_eq!(ended.types(), expected);
    assert_eq!(ended.requests[0]["task_id"], "ok");
    // Airflow shows the arguments beside the task.
    assert_eq!(
        ended.requests[1]["rendered_fields"],
        json!({"numbers": [1, 2]})
    );
    assert_eq!(ended.requests[2]["value"], json!([2, 4]));
}

fn xcoms_of_an_earlier_try_are_cleared_before_the_body() {
    let ended = run_with("ok", false, &["return_value", "other"]);
    assert_eq!(
        ended.types(),
        ["DeleteXCom", "DeleteXCom", "SetXCom", "SucceedTask"]
    );
    assert_eq!(ended.requests[1]["key"], "other");
    assert_eq!(ended.requests[1]["map_index"], -1);
}

fn an_error_is_retried_with_its_reason_when_airflow_would() {
    let ended = run("fail", true);
    assert_eq!(ended.terminal()["type"], "RetryTask");
    assert_eq!(
        ended.terminal()["retry_reason"],
        "reading orders: the shop is closed"
    );
    assert_eq!(ended.code, Some(0));
    assert!(ended.logged("the shop is closed"));
}

fn an_error_fails_the_task_when_no_retries_are_left() {
    let ended = run("fail", false);
    assert_eq!(ended.terminal()["type"], "TaskState");
    assert_eq!(ended.terminal()["state"], "failed");
    assert_eq!(ended.code, Some(0));
}

fn a_no_retry_error_always_fails() {
    let ended = run("give_up", true);
    assert_eq!(ended.terminal()["type"], "TaskState");
    assert_eq!(ended.terminal()["state"], "failed");
}

fn a_panic_is_caught_and_logged_with_its_place() {
    for (task, text) in [
        ("panic_plain", "plain panic"),
        ("panic_async", "async panic"),
    ] {
        let ended = run(task, true);
        assert_eq!(ended.terminal()["type"], "RetryTask", "{task}");
        assert_eq!(
            ended.terminal()["retry_reason"],
            format!("the task panicked: {text}")
        );
        assert_eq!(ended.code, Some(0));
        let line = ended
            .logs
            .iter()
            .find(|line| line["logger"] == "aileron.panic")
            .expect("the panic is logged");
        assert!(
            line["event"]
                .as_str()
                .unwrap()
                .contains("tests/coordinator.rs:"),
            "{line}"
        );
        let detail = &line["error_detail"][0];
        assert_eq!(detail["exc_value"], text);
        let frames = detail["frames"].to_string();
        assert!(
            frames.contains(task),
            "the task's own frame is in the backtrace: {frames}"
        );
    }
}

fn what_the_bundle_does_not_have_is_removed() {
    for (dag, task) in [("tasks", "unknown"), ("unknown", "ok")] {
        let mut session = Session::start();
        session.begin(&startup(dag, task, true, &[]));
        let ended = session.serve(|_| Answer::Usual);
        assert_eq!(ended.types(), ["TaskState"]);
        assert_eq!(ended.terminal()["state"], "removed");
        assert_eq!(ended.code, Some(0));
        assert!(ended.logged("unknown"));
    }
}

fn a_dag_that_cannot_be_built_fails_without_retry() {
    let mut session = Session::start();
    session.begin(&startup("broken", "ok", true, &[]));
    let ended = session.serve(|_| Answer::Usual);
    assert_eq!(ended.terminal()["state"], "failed");
    assert!(ended.logged("task id `ok` is used twice"));
}

fn signalled(task: &str, signal: &str) -> (Ended, Duration) {
    let mut session = Session::start();
    session.begin(&startup("tasks", task, true, &[]));
    session.wait_for_line("waiting");
    let start = Instant::now();
    session.signal(signal);
    (session.serve(|_| Answer::Usual), start.elapsed())
}

fn sigterm_lets_a_task_stop_by_itself_and_reports() {
    let (ended, took) = signalled("polite", "TERM");
    assert_eq!(ended.terminal()["type"], "RetryTask");
    assert_eq!(
        ended.terminal()["retry_reason"],
        "SIGTERM received: stopped politely"
    );
    assert!(ended.logged("hook ran"));
    assert_eq!(ended.code, Some(0));
    assert!(took < Duration::from_secs(2), "it took {took:?}");
}

fn sigterm_drops_a_task_after_the_grace_period_and_runs_its_hook() {
    for task in ["stubborn", "blocked"] {
        let (ended, took) = signalled(task, "TERM");
        assert_eq!(ended.terminal()["retry_reason"], "SIGTERM received");
        assert_eq!(ended.logged("hook ran"), task == "stubborn");
        assert_eq!(ended.code, Some(0));
        // Airflow follows with SIGKILL after five seconds.
        assert!(
            took > Duration::from_secs(2) && took < Duration::from_secs(5),
            "{task}: {took:?}"
        );
    }
}

fn a_task_that_finishes_in_the_grace_period_has_succeeded() {
    let (ended, _) = signalled("finisher", "INT");
    assert_eq!(ended.types(), ["SetXCom", "SucceedTask"]);
    assert!(!ended.logged("hook ran"));
}

fn the_execution_timeout_ends_the_task() {
    let ended = run("slow", true);
    let reason = ended.terminal()["retry_reason"].as_str().unwrap();
    assert!(reason.contains("execution timeout of 100ms"), "{reason}");
}

fn a_supervisor_that_goes_away_ends_the_task_instead_of_leaving_it_running() {
    let mut session = Session::start();
    session.begin(&startup("tasks", "polite", true, &[]));
    session.wait_for_line("waiting");
    session.comm.shutdown(std::net::Shutdown::Both).unwrap();
    let ended = session.serve(|_| Answer::Usual);
    assert_eq!(ended.code, Some(1));
    assert!(ended.requests.is_empty());
    assert!(ended.logged("hook ran"));
    assert!(
        ended
            .stderr
            .contains("the connection to the supervisor is closed"),
        "{}",
        ended.stderr
    );
}

fn a_supervisor_that_goes_away_during_a_request_is_a_clear_error() {
    let mut session = Session::start();
    session.begin(&startup("tasks", "asks", true, &[]));
    let ended = session.serve(|_| Answer::HangUp);
    assert_eq!(ended.types(), ["GetVariable"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("closed"), "{}", ended.stderr);
    assert!(ended.logged("hook ran"));
}

fn a_task_that_notices_itself_that_its_supervisor_is_gone_still_runs_its_hooks() {
    let mut session = Session::start();
    session.begin(&startup("tasks", "writes_to_nobody", true, &[]));
    session.wait_for_line("waiting");
    let ended = session.hang_up();
    assert_eq!(ended.code, Some(1));
    assert!(ended.logged("hook ran"));
}

fn a_value_that_is_not_json_fails_the_task_and_says_why() {
    let ended = run("not_json", false);
    assert_eq!(ended.types(), ["TaskState"]);
    assert!(ended.logged("the return value cannot be an XCom"));
}

fn a_first_message_it_does_not_know_is_a_protocol_error() {
    let mut session = Session::start();
    session.say(0, &aileron_wire::message::OKResponse { ok: true });
    let ended = session.serve(|_| Answer::Usual);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.stderr.contains("first message is `OKResponse`"),
        "{}",
        ended.stderr
    );
}

fn broken_first_frames_are_protocol_errors() {
    for (bytes, expected) in [
        (&[0, 0, 0, 3, 0xc1, 0, 0][..], "corrupt"),
        (&[0, 0, 0, 2, 0x91, 0][..], "empty"),
        (&[0, 0][..], "2 of 4 bytes"),
        (&[][..], "before the supervisor said what to do"),
    ] {
        let mut session = Session::start();
        session.send_raw(bytes);
        session.comm.shutdown(std::net::Shutdown::Write).unwrap();
        let ended = session.serve(|_| Answer::Usual);
        assert_eq!(ended.code, Some(1), "{expected}");
        assert!(
            ended.stderr.contains(expected),
            "{expected}: {}",
            ended.stderr
        );
    }
}

fn a_dag_processor_gets_no_dags_and_what_is_wrong() {
    let mut session = Session::start();
    let request =
        aileron_wire::message::DagFileParseRequest::new("/b/sub/bundle", "/b", "dags-folder");
    session.say(0, &request);
    let ended = session.serve(|_| Answer::Usual);
    assert_eq!(ended.types(), ["DagFileParsingResult"]);
    assert_eq!(ended.terminal()["serialized_dags"], json!([]));
    let error = ended.terminal()["import_errors"]["sub/bundle"]
        .as_str()
        .unwrap();
    assert!(error.contains("task id `ok` is used twice"), "{error}");
    assert_eq!(ended.code, Some(0));
}

fn nobody_listening_is_a_clear_error() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--comm=127.0.0.1:1", "--logs=127.0.0.1:1"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("cannot connect to the supervisor at --comm=127.0.0.1:1"),
        "{stderr}"
    );
}

fn one_address_without_the_other_is_a_usage_error() {
    let output = Command::new(std::env::current_exe().unwrap())
        .arg("--comm=127.0.0.1:1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("without `--logs`")
    );
}

fn the_manifest_of_a_broken_bundle_is_an_error() {
    let output = Command::new(std::env::current_exe().unwrap())
        .arg("--airflow-metadata")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(output.stdout, b"");
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("task id `ok` is used twice")
    );
}

fn main() -> ExitCode {
    if std::env::args().any(|a| a.starts_with("--comm") || a == "--airflow-metadata") {
        return aileron::serve(bundle![tasks, broken]);
    }
    let trials = trials![
        a_value_is_pushed_and_the_task_succeeds,
        the_fields_of_the_tasks_span_are_not_on_its_log_lines,
        the_trace_context_of_the_task_instance_goes_out_with_every_request,
        unit_pushes_nothing,
        an_argument_is_pulled_from_its_upstream_task,
        xcoms_of_an_earlier_try_are_cleared_before_the_body,
        an_error_is_retried_with_its_reason_when_airflow_would,
        an_error_fails_the_task_when_no_retries_are_left,
        a_no_retry_error_always_fails,
        a_panic_is_caught_and_logged_with_its_place,
        what_the_bundle_does_not_have_is_removed,
        a_dag_that_cannot_be_built_fails_without_retry,
        sigterm_lets_a_task_stop_by_itself_and_reports,
        sigterm_drops_a_task_after_the_grace_period_and_runs_its_hook,
        a_task_that_finishes_in_the_grace_period_has_succeeded,
        the_execution_timeout_ends_the_task,
        a_supervisor_that_goes_away_ends_the_task_instead_of_leaving_it_running,
        a_supervisor_that_goes_away_during_a_request_is_a_clear_error,
        a_task_that_notices_itself_that_its_supervisor_is_gone_still_runs_its_hooks,
        a_value_that_is_not_json_fails_the_task_and_says_why,
        a_first_message_it_does_not_know_is_a_protocol_error,
        broken_first_frames_are_protocol_errors,
        a_dag_processor_gets_no_dags_and_what_is_wrong,
        nobody_listening_is_a_clear_error,
        one_address_without_the_other_is_a_usage_error,
        the_manifest_of_a_broken_bundle_is_an_error,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
