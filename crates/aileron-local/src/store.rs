//! What the runner asks of the metadata database, in the runner's terms.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aileron_bundle::manifest::DagOutline;
use aileron_execution_api::ExecutionApi;
use aileron_metastore::database::Missing;
use aileron_metastore::{DagFile, DagRunRequest, Metastore, Run, Settings, TaskInstanceRecord};
use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::{BundleInfo, DagRun, DagRunState, TaskInstanceState};
use aileron_xcom::python::DateTime;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::decide::Instance;
use crate::error::RunError;
use crate::event::InstanceName;
use crate::plan::{Plan, TaskIndex};

/// The name of the Dag bundle, in Airflow's sense, that Dags of this machine belong to.
const DAG_BUNDLE: &str = "aileron-run";

/// The metadata database, for one Dag run.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    metastore: Metastore,
    path: Arc<Path>,
    run: Run,
}

/// A task instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) task_id: String,
    pub(crate) map_index: i64,
    pub(crate) state: Option<TaskInstanceState>,
    pub(crate) try_number: i64,
    pub(crate) max_tries: i64,
    pub(crate) start_date: Option<Timestamp>,
    pub(crate) end_date: Option<Timestamp>,
    pub(crate) duration: Option<f64>,
    pub(crate) pid: Option<u32>,
    pub(crate) queue: Option<String>,
    pub(crate) dag_version_id: Option<Uuid>,
    pub(crate) context_carrier: Option<JsonMap>,
    pub(crate) retry_delay_override: Option<Duration>,
    pub(crate) reschedule_date: Option<Timestamp>,
    pub(crate) deferral: Option<Deferral>,
    pub(crate) wait_until: Option<Timestamp>,
}

/// What a deferred task instance waits for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Deferral {
    pub(crate) classpath: String,
    /// As Airflow stores them.
    pub(crate) kwargs: String,
    pub(crate) since: Timestamp,
}

impl Store {
    /// Opens the database; a missing one is made.
    pub(crate) async fn open(
        path: &Path,
        rules: &Settings,
        dag_id: &str,
        run_id: &str,
    ) -> Result<Self, RunError> {
        let fail = |error: &dyn std::fmt::Display| RunError::Database {
            path: path.to_owned(),
            message: error.to_string(),
        };
        let metastore = Metastore::open(path, Missing::Create)
            .await
            .map_err(|error| fail(&error))?
            .with_settings(rules.clone());
        Ok(Self {
            run: metastore.run(dag_id, run_id),
            metastore,
            path: path.into(),
        })
    }

    /// Closes the database, so that all of it is in one file.
    pub(crate) async fn close(&self) {
        self.metastore.database().close().await;
    }

    pub(crate) fn dag_id(&self) -> &str {
        self.run.dag_id()
    }

    pub(crate) fn run_id(&self) -> &str {
        self.run.run_id()
    }

    /// What a task instance may ask.
    pub(crate) fn task(&self, id: Uuid) -> Arc<dyn ExecutionApi> {
        Arc::new(self.metastore.task(id))
    }

    /// Makes the Dag known. Returns what its tasks are told of where it comes from.
    pub(crate) async fn register(
        &self,
        dag: &DagOutline,
        source: &Source,
    ) -> Result<BundleInfo, RunError> {
        let file = DagFile {
            bundle_name: DAG_BUNDLE.to_owned(),
            fileloc: source.path.display().to_string(),
            relative_fileloc: source.name.clone(),
            source_code: source.text.clone(),
            queue: "default".to_owned(),
        };
        self.said(self.metastore.register_dag(dag, &file).await)?;
        Ok(BundleInfo {
            name: DAG_BUNDLE.to_owned(),
            version: None,
            version_data: None,
        })
    }

    /// Makes the run unless it is there. Returns whether it was made.
    pub(crate) async fn create_run(
        &self,
        logical_date: Timestamp,
        conf: Option<&JsonMap>,
    ) -> Result<bool, RunError> {
        let mut request = DagRunRequest::manual(self.dag_id(), self.run_id(), Some(logical_date));
        request.run_after = Timestamp::now();
        request.conf = conf.cloned().unwrap_or_default();
        self.said(self.metastore.create_dag_run(&request).await)
    }

    /// The run.
    pub(crate) async fn run(&self) -> Result<DagRun, RunError> {
        let task = self.metastore.task(Uuid::nil());
        self.said(task.dag_run(self.dag_id(), self.run_id()).await)
    }

    /// Puts the run into a state.
    pub(crate) async fn set_run_state(&self, state: DagRunState) -> Result<(), RunError> {
        self.said(self.run.set_state(state).await)
    }

    /// All task instances.
    pub(crate) async fn rows(&self) -> Result<Vec<Row>, RunError> {
        let records = self.said(self.run.task_instances().await)?;
        Ok(records.into_iter().map(Row::from).collect())
    }

    /// A task instance as it is now. A retry has another id than the try before it.
    pub(crate) async fn row(&self, name: &InstanceName) -> Result<Row, RunError> {
        let record = self.run.task_instance(&name.task_id, name.map_index).await;
        self.said(record)?.map(Row::from).ok_or_else(|| {
            self.fail(&format!(
                "task instance {name} is gone; was its run deleted?"
            ))
        })
    }

    /// How many task instances were never looked at, and how many are skipped.
    pub(crate) async fn untouched(&self) -> Result<(u64, u64), RunError> {
        let counts = self.said(self.run.untouched().await)?;
        Ok((counts.unset, counts.skipped))
    }

    /// Queues instances. Returns them as they are then.
    pub(crate) async fn queue(&self, ids: &[Uuid]) -> Result<Vec<Row>, RunError> {
        self.said(self.run.queue(ids).await)?;
        let records = self.said(self.run.task_instances_of(ids).await)?;
        let queued = |row: &Row| row.state == Some(TaskInstanceState::Queued);
        let mut rows: Vec<_> = records.into_iter().map(Row::from).filter(queued).collect();
        rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
        Ok(rows)
    }

    /// Puts instances into these states, without running them.
    pub(crate) async fn set_states(
        &self,
        states: &[(Uuid, TaskInstanceState)],
    ) -> Result<(), RunError> {
        for group in states.chunk_by(|a, b| a.1 == b.1) {
            let ids: Vec<_> = group.iter().map(|(id, _)| *id).collect();
            self.said(self.run.end_without_running(&ids, group[0].1).await)?;
        }
        Ok(())
    }

    /// Over how many values a task can be mapped that takes what `upstream` has pushed.
    pub(crate) async fn mapped_length(&self, upstream: &str) -> Result<Option<u32>, RunError> {
        self.said(self.run.mapped_length(upstream).await)
    }

    /// Makes the instances of a mapped task.
    pub(crate) async fn expand(&self, task_id: &str, length: u32) -> Result<Vec<Row>, RunError> {
        self.said(self.run.expand(task_id, length).await)?;
        let mut rows = self.rows().await?;
        rows.retain(|row| row.task_id == task_id && row.state.is_none());
        Ok(rows)
    }

    /// Lets a deferred instance go on with the event of its trigger.
    pub(crate) async fn resume(&self, id: Uuid, event: &DateTime) -> Result<(), RunError> {
        let event = serde_json::to_value(event).map_err(|error| self.fail(&error))?;
        self.resume_with(id, &event).await
    }

    async fn resume_with(&self, id: Uuid, event: &Value) -> Result<(), RunError> {
        let event = RawJson::of(event).map_err(|error| self.fail(&error))?;
        self.said(self.run.resume(id, &event).await).map(drop)
    }

    /// Lets a waiting instance go on so that it fails.
    pub(crate) async fn fail_to_resume(&self, id: Uuid, error: &str) -> Result<(), RunError> {
        self.said(self.run.fail_to_resume(id, error).await)
            .map(drop)
    }

    /// Ends a deferred instance with success.
    pub(crate) async fn end_deferred(&self, id: Uuid) -> Result<(), RunError> {
        self.said(self.run.end_deferred(id).await).map(drop)
    }

    /// No person has answered an instance in time: it goes on with its defaults, or with the failure.
    ///
    /// Source: `check_awaiting_input_timeouts` of Airflow 3.3.2.
    pub(crate) async fn unanswered(&self, id: Uuid) -> Result<(), RunError> {
        let now = Timestamp::now();
        let event = match self.said(self.run.answer_by_default(id, now).await)? {
            None => json!({
                "error": "no person has answered in time",
                "error_type": "timeout",
            }),
            Some(answer) => json!({
                "chosen_options": answer.chosen_options,
                "params_input": answer.params_input,
                "responded_at": DateTime(now.to_zoned(TimeZone::UTC)),
                "responded_by_user": null,
                "timedout": true,
            }),
        };
        self.resume_with(id, &event).await
    }

    /// The supervisor of an instance is gone.
    pub(crate) async fn end_orphan(&self, id: Uuid, reason: &str) -> Result<(), RunError> {
        self.said(self.run.end_orphan(id, reason).await).map(drop)
    }

    /// Lets an instance run again, whatever it did.
    pub(crate) async fn clear(&self, id: Uuid) -> Result<(), RunError> {
        self.said(self.run.clear(id).await).map(drop)
    }

    /// The tasks that their instances in the run before do not let run.
    pub(crate) async fn past_unmet(&self, plan: &Plan) -> Result<Vec<TaskIndex>, RunError> {
        let tasks = plan.tasks().iter().filter(|task| task.depends_on_past);
        let mut unmet = Vec::new();
        for task in tasks {
            if !self.said(self.run.is_past_met(&task.task_id).await)? {
                unmet.extend(plan.find(&task.task_id));
            }
        }
        Ok(unmet)
    }

    fn said<T>(&self, result: Result<T, impl std::fmt::Display>) -> Result<T, RunError> {
        result.map_err(|error| self.fail(&error))
    }

    fn fail(&self, error: &dyn std::fmt::Display) -> RunError {
        RunError::Database {
            path: PathBuf::from(&*self.path),
            message: error.to_string(),
        }
    }
}

/// Where a Dag is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The program that has the Dag.
    pub path: PathBuf,
    /// The name of the source file.
    pub name: String,
    /// The source, for people to read; empty when it is not known.
    pub text: String,
}

impl From<TaskInstanceRecord> for Row {
    fn from(record: TaskInstanceRecord) -> Self {
        Self {
            id: record.id,
            task_id: record.task_id,
            map_index: record.map_index,
            state: record.state,
            try_number: record.try_number,
            max_tries: record.max_tries,
            start_date: record.start_date,
            end_date: record.end_date,
            duration: record.duration,
            pid: record.pid.and_then(|pid| u32::try_from(pid).ok()),
            queue: record.queue,
            dag_version_id: record.dag_version_id,
            context_carrier: record.context_carrier,
            retry_delay_override: record
                .retry_delay_override
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            reschedule_date: record.reschedule_date,
            deferral: record.trigger.map(|trigger| Deferral {
                classpath: trigger.classpath,
                kwargs: trigger.kwargs,
                since: trigger.created_date,
            }),
            wait_until: record.trigger_timeout,
        }
    }
}

impl Row {
    pub(crate) fn name(&self) -> InstanceName {
        InstanceName {
            task_id: self.task_id.clone(),
            map_index: self.map_index,
        }
    }

    /// Nothing for a task that the plan does not have.
    pub(crate) fn instance(&self, plan: &Plan) -> Option<Instance> {
        let mut instance = Instance::new(self.id, plan.find(&self.task_id)?, self.map_index);
        instance.state = self.state;
        instance.end_date = self.end_date;
        instance.retry_delay_override = self.retry_delay_override;
        instance.reschedule_date = self.reschedule_date;
        Some(instance)
    }
}

impl Deferral {
    /// The arguments of the trigger, without the wrapping that Airflow's older serialization gives a map.
    pub(crate) fn kwargs(&self) -> Result<JsonMap, String> {
        match serde_json::from_str(&self.kwargs) {
            Ok(Value::Object(mut map)) => match map.remove("__var") {
                Some(Value::Object(inner)) if map.contains_key("__type") => Ok(inner),
                _ => Ok(map),
            },
            _ => Err("its arguments are encrypted, or no map".to_owned()),
        }
    }
}
