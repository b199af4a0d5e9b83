//! Questions about task instances.

use aileron_wire::message::{
    GetPreviousTI, GetTICount, GetTaskStates, PreviousTIResponse, PreviousTIResult, TICount,
    TaskInstanceState, TaskStatesResult,
};
use jiff::Timestamp;
use serde_json::Value;

use super::TaskStates;
use crate::{Context, Error, Result};

/// Which task instances of a Dag to count or to look at. End it with [`TaskQuery::count`] or [`TaskQuery::states`].
#[derive(Debug, Clone)]
#[must_use = "a question is asked by `.count().await` or `.states().await`"]
pub struct TaskQuery<'a> {
    context: &'a Context,
    request: GetTICount,
}

impl<'a> TaskQuery<'a> {
    pub(super) fn new(context: &'a Context, dag_id: String) -> Self {
        Self {
            context,
            request: GetTICount::new(dag_id),
        }
    }

    /// Only these tasks.
    pub fn task_ids<S: Into<String>>(mut self, task_ids: impl IntoIterator<Item = S>) -> Self {
        self.request.task_ids = Some(task_ids.into_iter().map(Into::into).collect());
        self
    }

    /// Also the tasks of this task group; only them when no task ids are given.
    pub fn task_group(mut self, task_group_id: impl Into<String>) -> Self {
        self.request.task_group_id = Some(task_group_id.into());
        self
    }

    /// Only this instance of mapped tasks.
    pub fn map_index(mut self, map_index: u32) -> Self {
        self.request.map_index = Some(map_index.into());
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

    /// How many task instances there are.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn count(self) -> Result<u64> {
        let answer: TICount = self.context.channel().ask(&self.request).await?;
        Ok(u64::try_from(answer.count)?)
    }

    /// How many task instances there are in one of these states.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn count_in(
        mut self,
        states: impl IntoIterator<Item = TaskInstanceState>,
    ) -> Result<u64> {
        let states = states.into_iter().map(|state| state.to_string());
        self.request.states = Some(states.collect());
        self.count().await
    }

    /// The states of the task instances, by run id and task id; `_` and the map index follow the id of a mapped one.
    ///
    /// # Errors
    /// When the supervisor cannot answer, or names a state that this SDK does not know.
    pub async fn states(self) -> Result<TaskStates> {
        let mut request = GetTaskStates::new(self.request.dag_id);
        request.map_index = self.request.map_index;
        request.task_ids = self.request.task_ids;
        request.task_group_id = self.request.task_group_id;
        request.logical_dates = self.request.logical_dates;
        request.run_ids = self.request.run_ids;
        let answer: TaskStatesResult = self.context.channel().ask(&request).await?;
        serde_json::from_value(Value::Object(answer.task_states))
            .map_err(|error| Error::from(error).context("the task states cannot be read"))
    }
}

/// This task's instance of an earlier run. End it with [`PreviousTaskInstance::get`].
#[derive(Debug, Clone)]
#[must_use = "a question is asked by `.get().await`"]
pub struct PreviousTaskInstance<'a> {
    context: &'a Context,
    request: GetPreviousTI,
}

impl<'a> PreviousTaskInstance<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        let ti = context.ti();
        let mut request = GetPreviousTI::new(&ti.dag_id, &ti.task_id);
        request.logical_date = context.logical_date();
        request.map_index = ti.map_index;
        Self { context, request }
    }

    /// Another task of the Dag. It is taken for one that is not mapped.
    pub fn task_id(mut self, task_id: impl Into<String>) -> Self {
        self.request.task_id = task_id.into();
        self.request.map_index = -1;
        self
    }

    /// This instance of a mapped task.
    pub fn map_index(mut self, map_index: u32) -> Self {
        self.request.map_index = map_index.into();
        self
    }

    /// Of runs before this logical date, instead of before this run.
    pub fn before(mut self, logical_date: Timestamp) -> Self {
        self.request.logical_date = Some(logical_date);
        self
    }

    /// Only an instance in this state.
    pub fn state(mut self, state: TaskInstanceState) -> Self {
        self.request.state = Some(state);
        self
    }

    /// The latest one, or `None` when there is none.
    ///
    /// # Errors
    /// When the supervisor cannot answer.
    pub async fn get(self) -> Result<Option<PreviousTIResponse>> {
        let answer: PreviousTIResult = self.context.channel().ask(&self.request).await?;
        Ok(answer.task_instance)
    }
}
