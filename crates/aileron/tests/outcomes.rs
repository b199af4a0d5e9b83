//! Every way a task can end, as the supervisor sees it.
//!
//! As in `coordinator.rs` the test program is the bundle too, and the supervisor is a few lines (`support`).

// A test program without the standard harness does not count as a test for clippy.
#![allow(clippy::unwrap_used)]

mod support;

use std::process::ExitCode;
use std::time::Duration;

use aileron::prelude::*;
use aileron::{HumanAnswer, HumanInput, ResumeError, RetryDecision, Sensor, Trigger, TriggerEvent};
use libtest_mimic::Arguments;
use serde_json::{Value, json};
use support::{Answer, Ended, Session, details, trials};

#[task]
async fn skip(cx: &Context) -> Result<()> {
    cx.set_rendered_map_index("uk").await?;
    Err(Error::skip("nothing to do").context("orders"))
}

#[task]
async fn retry_later() -> Result<()> {
    Err(Error::retry_after(Duration::from_millis(1500), "busy"))
}

#[task]
async fn reschedule(_cx: &Context) -> Result<()> {
    Err(Error::reschedule_at("2026-05-01T00:00:00Z".parse()?))
}

#[task]
async fn branch(cx: &Context) -> Result<i64> {
    cx.skip_downstream(["skip", "elsewhere"]);
    cx.skip_downstream(["skip"]);
    Ok(1)
}

#[task]
async fn branch_and_fail(cx: &Context) -> Result<()> {
    cx.skip_downstream(["skip"]);
    Err(Error::msg("failed after all"))
}

#[task]
async fn mapped(cx: &Context) -> Result<()> {
    cx.set_rendered_map_index("uk").await
}

fn policy(error: &Error, cx: &Context) -> RetryDecision {
    match error.to_string().as_str() {
        "the task panicked: final" => RetryDecision::fail().because("it will not get better"),
        "wait" => RetryDecision::retry_after(Duration::from_secs(cx.try_number() as u64 * 7))
            .because("try 1 waits a week of seconds"),
        "bad policy" => panic!("the policy panics"),
        _ => RetryDecision::Default,
    }
}

#[task(retry_policy = policy)]
fn judged(cx: &Context) -> Result<()> {
    let how: String = cx.param("how")?;
    match how.as_str() {
        "final" => panic!("final"),
        "explicit" => Err(Error::retry_after(Duration::from_secs(1), "wait")),
        how => Err(Error::msg(how)),
    }
}

#[task]
async fn sense(cx: &Context) -> Result<()> {
    let sensor = Sensor::every(Duration::from_secs(30)).timeout(Duration::from_secs(3600));
    sensor.reschedule().until(cx, async || Ok(None)).await
}

#[task(resume = [fired, checked])]
async fn wait(cx: &Context) -> Result<String> {
    let trigger = Trigger::new("airflow.providers.standard.triggers.file.FileTrigger")
        .kwarg("filepath", "/data/orders.csv")
        .kwarg("poke_interval", 0.5)
        .next_kwarg("from", &cx.ti().task_id);
    Err(trigger.timeout(Duration::from_secs(90)).resume(wait::fired))
}

async fn fired(_cx: &Context, event: TriggerEvent) -> Result<String> {
    let from: String = event.next_kwarg("from")?;
    Ok(format!("{from} {}", event.payload::<i64>()?))
}

async fn checked(
    _cx: &Context,
    event: std::result::Result<TriggerEvent, ResumeError>,
) -> Result<String, std::fmt::Error> {
    Ok(match event {
        Ok(event) => format!("fired {}", event.payload),
        Err(error) => format!("caught: {error}"),
    })
}

/// Its handler takes no failures.
#[task(resume = [fired])]
async fn wait_plainly() -> Result<String> {
    Err(Trigger::new("some.Trigger").resume("fired"))
}

#[task]
async fn wait_without_a_handler() -> Result<()> {
    Err(Trigger::new("some.Trigger").resume("nowhere"))
}

#[task(resume = [answered])]
async fn ask() -> Result<Vec<String>> {
    Err(HumanInput::ask("Pay?")
        .options(["pay", "hold"])
        .defaults(["hold"])
        .param("note", "none")
        .assigned_to("7", "ada")
        .timeout(Duration::from_secs(60))
        .next_kwarg("amount", 5)
        .resume(ask::answered))
}

async fn answered(_cx: &Context, answer: HumanAnswer) -> Result<Vec<String>> {
    let note: String = answer.param("note")?;
    let amount: i64 = answer.next_kwarg("amount")?;
    Ok([answer.chosen_options, vec![note, amount.to_string()]].concat())
}

#[dag]
fn endings(dag: &mut Dag) {
    dag.param("how", "none");
    dag.add(skip());
    dag.add(retry_later());
    dag.add(reschedule());
    dag.add(branch());
    dag.add(branch_and_fail());
    dag.add(mapped());
    dag.add(judged());
    dag.add(sense());
    dag.add(wait());
    dag.add(wait_plainly());
    dag.add(wait_without_a_handler());
    dag.add(ask());
}

fn run_with(task_id: &str, more: Value, answer: impl Fn(&Value) -> Answer) -> Ended {
    let mut session = Session::start();
    let mut details = details("endings", task_id);
    for (name, value) in more.as_object().unwrap() {
        details["ti_context"][name] = value.clone();
    }
    session.begin(&details);
    let ended = session.answer(answer);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended
}

fn run(task_id: &str, more: Value) -> Ended {
    run_with(task_id, more, |_| Answer::Usual)
}

fn resumed(task_id: &str, method: &str, kwargs: Value) -> Ended {
    let more = json!({"next_method": method, "next_kwargs": kwargs, "should_retry": true});
    run(task_id, more)
}

fn a_skip_is_no_failure_even_with_retries_left() {
    let ended = run("skip", json!({"should_retry": true}));
    assert_eq!(ended.types(), ["SetRenderedMapIndex", "TaskState"]);
    assert_eq!(ended.terminal()["state"], "skipped");
    assert_eq!(ended.terminal()["rendered_map_index"], "uk");
    assert!(ended.logged("orders: nothing to do"));
}

fn a_retry_has_its_own_delay_and_reason() {
    let ended = run("retry_later", json!({"should_retry": true}));
    assert_eq!(ended.terminal()["type"], "RetryTask");
    assert_eq!(ended.terminal()["retry_delay_seconds"], 1.5);
    assert_eq!(ended.terminal()["retry_reason"], "busy");
    let last = run("retry_later", json!({}));
    assert_eq!(last.terminal()["state"], "failed");
}

fn a_reschedule_says_when() {
    let ended = run("reschedule", json!({"should_retry": true}));
    assert_eq!(ended.types(), ["RescheduleTask"]);
    let date = &ended.terminal()["reschedule_date"];
    assert_eq!(date, "2026-05-01T00:00:00Z");
}

fn tasks_downstream_are_skipped_after_the_value_is_stored_and_before_the_success() {
    let ended = run("branch", json!({}));
    let expected = ["SetXCom", "SkipDownstreamTasks", "SucceedTask"];
    assert_eq!(ended.types(), expected);
    assert_eq!(ended.requests[1]["tasks"], json!(["skip", "elsewhere"]));
    // The bundle does not know it, but the Dag file may.
    assert!(ended.logged("no task `elsewhere` to skip"));
}

fn a_task_that_fails_skips_nothing_downstream() {
    let ended = run("branch_and_fail", json!({}));
    assert_eq!(ended.types(), ["TaskState"]);
}

fn the_rendered_map_index_is_in_the_report_too() {
    let ended = run("mapped", json!({}));
    assert_eq!(ended.types(), ["SetRenderedMapIndex", "SucceedTask"]);
    assert_eq!(ended.terminal()["rendered_map_index"], "uk");
}

fn judged_for(how: &str) -> Ended {
    let mut more = json!({"should_retry": true});
    more["dag_run"] = json!({"dag_id": "endings", "run_id": "run", "logical_date": null,
        "data_interval_start": null, "data_interval_end": null, "run_after": "2026-01-01T00:00:00Z",
        "start_date": null, "end_date": null, "run_type": "manual", "state": "running",
        "consumed_asset_events": [], "partition_key": null, "conf": {"how": how}});
    run("judged", more)
}

fn a_retry_policy_decides_by_the_error() {
    let waiting = judged_for("wait");
    assert_eq!(waiting.terminal()["retry_delay_seconds"], 7.0);
    let reason = &waiting.terminal()["retry_reason"];
    assert_eq!(reason, "try 1 waits a week of seconds");
    let failed = judged_for("final");
    assert_eq!(failed.terminal()["state"], "failed");
    assert!(failed.logged("it will not get better"));
    let other = judged_for("other");
    assert_eq!(other.terminal()["type"], "RetryTask");
    assert_eq!(other.terminal().get("retry_delay_seconds"), None);
    assert_eq!(other.terminal()["retry_reason"], "other");
}

fn a_retry_policy_has_no_say_where_the_error_has() {
    let ended = judged_for("explicit");
    assert_eq!(ended.terminal()["retry_delay_seconds"], 1.0);
}

fn a_retry_policy_that_panics_does_not_cost_the_report() {
    let ended = judged_for("bad policy");
    assert_eq!(ended.terminal()["type"], "RetryTask");
    assert_eq!(ended.terminal()["retry_reason"], "bad policy");
    assert!(ended.logged("the policy panics"));
}

fn a_sensor_asks_for_its_start_only_when_it_was_rescheduled() {
    let first = run("sense", json!({}));
    assert_eq!(first.types(), ["RescheduleTask"]);
    let start = |request: &Value| match request["type"].as_str() {
        Some("GetTaskRescheduleStartDate") => Answer::Body(
            json!({"type": "TaskRescheduleStartDate", "start_date": "2026-01-01T00:00:00Z"}),
        ),
        _ => Answer::Usual,
    };
    let later = run_with(
        "sense",
        json!({"task_reschedule_count": 3, "should_retry": true}),
        start,
    );
    assert_eq!(later.types(), ["GetTaskRescheduleStartDate", "TaskState"]);
    assert_eq!(later.terminal()["state"], "failed");
    assert!(later.logged("the sensor timed out"));
}

fn a_sensor_takes_its_start_from_a_newer_airflow() {
    let more = json!({"task_reschedule_count": 3,
        "first_task_reschedule_start_date": "2026-01-01T00:00:00Z"});
    assert_eq!(run("sense", more).types(), ["TaskState"]);
}

fn a_deferral_names_the_trigger_its_arguments_and_the_handler() {
    let ended = run("wait", json!({"should_retry": true}));
    assert_eq!(ended.types(), ["DeferTask"]);
    let defer = ended.terminal();
    let classpath = "airflow.providers.standard.triggers.file.FileTrigger";
    assert_eq!(defer["classpath"], classpath);
    let kwargs = json!({"filepath": "/data/orders.csv", "poke_interval": 0.5});
    assert_eq!(defer["trigger_kwargs"], kwargs);
    assert_eq!(defer["trigger_timeout"], "PT1M30S");
    assert_eq!(defer["next_method"], "fired");
    assert_eq!(defer["next_kwargs"], json!({"from": "wait"}));
}

fn a_deferred_task_goes_on_in_its_handler_with_the_event() {
    let ended = resumed("wait", "fired", json!({"event": 7, "from": "wait"}));
    assert_eq!(ended.types(), ["SetXCom", "SucceedTask"]);
    assert_eq!(ended.requests[0]["value"], "wait 7");
}

fn a_failed_wait_reaches_the_handler_that_takes_failures() {
    let ended = resumed("wait", "__fail__", json!({"error": "Trigger timeout"}));
    let value = ended.requests[0]["value"].as_str().unwrap();
    assert_eq!(value, "caught: the wait timed out: Trigger timeout");
}

fn a_failed_wait_that_no_handler_takes_fails_the_task() {
    let traceback = json!(["Traceback\n", "ValueError: broken\n"]);
    let ended = resumed(
        "wait_plainly",
        "__fail__",
        json!({"error": "Trigger failure", "traceback": traceback}),
    );
    assert_eq!(ended.terminal()["type"], "RetryTask");
    assert!(ended.logged("ValueError: broken"));
}

fn an_unknown_handler_fails_before_the_wait_and_after_it() {
    let before = run("wait_without_a_handler", json!({"should_retry": true}));
    let after = resumed("wait", "renamed", json!({"event": 1}));
    for (ended, text) in [
        (before, "has no resume handler `nowhere`; it has none"),
        (
            after,
            "has no resume handler `renamed`; it has `fired`, `checked`",
        ),
    ] {
        assert_eq!(ended.types(), ["TaskState"]);
        assert_eq!(ended.terminal()["state"], "failed");
        assert!(ended.logged(text), "{text}: {:?}", ended.logs);
    }
}

fn a_question_is_stored_and_then_waited_for() {
    let ended = run("ask", json!({}));
    assert_eq!(ended.types(), ["CreateHITLDetailPayload", "AwaitInputTask"]);
    let detail = &ended.requests[0];
    assert_eq!(detail["subject"], "Pay?");
    assert_eq!(detail["options"], json!(["pay", "hold"]));
    assert_eq!(detail["defaults"], json!(["hold"]));
    assert_eq!(detail["params"]["note"]["value"], "none");
    assert_eq!(
        detail["assigned_users"],
        json!([{"id": "7", "name": "ada"}])
    );
    assert_eq!(ended.terminal()["timeout"], "PT1M");
    assert_eq!(ended.terminal()["next_method"], "answered");
}

fn a_question_that_cannot_be_stored_fails_the_task_instead_of_parking_it() {
    let refuse = |request: &Value| match request["type"].as_str() {
        Some("CreateHITLDetailPayload") => {
            Answer::Body(json!({"type": "ErrorResponse", "error": "API_SERVER_ERROR"}))
        }
        _ => Answer::Usual,
    };
    let ended = run_with("ask", json!({"should_retry": true}), refuse);
    assert_eq!(ended.types(), ["CreateHITLDetailPayload", "RetryTask"]);
}

fn an_answered_task_goes_on_with_the_answer() {
    let event = json!({"chosen_options": ["pay"], "params_input": {"note": "fine"},
        "responded_at": null, "responded_by_user": {"id": "7", "name": "ada"}, "timedout": false});
    let ended = resumed("ask", "answered", json!({"event": event, "amount": 5}));
    assert_eq!(ended.requests[0]["value"], json!(["pay", "fine", "5"]));
    let late = json!({"event": {"error": "too late", "error_type": "timeout"}});
    let ended = resumed("ask", "answered", late);
    assert_eq!(ended.terminal()["type"], "RetryTask");
    assert!(ended.logged("the wait timed out: too late"));
}

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument.starts_with("--comm")) {
        return aileron::serve(bundle![endings]);
    }
    let trials = trials![
        a_skip_is_no_failure_even_with_retries_left,
        a_retry_has_its_own_delay_and_reason,
        a_reschedule_says_when,
        tasks_downstream_are_skipped_after_the_value_is_stored_and_before_the_success,
        a_task_that_fails_skips_nothing_downstream,
        the_rendered_map_index_is_in_the_report_too,
        a_retry_policy_decides_by_the_error,
        a_retry_policy_has_no_say_where_the_error_has,
        a_retry_policy_that_panics_does_not_cost_the_report,
        a_sensor_asks_for_its_start_only_when_it_was_rescheduled,
        a_sensor_takes_its_start_from_a_newer_airflow,
        a_deferral_names_the_trigger_its_arguments_and_the_handler,
        a_deferred_task_goes_on_in_its_handler_with_the_event,
        a_failed_wait_reaches_the_handler_that_takes_failures,
        a_failed_wait_that_no_handler_takes_fails_the_task,
        an_unknown_handler_fails_before_the_wait_and_after_it,
        a_question_is_stored_and_then_waited_for,
        a_question_that_cannot_be_stored_fails_the_task_instead_of_parking_it,
        an_answered_task_goes_on_with_the_answer,
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
