//! What the supervisor harness promises, shown with a Python task and with executables that misbehave.

use std::path::PathBuf;

use end_to_end::AirflowVersion;
use end_to_end::supervised::{Supervisor, Task};
use end_to_end::workspace_root;
use serde_json::json;

fn dags() -> PathBuf {
    workspace_root().join("tests/end-to-end/dags")
}

#[test]
fn a_python_task_runs_and_its_requests_and_logs_are_seen() {
    for version in AirflowVersion::ALL {
        let mut supervisor =
            Supervisor::start(version, Some(&dags())).expect("the supervisor starts");
        let task = Task::python("harness.py", "harness_values", "produce");
        let outcome = supervisor.run(&task).expect("the task runs");
        assert_eq!(
            outcome.final_state.as_deref(),
            Some("success"),
            "{version}: {outcome:#?}"
        );
        assert_eq!(outcome.exit_code, Some(0));
        assert_eq!(outcome.xcoms["produce/return_value"]["name"], json!("Ada"));
        assert!(
            outcome.log_line("a line on standard output").is_some(),
            "{version}: {:#?}",
            outcome.logs
        );
        let last = outcome.requests.last().expect("there are requests");
        assert!(last.path.ends_with("/state"), "{version}: {last:?}");
    }
}

#[test]
fn an_executable_that_ends_before_it_connects_is_an_error() {
    let mut supervisor =
        Supervisor::start(AirflowVersion::V3_3_2, None).expect("the supervisor starts");
    let task = Task::of("/bin/false".as_ref(), "any", "any");
    let outcome = supervisor.run(&task).expect("the supervisor answers");
    let error = outcome.error.expect("there is an error");
    assert!(error.contains("exited with 1 before connecting"), "{error}");
}

#[test]
fn an_executable_that_does_not_connect_in_time_is_ended() {
    let mut supervisor =
        Supervisor::start(AirflowVersion::V3_3_2, None).expect("the supervisor starts");
    let mut task = Task::of("/bin/sh".as_ref(), "any", "any");
    // The supervisor's own flags follow and become arguments of the script.
    task.command
        .extend(["-c".to_owned(), "exec sleep 60".to_owned()]);
    task.startup_timeout = 0.5;
    let outcome = supervisor.run(&task).expect("the supervisor answers");
    let error = outcome.error.expect("there is an error");
    assert!(error.contains("did not connect within timeout"), "{error}");
    assert!(outcome.seconds < 10.0, "{}", outcome.seconds);
}
