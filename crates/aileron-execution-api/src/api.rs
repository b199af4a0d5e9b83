//! The trait.

use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::{
    AssetEventResponse, AssetProfile, AssetResponse, ConnectionResponse, CreateHITLDetailPayload,
    DagResult, DagRun, DagRunState, DeleteXCom, GetDRCount, GetPreviousDagRun, GetPreviousTI,
    GetTICount, GetTaskRescheduleStartDate, GetTaskStates, GetVariableKeys, GetXCom, GetXComCount,
    GetXComSequenceItem, GetXComSequenceSlice, HITLDetailRequestResult, PrevSuccessfulDagRunResult,
    PreviousTIResponse, PutVariable, SetXCom, SkippedTask, TIRunContext, TriggerDagRun,
    UpdateHITLDetail, VariableKeysResult, VariableResponse,
};
use async_trait::async_trait;
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    ApiError, AssetEventsQuery, AssetRef, EnterRunning, ErrorKind, Heartbeat, ServerTerminated,
    StateUpdate,
};

/// What a task instance, and the supervisor that runs it, may ask of Airflow.
///
/// An implementation speaks for one task instance, [`ti_id`](Self::ti_id). All methods may be
/// called at the same time.
///
/// # Promises
///
/// - A method that changes something has changed it durably when it returns `Ok`.
/// - What does not exist is an error of kind [`NotFound`](crate::ErrorKind::NotFound), never an
///   empty answer, unless the method says otherwise.
/// - Deleting what does not exist succeeds, unless the method says otherwise.
///
/// # Errors
///
/// Every method fails with an [`ApiError`].
#[async_trait]
pub trait ExecutionApi: Send + Sync {
    /// The task instance that this speaks for.
    fn ti_id(&self) -> Uuid;

    // Task instance

    /// Puts the task instance from `queued` or `restarting` into `running`.
    ///
    /// `Conflict` when it is in another state; the details then hold `reason: invalid_state` and
    /// `previous_state`.
    async fn start(&self, start: EnterRunning) -> Result<TIRunContext, ApiError>;

    /// Says that the task instance is alive.
    ///
    /// `NotFound`, `Gone` or `Conflict` when it should not be running any more.
    async fn heartbeat(&self, heartbeat: Heartbeat) -> Result<(), ApiError>;

    /// Refuses when the task instance is not there, or this is a try of it that another has followed.
    ///
    /// `NotFound` or `Gone`. Airflow asks this since 3.4 before a request may change anything. What a
    /// request changes may be no task instance's own; then a callback may ask it too.
    async fn check_is_latest_try(&self, or_callback: bool) -> Result<(), ApiError> {
        let _ = or_callback;
        Ok(())
    }

    /// Says how a process of the task instance ended. Saying the same twice is no error.
    async fn update_state(&self, update: StateUpdate) -> Result<(), ApiError>;

    /// Says that a process has ended because the server had said that it should. Saying it twice is
    /// no error. Since Airflow 3.4.
    async fn server_terminated(&self, ended: ServerTerminated) -> Result<(), ApiError> {
        drop(ended);
        Err(ApiError::new(
            ErrorKind::Unsupported,
            "say that the task was terminated",
            "not served here",
        ))
    }

    /// Skips tasks of the same Dag run that have not finished.
    async fn skip_downstream(&self, tasks: Vec<SkippedTask>) -> Result<(), ApiError>;

    /// Stores the rendered template fields.
    async fn set_rendered_fields(&self, fields: JsonMap) -> Result<(), ApiError>;

    /// Stores the label of this instance of a mapped task.
    async fn set_rendered_map_index(&self, label: String) -> Result<(), ApiError>;

    /// The last successful Dag run before this one; without dates when there is none.
    async fn previous_successful_dag_run(&self) -> Result<PrevSuccessfulDagRunResult, ApiError>;

    /// The assets among the inlets and outlets of the task that are not active.
    async fn inactive_assets(&self) -> Result<Vec<AssetProfile>, ApiError>;

    /// When a task instance was first rescheduled in a try; `None` when it was not.
    async fn reschedule_start_date(
        &self,
        query: GetTaskRescheduleStartDate,
    ) -> Result<Option<Timestamp>, ApiError>;

    // Task instances

    /// How many task instances match.
    async fn task_instance_count(&self, query: GetTICount) -> Result<i64, ApiError>;

    /// States of task instances: by Dag run, and in them by task.
    async fn task_states(&self, query: GetTaskStates) -> Result<JsonMap, ApiError>;

    /// What is known of the finished tasks of a run, one map each.
    async fn task_breadcrumbs(&self, dag_id: &str, run_id: &str) -> Result<Vec<JsonMap>, ApiError>;

    /// The task instance of an earlier run; `None` when there is none.
    async fn previous_task_instance(
        &self,
        query: GetPreviousTI,
    ) -> Result<Option<PreviousTIResponse>, ApiError>;

    // Dag runs and Dags

    /// Starts a Dag run. `Conflict` when the run exists already.
    ///
    /// `reset_dag_run` of the request is for the caller: see [`clear_dag_run`](Self::clear_dag_run).
    async fn trigger_dag_run(&self, request: TriggerDagRun) -> Result<(), ApiError>;

    /// Clears a Dag run, so that all its tasks run again.
    async fn clear_dag_run(&self, dag_id: &str, run_id: &str) -> Result<(), ApiError>;

    /// A Dag run.
    async fn dag_run(&self, dag_id: &str, run_id: &str) -> Result<DagRun, ApiError>;

    /// The state of a Dag run.
    async fn dag_run_state(&self, dag_id: &str, run_id: &str) -> Result<DagRunState, ApiError>;

    /// How many Dag runs match.
    async fn dag_run_count(&self, query: GetDRCount) -> Result<i64, ApiError>;

    /// The Dag run before a logical date; `None` when there is none.
    async fn previous_dag_run(&self, query: GetPreviousDagRun) -> Result<Option<DagRun>, ApiError>;

    /// Sets the note of the Dag run of this task instance; an empty one removes it, `None` leaves it. Since Airflow 3.4.
    async fn set_dag_run_note(&self, note: Option<String>) -> Result<(), ApiError>;

    /// A Dag.
    async fn dag(&self, dag_id: &str) -> Result<DagResult, ApiError>;

    // XComs

    /// An XCom.
    async fn xcom(&self, query: GetXCom) -> Result<RawJson, ApiError>;

    /// For how many instances of a mapped task there is an XCom.
    async fn xcom_count(&self, query: GetXComCount) -> Result<i64, ApiError>;

    /// One of the XComs of a mapped task, by its position.
    async fn xcom_item(&self, query: GetXComSequenceItem) -> Result<RawJson, ApiError>;

    /// Several XComs of a mapped task, as Python slices a list.
    async fn xcom_slice(&self, query: GetXComSequenceSlice) -> Result<Vec<RawJson>, ApiError>;

    /// Stores an XCom, in place of an earlier one.
    async fn set_xcom(&self, request: SetXCom<RawJson>) -> Result<(), ApiError>;

    /// Deletes an XCom.
    async fn delete_xcom(&self, request: DeleteXCom) -> Result<(), ApiError>;

    // Variables and Connections

    /// A Variable.
    async fn variable(&self, key: &str) -> Result<VariableResponse, ApiError>;

    /// Keys of Variables, one page, and how many there are in all.
    async fn variable_keys(&self, query: GetVariableKeys) -> Result<VariableKeysResult, ApiError>;

    /// Stores a Variable, in place of an earlier one.
    async fn put_variable(&self, request: PutVariable) -> Result<(), ApiError>;

    /// Deletes a Variable.
    async fn delete_variable(&self, key: &str) -> Result<(), ApiError>;

    /// A Connection.
    async fn connection(&self, conn_id: &str) -> Result<ConnectionResponse, ApiError>;

    // State stores

    /// A value of the task state store of this task instance.
    async fn task_state(&self, key: &str) -> Result<RawJson, ApiError>;

    /// Stores a value until `expires_at`; `None` is for ever.
    async fn set_task_state(
        &self,
        key: &str,
        value: RawJson,
        expires_at: Option<Timestamp>,
    ) -> Result<(), ApiError>;

    /// Deletes a value.
    async fn delete_task_state(&self, key: &str) -> Result<(), ApiError>;

    /// Deletes all values of this task instance.
    async fn clear_task_state(&self) -> Result<(), ApiError>;

    /// A value of the state store of an asset.
    async fn asset_state(&self, asset: &AssetRef, key: &str) -> Result<RawJson, ApiError>;

    /// Stores a value for an asset. `NotFound` when there is no such asset.
    async fn set_asset_state(
        &self,
        asset: &AssetRef,
        key: &str,
        value: RawJson,
    ) -> Result<(), ApiError>;

    /// Deletes a value of an asset.
    async fn delete_asset_state(&self, asset: &AssetRef, key: &str) -> Result<(), ApiError>;

    /// Deletes all values of an asset.
    async fn clear_asset_state(&self, asset: &AssetRef) -> Result<(), ApiError>;

    // Assets

    /// An active asset.
    async fn asset(&self, asset: &AssetRef) -> Result<AssetResponse, ApiError>;

    /// The assets that an alias stands for.
    async fn assets_by_alias(&self, alias: &str) -> Result<Vec<AssetResponse>, ApiError>;

    /// Asset events.
    async fn asset_events(
        &self,
        query: AssetEventsQuery,
    ) -> Result<Vec<AssetEventResponse>, ApiError>;

    // Human in the loop

    /// Asks a person.
    async fn create_hitl_detail(
        &self,
        request: CreateHITLDetailPayload,
    ) -> Result<HITLDetailRequestResult, ApiError>;

    /// Stores an answer in the place of a person.
    async fn update_hitl_detail(&self, request: UpdateHITLDetail) -> Result<JsonMap, ApiError>;

    /// What a person answered.
    async fn hitl_detail(&self, ti_id: Uuid) -> Result<JsonMap, ApiError>;
}
