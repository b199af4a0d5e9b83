//! Dags and their runs.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use super::http::{Api, segment};
use crate::Deadline;

/// A Dag run as the API shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct DagRun {
    /// The Dag.
    pub dag_id: String,
    /// The run's id, unique within the Dag.
    pub dag_run_id: String,
    /// `queued`, `running`, `success` or `failed`.
    pub state: String,
    /// The run's configuration, JSON.
    #[serde(default)]
    pub conf: Value,
}

impl DagRun {
    pub(super) fn path(&self) -> String {
        format!(
            "/dags/{}/dagRuns/{}",
            segment(&self.dag_id),
            segment(&self.dag_run_id)
        )
    }

    /// Whether the run has ended, one way or the other.
    pub fn is_finished(&self) -> bool {
        matches!(self.state.as_str(), "success" | "failed")
    }
}

impl Api {
    /// Waits until the Dag processor has read this Dag and it can be triggered.
    ///
    /// # Errors
    /// When it is not there in time; the text holds the import errors that Airflow knows.
    pub fn wait_for_dag(&self, dag_id: &str, limit: Duration) -> Result<()> {
        let path = format!("/dags/{}/details", segment(dag_id));
        Deadline::after(limit)
            .wait_for(&format!("Dag {dag_id} appears"), || self.find(&path))
            .map(|_| ())
            .with_context(|| {
                format!(
                    "import errors: {}",
                    self.import_errors()
                        .unwrap_or_else(|error| error.to_string())
                )
            })
    }

    /// The import errors of the Dag processor, as JSON text.
    ///
    /// # Errors
    /// When the API server does not answer as expected.
    pub fn import_errors(&self) -> Result<String> {
        Ok(self.get("/importErrors")?["import_errors"].to_string())
    }

    /// Lets runs of the Dag start, when it is paused.
    ///
    /// # Errors
    /// When the API server does not answer as expected.
    pub fn unpause(&self, dag_id: &str) -> Result<()> {
        self.patch(
            &format!("/dags/{}", segment(dag_id)),
            &json!({"is_paused": false}),
        )
        .map(|_| ())
    }

    /// Starts a run of the Dag with this configuration.
    ///
    /// # Errors
    /// When Airflow refuses it.
    pub fn trigger(&self, dag_id: &str, conf: &Value) -> Result<DagRun> {
        let body = json!({"logical_date": null, "conf": conf});
        let run = self.post(&format!("/dags/{}/dagRuns", segment(dag_id)), &body)?;
        Ok(serde_json::from_value(run)?)
    }

    /// Starts a run with this id.
    ///
    /// # Errors
    /// When Airflow refuses it, for instance because there is such a run.
    pub fn trigger_as(&self, dag_id: &str, run_id: &str) -> Result<DagRun> {
        let body = json!({"logical_date": null, "dag_run_id": run_id});
        let run = self.post(&format!("/dags/{}/dagRuns", segment(dag_id)), &body)?;
        Ok(serde_json::from_value(run)?)
    }

    /// Deletes a run with everything that belongs to it.
    ///
    /// # Errors
    /// When Airflow refuses it.
    pub fn delete_run(&self, run: &DagRun) -> Result<()> {
        self.delete(&run.path())
    }

    /// The run as it is now.
    ///
    /// # Errors
    /// When the API server does not answer as expected.
    pub fn dag_run(&self, run: &DagRun) -> Result<DagRun> {
        Ok(serde_json::from_value(self.get(&run.path())?)?)
    }

    /// Waits until the run has ended, and gives it as it is then.
    ///
    /// # Errors
    /// When it has not ended in time; the text says in which states its task instances are.
    pub fn wait_for_run(&self, run: &DagRun, limit: Duration) -> Result<DagRun> {
        let what = format!("run {} of Dag {} ends", run.dag_run_id, run.dag_id);
        let found = Deadline::after(limit).wait_for(&what, || {
            let now = self.dag_run(run)?;
            Ok(now.is_finished().then_some(now))
        });
        found.with_context(|| self.describe_task_instances(run))
    }

    /// Waits for the end of a run and expects success.
    ///
    /// # Errors
    /// When it fails or has not ended in time; the text holds the states and the logs of its task instances.
    pub fn wait_for_success(&self, run: &DagRun, limit: Duration) -> Result<DagRun> {
        let ended = self.wait_for_run(run, limit)?;
        if ended.state != "success" {
            bail!(
                "run {} of Dag {} ended as {}\n{}",
                run.dag_run_id,
                run.dag_id,
                ended.state,
                self.describe_task_instances(run)
            );
        }
        Ok(ended)
    }
}
