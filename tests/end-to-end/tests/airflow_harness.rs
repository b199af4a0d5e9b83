//! What the test harness itself promises, shown with Python tasks.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::{Airflow, AirflowVersion, Deadline, Setup, Suite, TaskLog, workspace_root};
use serde_json::json;

const LIMIT: Duration = Duration::from_secs(240);

fn main() -> ExitCode {
    Suite::new(|| {
        Setup::new(AirflowVersion::V3_3_2)
            .dags(workspace_root().join("tests/end-to-end/dags/harness.py"))
            .start()
    })
    .test("xcoms_are_read_back_as_json", xcoms_are_read_back_as_json)
    .test(
        "task_logs_are_read_from_the_file_and_through_the_api",
        task_logs_are_read,
    )
    .test(
        "a_failed_try_is_followed_by_the_next",
        a_failed_try_is_followed_by_the_next,
    )
    .test(
        "setting_a_running_task_to_failed_ends_its_process",
        setting_a_running_task_to_failed_ends_its_process,
    )
    .run()
}

fn xcoms_are_read_back_as_json(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    api.wait_for_dag("harness_values", LIMIT)?;
    let run = api.trigger("harness_values", &json!({"from": "test"}))?;
    let run = api.wait_for_success(&run, LIMIT)?;
    assert_eq!(run.conf, json!({"from": "test"}));
    let value = json!({"name": "Ada", "counts": [1, 2, 3], "ratio": 0.5});
    assert_eq!(api.return_value(&run, "produce")?, Some(value));
    let consumed = api
        .return_value(&run, "consume")?
        .context("consume returned nothing")?;
    assert_eq!(
        consumed,
        json!(r#"{"counts": [1, 2, 3], "name": "Ada", "ratio": 0.5}"#)
    );
    assert_eq!(api.xcom(&run, "produce", "absent")?, None);
    assert_eq!(api.xcom_keys(&run, "produce")?, ["return_value"]);
    Ok(())
}

fn task_logs_are_read(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    api.wait_for_dag("harness_values", LIMIT)?;
    let run = api.trigger("harness_values", &json!({}))?;
    let run = api.wait_for_success(&run, LIMIT)?;
    let path = airflow.task_log_path(&run.dag_id, &run.dag_run_id, "produce", 1);
    for log in [TaskLog::read(&path)?, api.task_log(&run, "produce", 1)?] {
        let line = log
            .find("a line on standard output")
            .with_context(|| format!("not in the log:\n{log}"))?;
        assert_eq!(line.level(), "info");
    }
    Ok(())
}

fn a_failed_try_is_followed_by_the_next(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    api.wait_for_dag("harness_retry", LIMIT)?;
    let run = api.trigger("harness_retry", &json!({}))?;
    let run = api.wait_for_success(&run, LIMIT)?;
    assert_eq!(api.task_instance(&run, "fail_once")?.try_number, 2);
    let first =
        TaskLog::read(&airflow.task_log_path(&run.dag_id, &run.dag_run_id, "fail_once", 1))?;
    ensure!(first.to_string().contains("the first try fails"), "{first}");
    Ok(())
}

fn setting_a_running_task_to_failed_ends_its_process(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    api.wait_for_dag("harness_wait", LIMIT)?;
    let run = api.trigger("harness_wait", &json!({}))?;
    api.wait_for_state(&run, "wait", "running", LIMIT)?;
    let path = airflow.task_log_path(&run.dag_id, &run.dag_run_id, "wait", 1);
    let wait_for_line = |text: &str| {
        Deadline::after(LIMIT).wait_for(&format!("{text:?} stands in the log"), || {
            Ok(TaskLog::read(&path)
                .ok()
                .and_then(|log| log.find(text).cloned()))
        })
    };
    let line = wait_for_line("waiting in process")?;
    let pid = line
        .event()
        .rsplit(' ')
        .next()
        .context("no process id in the line")?
        .to_owned();
    api.set_state(&run, "wait", "failed")?;
    wait_for_line("got signal 15")?;
    let process = std::path::Path::new("/proc").join(pid);
    Deadline::after(LIMIT).wait_for("the process is gone", || {
        Ok((!process.exists()).then_some(()))
    })
}
