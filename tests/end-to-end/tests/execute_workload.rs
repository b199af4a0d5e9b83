//! `aileron execute-workload` where KubernetesExecutor would start a pod: a real Airflow 3.3.2 hands out the workloads.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use end_to_end::bundle::Built;
use end_to_end::{
    Airflow, AirflowVersion, DagRun, Deadline, ObjectStore, Setup, Suite, TaskLog, workspace_root,
};
use serde_json::{Value, json};

/// No wait in these tests takes longer unless something is wrong.
const LIMIT: Duration = Duration::from_secs(240);

fn main() -> ExitCode {
    let code = Suite::new(start)
        .test("values_pass_between_tasks_of_two_languages", values_pass)
        .test(
            "a_failed_try_is_followed_by_one_that_succeeds",
            a_failed_try,
        )
        .test("a_task_that_airflow_ends_is_ended", airflow_ends_a_task)
        .test(
            "a_pod_that_is_deleted_ends_its_task_in_order",
            a_deleted_pod,
        )
        .test(
            "a_dag_that_no_bundle_has_fails_and_says_where_was_looked",
            no_bundle,
        )
        .test("the_task_sees_no_token", no_token)
        .run();
    drop(STORE.lock().ok().and_then(|mut store| store.take()));
    code
}

fn start() -> Result<Airflow> {
    let scenarios = Built::package("scenarios")?;
    let dags = tempfile::tempdir()?;
    let lost = dags.path().join("lost.py");
    std::fs::write(&lost, LOST)?;
    let airflow = Setup::new(AirflowVersion::V3_3_2)
        .pods(&scenarios.aileron)
        .variable("POD__AIRFLOW__LOGGING__REMOTE_LOGGING", "True")
        .variable(
            "POD__AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER",
            format!("s3://{BUCKET}/logs"),
        )
        .variable("POD__AIRFLOW__LOGGING__REMOTE_LOG_CONN_ID", "log_store")
        .dags(workspace_root().join("tests/end-to-end/dags/scenarios.py"))
        .dags(lost)
        .bundle(&scenarios.bundle)
        .start()?;
    let store = ObjectStore::start(BUCKET)?;
    let extra = json!({"region_name": "us-east-1", "endpoint_url": store.url()});
    airflow.api().create_connection(
        "log_store",
        "aws",
        &json!({"login": "id", "password": "secret", "extra": extra.to_string()}),
    )?;
    *STORE
        .lock()
        .expect("no test fails while it holds the store") = Some(store);
    Ok(airflow)
}

const BUCKET: &str = "task-logs";

/// Where the logs are uploaded to. It ends with the tests.
static STORE: Mutex<Option<ObjectStore>> = Mutex::new(None);

fn uploaded(key: &str) -> Result<Option<Vec<u8>>> {
    let store = STORE
        .lock()
        .expect("no test fails while it holds the store");
    store
        .as_ref()
        .context("there is no object store")?
        .object(BUCKET, key)
}

/// A Dag whose bundle is missing.
const LOST: &str = "
from airflow.sdk import dag, task

@dag(schedule=None, catchup=False)
def lost():
    @task.stub(queue='rust')
    def anything(): ...

    anything()

lost()
";

fn triggered(airflow: &Airflow, dag_id: &str) -> Result<DagRun> {
    let api = airflow.api();
    api.wait_for_dag(dag_id, LIMIT)?;
    api.trigger(dag_id, &json!({}))
}

fn log_path(airflow: &Airflow, run: &DagRun, task_id: &str, try_number: u32) -> PathBuf {
    airflow.task_log_path(&run.dag_id, &run.dag_run_id, task_id, try_number)
}

/// What the pods of a task have printed.
fn printed(airflow: &Airflow, dag_id: &str, task_id: &str, try_number: u32) -> Result<String> {
    let begin = format!("pod-{dag_id}-{task_id}-{try_number}-");
    let mut text = String::new();
    for entry in std::fs::read_dir(airflow.home())? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&begin) {
            text.push_str(&std::fs::read_to_string(entry.path())?);
        }
    }
    Ok(text)
}

fn values_pass(airflow: &Airflow) -> Result<()> {
    let run = triggered(airflow, "values")?;
    let run = airflow.api().wait_for_success(&run, LIMIT)?;
    let doubled = airflow
        .api()
        .return_value(&run, "double")?
        .context("no XCom")?;
    ensure!(doubled["counts"] == json!([2, 4, 6]), "{doubled}");

    // The pod prints what the log has, and what the program itself says.
    let printed = Deadline::after(LIMIT).wait_for("the pod has ended", || {
        let printed = printed(airflow, "values", "check", 1)?;
        Ok(printed
            .contains("the workload has ended")
            .then_some(printed))
    })?;
    for line in printed.lines() {
        let line: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        ensure!(
            line["timestamp"].is_string() && line["event"].is_string(),
            "{line}"
        );
    }
    Ok(())
}

fn a_failed_try(airflow: &Airflow) -> Result<()> {
    let run = triggered(airflow, "retried")?;
    let run = airflow.api().wait_for_success(&run, LIMIT)?;
    let task = airflow.api().task_instance(&run, "fail_once")?;
    ensure!(task.try_number == 2, "{task:?}");
    // The logs lie where the web interface looks, and where they are uploaded to.
    for try_number in [1, 2] {
        let path = log_path(airflow, &run, "fail_once", try_number);
        let relative = path.strip_prefix(airflow.home().join("logs"))?;
        let key = format!("logs/{}", relative.display());
        let uploaded = Deadline::after(LIMIT).wait_for("the log is uploaded", || uploaded(&key))?;
        ensure!(
            uploaded == std::fs::read(&path)?,
            "another log was uploaded"
        );
        ensure!(
            !uploaded.is_empty() || try_number == 2,
            "the first try has an empty log"
        );
    }
    Ok(())
}

/// Waits until the task runs and returns its process id.
fn running(airflow: &Airflow, run: &DagRun) -> Result<String> {
    let path = log_path(airflow, run, "wait_long", 1);
    Deadline::after(LIMIT).wait_for("the task runs", || {
        // The file is not there at first, and its last line may be half written.
        let log = TaskLog::read(&path).ok();
        let line = log.and_then(|log| log.find("waiting in process").cloned());
        Ok(line.and_then(|line| line.event().rsplit(' ').next().map(str::to_owned)))
    })
}

fn wait_for_line(airflow: &Airflow, run: &DagRun, text: &str) -> Result<()> {
    let path = log_path(airflow, run, "wait_long", 1);
    Deadline::after(LIMIT).wait_for(&format!("{text:?} stands in the log"), || {
        let log = TaskLog::read(&path).ok();
        Ok(log.and_then(|log| log.find(text).map(|_| ())))
    })
}

fn wait_until_gone(process: &str) -> Result<()> {
    let process = Path::new("/proc").join(process);
    Deadline::after(LIMIT).wait_for("the process is gone", || {
        Ok((!process.exists()).then_some(()))
    })
}

fn airflow_ends_a_task(airflow: &Airflow) -> Result<()> {
    let run = triggered(airflow, "terminated")?;
    let process = running(airflow, &run)?;
    // The next heartbeat tells the supervisor.
    airflow.api().set_state(&run, "wait_long", "failed")?;
    wait_for_line(airflow, &run, "the on-kill hook ran")?;
    wait_until_gone(&process)?;
    let state = airflow.api().task_instance(&run, "wait_long")?.state;
    ensure!(state.as_deref() == Some("failed"), "{state:?}");
    Ok(())
}

/// The parent of a process.
fn parent(process: &str) -> Result<String> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').context("no name in stat")?;
    fields
        .split_whitespace()
        .nth(1)
        .map(str::to_owned)
        .context("no parent in stat")
}

fn a_deleted_pod(airflow: &Airflow) -> Result<()> {
    let run = triggered(airflow, "terminated")?;
    let process = running(airflow, &run)?;
    let pod = parent(&process)?;
    let killed = Command::new("kill").args(["-TERM", &pod]).status()?;
    ensure!(killed.success(), "kill failed");
    wait_for_line(airflow, &run, "the on-kill hook ran")?;
    wait_until_gone(&process)?;
    airflow
        .api()
        .wait_for_state(&run, "wait_long", "failed", LIMIT)?;
    Ok(())
}

fn no_bundle(airflow: &Airflow) -> Result<()> {
    let run = triggered(airflow, "lost")?;
    airflow
        .api()
        .wait_for_state(&run, "anything", "failed", LIMIT)?;
    let printed = printed(airflow, "lost", "anything", 1)?;
    ensure!(
        printed.contains("no bundle has the Dag \\\"lost\\\""),
        "{printed}"
    );
    ensure!(printed.contains("executable files in"), "{printed}");
    Ok(())
}

fn no_token(airflow: &Airflow) -> Result<()> {
    let run = triggered(airflow, "terminated")?;
    let process = running(airflow, &run)?;
    let pod = parent(&process)?;
    let token = b"eyJ";
    for file in [
        format!("/proc/{pod}/cmdline"),
        format!("/proc/{process}/cmdline"),
        format!("/proc/{process}/environ"),
    ] {
        let bytes = std::fs::read(&file).with_context(|| file.clone())?;
        let found = bytes.windows(token.len()).any(|window| window == token);
        ensure!(
            !found,
            "{file} holds a token: {}",
            String::from_utf8_lossy(&bytes)
        );
    }
    let arguments = std::fs::read_to_string(format!("/proc/{pod}/cmdline"))?;
    ensure!(
        arguments.contains("execute-workload"),
        "{arguments:?} is not the pod"
    );
    airflow.api().set_state(&run, "wait_long", "failed")?;
    wait_until_gone(&process)
}
