//! What a task may ask about Dag runs and task instances.

mod tasks;
mod trigger;

use std::collections::BTreeMap;

use aileron_wire::message::{
    DRCount, DagResult, DagRun, DagRunResult, DagRunState, DagRunStateResult, GetDRCount, GetDag,
    GetDagRun, GetDagRunState, GetPrevSuccessfulDagRun, GetPreviousDagRun, GetTaskBreadcrumbs,
    GetTaskRescheduleStartDate, PrevSuccessfulDagRunResult, PreviousDagRunResult,
    TaskBreadcrumbsResult, TaskInstanceState, TaskRescheduleStartDate,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use tasks::{PreviousTaskInstance, TaskQuery};
pub use trigger::{TriggerRun, TriggerRunError};

use super::{Context, DataInterval};
use crate::{Error, Result};

/// Questions about Dag runs, of this Dag and of others, and the means to start one.
///
/// ```
/// # use aileron::prelude::*;
/// use aileron::DagRunState;
///
/// #[task]
/// async fn report(cx: &Context) -> Result<()> {
///     let runs = cx.runs();
///     let failed = runs.count("orders").states([DagRunState::Failed]).get().await?;
///     let before = runs.previous().await?;
///     tracing::info!(failed, before = before.map(|run| run.run_id), "looking back");
///     let run_id = runs
///         .trigger("cleanup")
///         .conf(serde_json::json!({"older_than": 30}))
///         .start()
///         .await?;
///     tracing::info!(run_id, "started");
///     Ok(())
/// }
/// # fn main() {}
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Runs<'a> {
    context: &'a Context,
}

/// A Dag as Airflow's database knows it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DagInfo {
    /// The Dag.
    pub dag_id: String,
    /// Whether it is paused.
    pub is_paused: bool,
    /// The Dag bundle it comes from.
    pub bundle_name: Option<String>,
    /// The version of that bundle.
    pub bundle_version: Option<String>,
    /// The Dag file, relative to its bundle.
    pub relative_fileloc: Option<String>,
    /// The owners, separated by commas.
    pub owners: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The logical date of the next run.
    pub next_dagrun: Option<Timestamp>,
}

/// The dates of the last run that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PreviousSuccess {
    /// The interval of data it was about, when it had one.
    pub data_interval: Option<DataInterval>,
    /// When it started.
    pub start_date: Option<Timestamp>,
    /// When it ended.
    pub end_date: Option<Timestamp>,
}

/// A finished task instance of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Breadcrumb {
    /// The task.
    pub task_id: String,
    /// The map index; -1 for a task that is not mapped.
    pub map_index: i64,
    /// How it ended.
    pub state: TaskInstanceState,
    /// The operator's class, `_StubOperator` for a task in Rust.
    #[serde(default)]
    pub operator: Option<String>,
    /// How long it ran, in seconds.
    #[serde(default)]
    pub duration: Option<f64>,
}

/// How many runs of a Dag there are. End it with [`RunCount::get`].
#[derive(Debug, Clone)]
#[must_use = "a question is asked by `.get().await`"]
pub struct RunCount<'a> {
    context: &'a Context,
    request: GetDRCount,
}

impl<'a> Runs<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context }
    }

    /// The state of a run.
    ///
    /// # Errors
    /// When there is no such run, or the supervisor cannot answer.
    pub async fn state(&self, dag_id: &str, run_id: &str) -> Result<DagRunState> {
        let request = GetDagRunState {
            dag_id: dag_id.to_owned(),
            run_id: run_id.to_owned(),
        };
        let answer: Result<DagRunStateResult, _> = self.context.channel().ask(&request).await;
        answer.map(|result| result.state).map_err(|error| {
            Error::from(error).context(format_args!(
                "the state of run `{run_id}` of Dag `{dag_id}`"
            ))
        })
    }

    /// A run with its dates and its conf.
    ///
    /// # Errors
    /// When there is no such run, or the supervisor cannot answer.
    pub async fn get(&self, dag_id: &str, run_id: &str) -> Result<DagRun> {
        let request = GetDagRun {
            dag_id: dag_id.to_owned(),
            run_id: run_id.to_owned(),
        };
        let answer: Result<DagRunResult, _> = self.context.channel().ask(&request).await;
        answer.map(run_of).map_err(|error| {
            Error::from(error).context(format_args!("run `{run_id}` of Dag `{dag_id}`"))
        })
    }

    /// How many runs of a Dag there are.
    pub fn count(&self, dag_id: impl Into<String>) -> RunCount<'a> {
        RunCount {
            context: self.context,
            request: GetDRCount::new(dag_id),
        }
    }

    /// The run of this Dag before this one by logical date. `None` when there is none, or this run has no logical date.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn previous(&self) -> Result<Option<DagRun>> {
        self.before(None).await
    }

    /// As [`previous`](Self::previous), of the runs in that state.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn previous_in_state(&self, state: DagRunState) -> Result<Option<DagRun>> {
        self.before(Some(state)).await
    }

    async fn before(&self, state: Option<DagRunState>) -> Result<Option<DagRun>> {
        let Some(logical_date) = self.context.logical_date() else {
            return Ok(None);
        };
        let mut request = GetPreviousDagRun::new(&self.context.ti().dag_id, logical_date);
        request.state = state.map(|state| state.to_string());
        let answer: PreviousDagRunResult = self.context.channel().ask(&request).await?;
        Ok(answer.dag_run)
    }

    /// The dates of the last run of this Dag before this one that succeeded; `None` when there is none.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn previous_successful(&self) -> Result<Option<PreviousSuccess>> {
        let ti_id = self.context.ti().id;
        let request = GetPrevSuccessfulDagRun { ti_id };
        let found: PrevSuccessfulDagRunResult = self.context.channel().ask(&request).await?;
        if found == PrevSuccessfulDagRunResult::default() {
            return Ok(None);
        }
        let interval = found.data_interval_start.zip(found.data_interval_end);
        Ok(Some(PreviousSuccess {
            data_interval: interval.map(|(start, end)| DataInterval { start, end }),
            start_date: found.start_date,
            end_date: found.end_date,
        }))
    }

    /// Counts and states of task instances of a Dag.
    pub fn tasks(&self, dag_id: impl Into<String>) -> TaskQuery<'a> {
        TaskQuery::new(self.context, dag_id.into())
    }

    /// This task's instance of an earlier run.
    pub fn previous_task_instance(&self) -> PreviousTaskInstance<'a> {
        PreviousTaskInstance::new(self.context)
    }

    /// The task instances of a run that have finished, by task id and map index.
    ///
    /// # Errors
    /// When the supervisor cannot answer, or answers with something else than breadcrumbs.
    pub async fn breadcrumbs(&self, dag_id: &str, run_id: &str) -> Result<Vec<Breadcrumb>> {
        let request = GetTaskBreadcrumbs {
            dag_id: dag_id.to_owned(),
            run_id: run_id.to_owned(),
        };
        let answer: TaskBreadcrumbsResult = self.context.channel().ask(&request).await?;
        let crumbs = answer.breadcrumbs.into_iter();
        crumbs
            .map(|crumb| serde_json::from_value(Value::Object(crumb)))
            .collect::<Result<_, _>>()
            .map_err(|error| Error::from(error).context("a task breadcrumb cannot be read"))
    }

    /// When this task instance was first rescheduled; `None` when it never was.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn first_reschedule_date(&self) -> Result<Option<Timestamp>> {
        let inner = &self.context.inner;
        // Airflow 3.4 sends the date with the task; 3.3 is asked, as its own runtime does.
        if inner.task_reschedule_count == 0 || inner.first_reschedule_date.is_some() {
            return Ok(inner.first_reschedule_date);
        }
        let mut request = GetTaskRescheduleStartDate::new(self.context.ti().id);
        request.try_number = self.context.try_number();
        let answer: TaskRescheduleStartDate = self.context.channel().ask(&request).await?;
        Ok(answer.start_date)
    }

    /// A Dag as Airflow's database knows it.
    ///
    /// # Errors
    /// When there is no such Dag, or the supervisor cannot answer.
    pub async fn dag(&self, dag_id: &str) -> Result<DagInfo> {
        let request = GetDag {
            dag_id: dag_id.to_owned(),
        };
        let answer: Result<DagResult, _> = self.context.channel().ask(&request).await;
        let found =
            answer.map_err(|error| Error::from(error).context(format_args!("Dag `{dag_id}`")))?;
        Ok(DagInfo {
            dag_id: found.dag_id,
            is_paused: found.is_paused,
            bundle_name: found.bundle_name,
            bundle_version: found.bundle_version,
            relative_fileloc: found.relative_fileloc,
            owners: found.owners,
            tags: found.tags,
            next_dagrun: found.next_dagrun,
        })
    }

    /// Starts a run of a Dag.
    pub fn trigger(&self, dag_id: impl Into<String>) -> TriggerRun<'a> {
        TriggerRun::new(self.context, dag_id.into())
    }
}

impl RunCount<'_> {
    /// Only runs in one of these states.
    pub fn states(mut self, states: impl IntoIterator<Item = DagRunState>) -> Self {
        let states = states.into_iter().map(|state| state.to_string());
        self.request.states = Some(states.collect());
        self
    }

    /// Only these runs.
    pub fn run_ids<S: Into<String>>(mut self, run_ids: impl IntoIterator<Item = S>) -> Self {
        self.request.run_ids = Some(run_ids.into_iter().map(Into::into).collect());
        self
    }

    /// Only runs of these logical dates.
    pub fn logical_dates(mut self, dates: impl IntoIterator<Item = Timestamp>) -> Self {
        self.request.logical_dates = Some(dates.into_iter().collect());
        self
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn get(self) -> Result<u64> {
        let answer: DRCount = self.context.channel().ask(&self.request).await?;
        Ok(u64::try_from(answer.count)?)
    }
}

fn run_of(found: DagRunResult) -> DagRun {
    DagRun {
        dag_id: found.dag_id,
        run_id: found.run_id,
        logical_date: found.logical_date,
        data_interval_start: found.data_interval_start,
        data_interval_end: found.data_interval_end,
        run_after: found.run_after,
        start_date: found.start_date,
        end_date: found.end_date,
        clear_number: found.clear_number.unwrap_or_default(),
        run_type: found.run_type,
        state: found.state,
        conf: found.conf,
        triggering_user_name: found.triggering_user_name,
        consumed_asset_events: found.consumed_asset_events,
        partition_key: found.partition_key,
        partition_date: found.partition_date,
        note: found.note,
        team_name: found.team_name,
    }
}

/// States by run, and in them by task: `None` for a task instance that is not scheduled yet.
pub type TaskStates = BTreeMap<String, BTreeMap<String, Option<TaskInstanceState>>>;

impl Context {
    /// Questions about Dag runs and task instances.
    pub fn runs(&self) -> Runs<'_> {
        Runs::new(self)
    }

    /// How often this try of the task instance was rescheduled before.
    pub fn task_reschedule_count(&self) -> i64 {
        self.inner.task_reschedule_count
    }

    /// Skips these tasks behind this one when it succeeds.
    ///
    /// They are skipped just before the success is reported, so a try that fails skips nothing. Airflow leaves tasks
    /// alone that run already or are done, and ids that the run does not have. A skipped task that someone clears later
    /// runs: Airflow remembers such a decision only for its own branch operators.
    ///
    /// ```
    /// # use aileron::prelude::*;
    /// #[task]
    /// async fn check(cx: &Context) -> Result<i64> {
    ///     let rows = 0;
    ///     if rows == 0 {
    ///         cx.skip_downstream(["load", "report"]);
    ///     }
    ///     Ok(rows)
    /// }
    /// # fn main() -> Result<()> {
    /// let cx = Context::for_test();
    /// cx.block_on(check::run(&cx))?;
    /// assert_eq!(cx.skipped_downstream(), ["load", "report"]);
    /// # Ok(()) }
    /// ```
    pub fn skip_downstream<S: Into<String>>(&self, task_ids: impl IntoIterator<Item = S>) {
        let task_ids = task_ids.into_iter().map(Into::into);
        self.inner.progress.add_skip_downstream(task_ids);
    }

    /// The tasks that are to be skipped when this one succeeds, in the order they were named.
    pub fn skipped_downstream(&self) -> Vec<String> {
        self.inner.progress.skip_downstream()
    }
}

#[cfg(test)]
mod tests;
