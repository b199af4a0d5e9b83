//! Task instances: states, logs, and interventions.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::dags::DagRun;
use super::http::{Api, segment};
use crate::{Deadline, TaskLog};

/// A task instance as the API shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TaskInstance {
    /// Its UUID.
    pub id: String,
    /// The task.
    pub task_id: String,
    /// The map index, -1 for a task without mapping.
    pub map_index: i64,
    /// Its state, absent before it is scheduled.
    pub state: Option<String>,
    /// The try that runs or ran last; tries count from 1.
    pub try_number: u32,
    /// The process that runs it.
    pub pid: Option<u32>,
    /// When its last try started, RFC 3339.
    pub start_date: Option<String>,
    /// How long it ran, in seconds.
    pub duration: Option<f64>,
    /// What the web interface shows instead of the map index.
    #[serde(default)]
    pub rendered_map_index: Option<String>,
    /// What the web interface shows under "rendered templates".
    #[serde(default)]
    pub rendered_fields: Value,
}

impl Api {
    /// The task instances of a run, ordered by task id and map index.
    ///
    /// # Errors
    /// When the API server does not answer as expected.
    pub fn task_instances(&self, run: &DagRun) -> Result<Vec<TaskInstance>> {
        let mut answer = self.get(&format!("{}/taskInstances?limit=100", run.path()))?;
        let mut instances: Vec<TaskInstance> =
            serde_json::from_value(answer["task_instances"].take())?;
        instances.sort_by(|a, b| (&a.task_id, a.map_index).cmp(&(&b.task_id, b.map_index)));
        Ok(instances)
    }

    /// The instance of a task without mapping.
    ///
    /// # Errors
    /// When the API server does not answer as expected.
    pub fn task_instance(&self, run: &DagRun, task_id: &str) -> Result<TaskInstance> {
        let answer = self.get(&format!(
            "{}/taskInstances/{}",
            run.path(),
            segment(task_id)
        ))?;
        Ok(serde_json::from_value(answer)?)
    }

    /// Waits until a task instance is in this state.
    ///
    /// # Errors
    /// When it ends in another state, or is not there in time.
    pub fn wait_for_state(
        &self,
        run: &DagRun,
        task_id: &str,
        state: &str,
        limit: Duration,
    ) -> Result<TaskInstance> {
        let what = format!("task {task_id} of run {} is {state}", run.dag_run_id);
        let found = Deadline::after(limit).wait_for(&what, || {
            let instance = self.task_instance(run, task_id)?;
            match instance.state.as_deref() {
                Some(now) if now == state => Ok(Some(instance)),
                Some(now @ ("success" | "failed" | "skipped" | "removed" | "upstream_failed")) => {
                    bail!("task {task_id} ended as {now}, not {state}")
                }
                _ => Ok(None),
            }
        });
        found.with_context(|| self.describe_task_instances(run))
    }

    /// Sets the state of a task instance as a user would. The supervisor of a running one learns it with its next
    /// heartbeat and sends SIGTERM to the task's process.
    ///
    /// # Errors
    /// When Airflow refuses it.
    pub fn set_state(&self, run: &DagRun, task_id: &str, state: &str) -> Result<()> {
        let path = format!("{}/taskInstances/{}", run.path(), segment(task_id));
        self.patch(&path, &json!({"new_state": state})).map(|_| ())
    }

    /// Clears a task instance, so that it runs again.
    ///
    /// # Errors
    /// When Airflow refuses it.
    pub fn clear(&self, run: &DagRun, task_id: &str) -> Result<()> {
        let body = json!({
            "dry_run": false,
            "dag_run_id": run.dag_run_id,
            "task_ids": [task_id],
            "only_failed": false,
            "reset_dag_runs": true,
        });
        self.post(
            &format!("/dags/{}/clearTaskInstances", segment(&run.dag_id)),
            &body,
        )
        .map(|_| ())
    }

    /// The log of a try, as Airflow's API serves it.
    ///
    /// # Errors
    /// When the API server does not answer as expected.
    pub fn task_log(&self, run: &DagRun, task_id: &str, try_number: u32) -> Result<TaskLog> {
        let path = format!(
            "{}/taskInstances/{}/logs/{try_number}?full_content=true",
            run.path(),
            segment(task_id)
        );
        let mut answer = self.get(&path)?;
        match answer["content"].take() {
            Value::Array(lines) => Ok(TaskLog::from_values(lines)),
            other => bail!("the log of {task_id} is no list: {other}"),
        }
    }

    /// The states of a run's task instances and the logs of the failed ones, for an error text.
    pub fn describe_task_instances(&self, run: &DagRun) -> String {
        let instances = match self.task_instances(run) {
            Ok(instances) => instances,
            Err(error) => return format!("the task instances are not known: {error:#}"),
        };
        let mut text = String::new();
        for instance in instances {
            let state = instance.state.as_deref().unwrap_or("not scheduled");
            text.push_str(&format!(
                "task {}: {state}, try {}\n",
                instance.task_id, instance.try_number
            ));
            if matches!(state, "failed" | "up_for_retry" | "running") {
                match self.task_log(run, &instance.task_id, instance.try_number) {
                    Ok(log) => text.push_str(&log.excerpt()),
                    Err(error) => text.push_str(&format!("  its log cannot be read: {error:#}\n")),
                }
            }
        }
        text
    }
}
