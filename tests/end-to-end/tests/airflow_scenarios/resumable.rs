//! A job on an HTTP service, whose task is killed.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use end_to_end::{Airflow, AirflowVersion, Api, DagRun, Deadline, JobService};
use serde_json::{Value, json};

use super::{LIMIT, log_file};

const TASK: &str = "idempotent";

pub(super) fn a_killed_task_goes_on_with_its_job(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    let service = JobService::start()?;
    connect(api, &service)?;
    api.wait_for_dag("jobs", LIMIT)?;
    let run = api.trigger("jobs", &json!({"milliseconds": 4000}))?;
    let jobs = || service.jobs(&format!("{}/{TASK}", run.dag_run_id));

    wait_for_line(airflow, &run, "waiting for the job")?;
    assert_eq!(stored(airflow, &run)?["value"]["state"], "submitted");
    assert_eq!(stored(airflow, &run)?["expires_at"], Value::Null);
    let line = wait_for_line(airflow, &run, "running in process")?;
    let process = line.rsplit(' ').next().context("no process id")?;
    ensure!(
        Command::new("kill")
            .args(["-9", process])
            .status()?
            .success()
    );

    api.wait_for_success(&run, LIMIT)?;
    let made = jobs()?;
    assert_eq!(made.len(), 1, "{made:?}");
    assert_eq!(result(airflow, &run)?, made[0]["id"]);
    let record = stored(airflow, &run)?;
    assert_eq!(record["value"]["id"], made[0]["id"]);
    assert_eq!(record["value"]["state"], "succeeded");
    assert!(record["expires_at"].is_string(), "{record}");
    let second = log_file(airflow, &run, TASK, 2)?;
    second
        .find("an earlier try has submitted the job")
        .with_context(|| format!("nothing of the earlier try in:\n{second}"))?;

    // A person clears the task. Airflow 3.4 discards what it has stored, so that it starts over; 3.3 keeps it.
    if airflow.version() == AirflowVersion::V3_3_2 {
        clear(airflow, &run)?;
        assert_eq!(jobs()?.len(), 1);
        api.delete(&store_path(&run))?;
    }
    clear(airflow, &run)?;
    let made = jobs()?;
    assert_eq!(made.len(), 2, "{made:?}");
    assert_eq!(result(airflow, &run)?, made[1]["id"]);
    Ok(())
}

/// Makes the connection to the service, in the place of one to another service.
pub(super) fn connect(api: &Api, service: &JobService) -> Result<()> {
    if api.find("/connections/job_service")?.is_some() {
        api.delete("/connections/job_service")?;
    }
    let mut connection = service.connection();
    let fields = connection.as_object_mut().context("it has fields")?;
    fields.remove("conn_type");
    api.create_connection("job_service", "http", &connection)
}

fn clear(airflow: &Airflow, run: &DagRun) -> Result<()> {
    airflow.api().clear(run, TASK)?;
    airflow.api().wait_for_success(run, LIMIT)?;
    Ok(())
}

fn result(airflow: &Airflow, run: &DagRun) -> Result<Value> {
    let report = airflow.api().return_value(run, TASK)?;
    Ok(report.context("the task returned nothing")?["job"].clone())
}

fn store_path(run: &DagRun) -> String {
    format!(
        "/dags/{}/dagRuns/{}/taskInstances/{TASK}/state-store/remote_job_id",
        run.dag_id, run.dag_run_id
    )
}

/// The record as Airflow's REST API shows it.
fn stored(airflow: &Airflow, run: &DagRun) -> Result<Value> {
    airflow.api().get(&store_path(run))
}

fn wait_for_line(airflow: &Airflow, run: &DagRun, text: &str) -> Result<String> {
    Deadline::after(LIMIT).wait_for(&format!("{text:?} stands in the log"), || {
        // The file is not there at first, and its last line may be half written.
        let log = log_file(airflow, run, TASK, 1).ok();
        Ok(log.and_then(|log| log.find(text).map(|line| line.event().to_owned())))
    })
}
