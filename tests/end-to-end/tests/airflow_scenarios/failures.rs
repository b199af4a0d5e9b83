//! Tasks that fail, each in its way.

use anyhow::{Context, Result};
use end_to_end::Airflow;
use serde_json::json;

use super::{log_file, run_dag, run_to_success};

pub(super) fn a_failed_try_is_followed_by_one_that_succeeds(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "retried")?;
    let instance = airflow.api().task_instance(&run, "fail_once")?;
    assert_eq!(
        (instance.state.as_deref(), instance.try_number),
        (Some("success"), 2)
    );
    assert_eq!(
        airflow.api().return_value(&run, "fail_once")?,
        Some(json!(2))
    );
    let first = log_file(airflow, &run, "fail_once", 1)?;
    assert!(first.to_string().contains("the first try fails"), "{first}");
    let second = log_file(airflow, &run, "fail_once", 2)?;
    assert!(
        !second.to_string().contains("the first try fails"),
        "{second}"
    );
    Ok(())
}

pub(super) fn a_panic_fails_the_task(airflow: &Airflow) -> Result<()> {
    let run = run_dag(airflow, "panicking")?;
    let instance = airflow.api().task_instance(&run, "panic_at_once")?;
    assert_eq!(instance.state.as_deref(), Some("failed"));
    let log = log_file(airflow, &run, "panic_at_once", 1)?;
    let line = log
        .find("the scenario panics")
        .with_context(|| format!("no panic in the log:\n{log}"))?;
    assert!(line.event().contains("src/failures.rs:"), "{line:?}");
    assert_eq!(line.level(), "critical");
    // The form in which Airflow's log view shows exceptions, innermost frame last.
    let frames = &line.0["error_detail"][0]["frames"];
    assert!(frames.to_string().contains("failures.rs"), "{line:?}");
    Ok(())
}

pub(super) fn a_no_retry_error_fails_at_once(airflow: &Airflow) -> Result<()> {
    let run = run_dag(airflow, "not_retried")?;
    assert_eq!(run.state, "failed");
    let instance = airflow.api().task_instance(&run, "give_up")?;
    assert_eq!(
        (instance.state.as_deref(), instance.try_number),
        (Some("failed"), 1)
    );
    let log = log_file(airflow, &run, "give_up", 1)?;
    assert!(
        log.to_string().contains("trying again would not help"),
        "{log}"
    );
    Ok(())
}

pub(super) fn a_task_the_bundle_does_not_have_is_removed(airflow: &Airflow) -> Result<()> {
    let run = run_dag(airflow, "forgotten")?;
    let api = airflow.api();
    assert_eq!(
        api.task_instance(&run, "remembered")?.state.as_deref(),
        Some("success")
    );
    let forgotten = api.task_instance(&run, "not_in_the_bundle")?;
    assert_eq!(forgotten.state.as_deref(), Some("removed"));
    let log = log_file(airflow, &run, "not_in_the_bundle", 1)?;
    // The log says what is missing and what there is.
    assert!(log.to_string().contains("remembered"), "{log}");
    Ok(())
}
