//! What the SDK's runtime does under Airflow's own supervisor code, with the bundle `tests/bundles/scenarios`.

use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

use end_to_end::AirflowVersion;
use end_to_end::bundle::Built;
use end_to_end::supervised::{Outcome, Signal, Supervisor, Task};
use serde_json::json;

static SCENARIOS: LazyLock<PathBuf> = LazyLock::new(|| {
    Built::package("scenarios")
        .expect("the scenarios bundle is built")
        .executable
});

fn task(dag_id: &str, task_id: &str) -> Task {
    Task::of(&SCENARIOS, dag_id, task_id)
}

/// Python takes seconds to import Airflow, so the tests share one process for each version. It ends with this one.
static SUPERVISORS: LazyLock<Vec<(AirflowVersion, Mutex<Supervisor>)>> = LazyLock::new(|| {
    let start = |version| Supervisor::start(version, None).expect("the supervisor starts");
    AirflowVersion::ALL
        .into_iter()
        .map(|version| (version, Mutex::new(start(version))))
        .collect()
});

/// Runs the task under the supervisor of every version.
fn on_every_version(task: &Task, check: impl Fn(AirflowVersion, &Outcome)) {
    for (version, supervisor) in SUPERVISORS.iter() {
        let outcome = {
            let mut supervisor = supervisor
                .lock()
                .expect("no test fails while it holds the supervisor");
            supervisor.run(task).expect("the supervisor answers")
        };
        assert_eq!(outcome.error, None, "{version}: {outcome:#?}");
        check(*version, &outcome);
    }
}

fn assert_ended(version: AirflowVersion, outcome: &Outcome, state: &str, exit_code: i64) {
    assert_eq!(
        outcome.final_state.as_deref(),
        Some(state),
        "{version}: {outcome:#?}"
    );
    assert_eq!(
        outcome.exit_code,
        Some(exit_code),
        "{version}: {outcome:#?}"
    );
}

#[test]
fn a_value_is_stored_before_success_is_reported() {
    on_every_version(&task("values", "measure"), |version, outcome| {
        assert_ended(version, outcome, "success", 0);
        assert_eq!(
            outcome.xcoms["measure/return_value"]["counts"],
            json!([1, 2, 3])
        );
        let stored = outcome
            .requests
            .iter()
            .position(|request| request.path.ends_with("/return_value"));
        let ended = outcome
            .requests
            .iter()
            .position(|request| request.path.ends_with("/state"));
        assert!(
            stored.is_some() && stored < ended,
            "{version}: {:#?}",
            outcome.requests
        );
    });
}

#[test]
fn an_argument_that_does_not_fit_fails_before_the_body_and_says_what_came() {
    let mut task = task("values", "check");
    task.xcoms.insert(
        "double/return_value".to_owned(),
        json!({"station": "x", "counts": "many"}),
    );
    on_every_version(&task, |version, outcome| {
        assert_ended(version, outcome, "failed", 0);
        let line = outcome
            .log_line("argument `doubled`")
            .expect("the log names the argument");
        for part in ["double", "Reading", "counts"] {
            assert!(
                line.event().contains(part),
                "{version}: {part} is missing in {line:?}"
            );
        }
    });
}

#[test]
fn an_error_with_retries_left_asks_for_a_retry_and_says_why() {
    let mut task = task("retried", "fail_once");
    task.should_retry = true;
    on_every_version(&task, |version, outcome| {
        assert_ended(version, outcome, "up_for_retry", 0);
        let last = outcome
            .requests
            .last()
            .and_then(|request| request.body.as_ref())
            .expect("a body");
        assert_eq!(last["state"], "up_for_retry", "{version}: {last}");
        assert_eq!(
            last["retry_reason"], "the first try fails",
            "{version}: {last}"
        );
    });
}

#[test]
fn an_error_without_retries_left_fails() {
    on_every_version(&task("retried", "fail_once"), |version, outcome| {
        assert_ended(version, outcome, "failed", 0);
    });
}

#[test]
fn a_no_retry_error_fails_even_with_retries_left() {
    let mut task = task("not_retried", "give_up");
    task.should_retry = true;
    on_every_version(&task, |version, outcome| {
        assert_ended(version, outcome, "failed", 0)
    });
}

#[test]
fn an_unknown_task_or_dag_is_removed() {
    for (dag_id, task_id) in [("values", "nowhere"), ("nowhere", "measure")] {
        on_every_version(&task(dag_id, task_id), |version, outcome| {
            assert_ended(version, outcome, "removed", 0);
            assert!(
                outcome.log_line("nowhere").is_some(),
                "{version}: {:#?}",
                outcome.logs
            );
        });
    }
}

#[test]
fn the_xcoms_of_an_earlier_try_are_deleted_before_the_body_runs() {
    let mut task = task("forgotten", "remembered");
    task.xcoms.insert("remembered/old".to_owned(), json!(1));
    task.xcom_keys_to_clear = vec!["old".to_owned()];
    on_every_version(&task, |version, outcome| {
        assert_ended(version, outcome, "success", 0);
        let deleted = outcome
            .requests
            .iter()
            .filter(|request| request.method == "DELETE")
            .count();
        assert_eq!(deleted, 1, "{version}: {:#?}", outcome.requests);
        assert!(!outcome.xcoms.contains_key("remembered/old"), "{version}");
    });
}

#[test]
fn sigterm_cancels_the_task_runs_its_hook_and_reports() {
    let mut task = task("terminated", "wait_long");
    task.signal = Some(Signal {
        number: 15,
        at_line_with: "waiting in process".to_owned(),
    });
    on_every_version(&task, |version, outcome| {
        assert!(
            outcome.log_line("the task was cancelled").is_some(),
            "{version}: {:#?}",
            outcome.logs
        );
        assert!(
            outcome.log_line("the on-kill hook ran").is_some(),
            "{version}: {:#?}",
            outcome.logs
        );
        assert_ended(version, outcome, "failed", 0);
        assert!(outcome.seconds < 8.0, "{version}: {}", outcome.seconds);
    });
}

#[test]
fn a_task_that_airflow_ends_runs_its_hook_too() {
    let mut task = task("terminated", "wait_long");
    task.terminated_by_server_after = Some(1.0);
    on_every_version(&task, |version, outcome| {
        assert!(
            outcome.log_line("the on-kill hook ran").is_some(),
            "{version}: {:#?}",
            outcome.logs
        );
        // 3.3.2 spells it in capitals.
        let state = outcome.final_state.as_deref().map(str::to_lowercase);
        assert_eq!(
            state.as_deref(),
            Some("server_terminated"),
            "{version}: {outcome:#?}"
        );
    });
}

#[test]
fn a_killed_process_loses_no_line_it_had_logged() {
    let mut task = task("terminated", "wait_long");
    task.signal = Some(Signal {
        number: 9,
        at_line_with: "waiting in process".to_owned(),
    });
    on_every_version(&task, |version, outcome| {
        assert_ended(version, outcome, "failed", -9);
        assert!(
            outcome.log_line("waiting in process").is_some(),
            "{version}"
        );
    });
}

#[test]
fn a_panic_is_logged_with_its_place_and_fails_the_task() {
    on_every_version(&task("panicking", "panic_at_once"), |version, outcome| {
        assert_ended(version, outcome, "failed", 0);
        let line = outcome
            .log_line("the scenario panics")
            .expect("the panic is logged");
        assert!(
            line.event().contains("src/failures.rs:"),
            "{version}: {line:?}"
        );
    });
}

#[test]
fn secrets_are_masked_before_they_leave_the_process() {
    let mut task = task("logging", "write_lines");
    task.connections.insert(
        "scenario_database".to_owned(),
        json!({"conn_type": "generic", "password": "correct-horse-battery"}),
    );
    task.variables.insert(
        "scenario_token_text".to_owned(),
        "registered-and-not-to-be-seen".to_owned(),
    );
    on_every_version(&task, |version, outcome| {
        assert_ended(version, outcome, "success", 0);
        // This log has not been through Airflow's own masking.
        let lines = format!("{:?}", outcome.logs);
        assert!(lines.contains("connecting with ***"), "{version}: {lines}");
        for secret in ["correct-horse-battery", "registered-and-not-to-be-seen"] {
            assert!(!lines.contains(secret), "{version}: {secret} in {lines}");
        }
    });
}
