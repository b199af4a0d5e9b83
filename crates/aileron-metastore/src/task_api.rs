//! The Execution API on a metadata database.

use aileron_execution_api::{
    ApiError, AssetEventsQuery, AssetRef, EnterRunning, ExecutionApi, Heartbeat, ServerTerminated,
    StateUpdate,
};
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

use crate::database::Database;
use crate::{
    Metastore, asset, asset_event, asset_state_store, connection, dag, dag_run, hitl,
    task_instance, task_state_store, variable, xcom,
};

/// What one task instance may ask, answered from the database.
#[derive(Debug, Clone)]
pub struct TaskApi {
    store: Metastore,
    ti_id: Uuid,
}

impl TaskApi {
    pub(crate) fn new(store: Metastore, ti_id: Uuid) -> Self {
        Self { store, ti_id }
    }

    fn database(&self) -> &Database {
        self.store.database()
    }
}

// Each method names the request for a person, and leaves the rest to the module of its concern.
#[async_trait]
impl ExecutionApi for TaskApi {
    fn ti_id(&self) -> Uuid {
        self.ti_id
    }

    async fn start(&self, start: EnterRunning) -> Result<TIRunContext, ApiError> {
        task_instance::start::start(&self.store, self.ti_id, start)
            .await
            .map_err(|failure| failure.of(format!("start task instance {}", self.ti_id)))
    }

    async fn heartbeat(&self, heartbeat: Heartbeat) -> Result<(), ApiError> {
        task_instance::heartbeat::heartbeat(self.database(), self.ti_id, heartbeat)
            .await
            .map_err(|failure| failure.of(format!("heartbeat of task instance {}", self.ti_id)))
    }

    async fn check_is_latest_try(&self, or_callback: bool) -> Result<(), ApiError> {
        task_instance::attempt::check(self.database(), self.ti_id, or_callback)
            .await
            .map_err(|failure| failure.of(format!("look for task instance {}", self.ti_id)))
    }

    async fn server_terminated(&self, ended: ServerTerminated) -> Result<(), ApiError> {
        task_instance::attempt::server_terminated(self.database(), self.ti_id, ended)
            .await
            .map_err(|failure| failure.of(format!("end task instance {}", self.ti_id)))
    }

    async fn update_state(&self, update: StateUpdate) -> Result<(), ApiError> {
        let state = update.state();
        task_instance::update::update_state(&self.store, self.ti_id, update)
            .await
            .map_err(|failure| {
                failure.of(format!(
                    "put task instance {} into state {state}",
                    self.ti_id
                ))
            })
    }

    async fn skip_downstream(&self, tasks: Vec<SkippedTask>) -> Result<(), ApiError> {
        task_instance::skip::skip_downstream(self.database(), self.ti_id, tasks)
            .await
            .map_err(|failure| failure.of("skip downstream tasks"))
    }

    async fn set_rendered_fields(&self, fields: JsonMap) -> Result<(), ApiError> {
        task_instance::rendered::set_fields(
            self.database(),
            self.ti_id,
            fields,
            self.store.settings().rendered_fields_runs,
        )
        .await
        .map_err(|failure| failure.of("set rendered fields"))
    }

    async fn set_rendered_map_index(&self, label: String) -> Result<(), ApiError> {
        task_instance::rendered::set_map_index(self.database(), self.ti_id, label)
            .await
            .map_err(|failure| failure.of("set rendered map index"))
    }

    async fn previous_successful_dag_run(&self) -> Result<PrevSuccessfulDagRunResult, ApiError> {
        dag_run::query::previous_successful(self.database(), self.ti_id)
            .await
            .map_err(|failure| failure.of("get previous successful Dag run"))
    }

    async fn inactive_assets(&self) -> Result<Vec<AssetProfile>, ApiError> {
        task_instance::query::inactive_assets(self.database(), self.ti_id)
            .await
            .map_err(|failure| failure.of("get inactive assets"))
    }

    async fn reschedule_start_date(
        &self,
        query: GetTaskRescheduleStartDate,
    ) -> Result<Option<Timestamp>, ApiError> {
        task_instance::query::reschedule_start_date(self.database(), query)
            .await
            .map_err(|failure| failure.of("get reschedule start date"))
    }

    async fn task_instance_count(&self, query: GetTICount) -> Result<i64, ApiError> {
        task_instance::query::count(self.database(), query)
            .await
            .map_err(|failure| failure.of("count task instances"))
    }

    async fn task_states(&self, query: GetTaskStates) -> Result<JsonMap, ApiError> {
        task_instance::query::states(self.database(), query)
            .await
            .map_err(|failure| failure.of("get task states"))
    }

    async fn task_breadcrumbs(&self, dag_id: &str, run_id: &str) -> Result<Vec<JsonMap>, ApiError> {
        task_instance::query::breadcrumbs(self.database(), dag_id, run_id)
            .await
            .map_err(|failure| {
                failure.of(format!(
                    "get task breadcrumbs of Dag {dag_id:?}, run {run_id:?}"
                ))
            })
    }

    async fn previous_task_instance(
        &self,
        query: GetPreviousTI,
    ) -> Result<Option<PreviousTIResponse>, ApiError> {
        task_instance::query::previous(self.database(), query)
            .await
            .map_err(|failure| failure.of("get previous task instance"))
    }

    async fn trigger_dag_run(&self, request: TriggerDagRun) -> Result<(), ApiError> {
        let operation = format!("trigger Dag {:?}, run {:?}", request.dag_id, request.run_id);
        dag_run::trigger::trigger(self.database(), self.ti_id, request)
            .await
            .map_err(|failure| failure.of(operation))
    }

    async fn clear_dag_run(&self, dag_id: &str, run_id: &str) -> Result<(), ApiError> {
        dag_run::clear::clear(self.database(), dag_id, run_id)
            .await
            .map_err(|failure| failure.of(format!("clear Dag {dag_id:?}, run {run_id:?}")))
    }

    async fn dag_run(&self, dag_id: &str, run_id: &str) -> Result<DagRun, ApiError> {
        dag_run::query::get(&self.store, dag_id, run_id)
            .await
            .map_err(|failure| failure.of(format!("get Dag {dag_id:?}, run {run_id:?}")))
    }

    async fn dag_run_state(&self, dag_id: &str, run_id: &str) -> Result<DagRunState, ApiError> {
        dag_run::query::state(self.database(), dag_id, run_id)
            .await
            .map_err(|failure| failure.of(format!("get state of Dag {dag_id:?}, run {run_id:?}")))
    }

    async fn dag_run_count(&self, query: GetDRCount) -> Result<i64, ApiError> {
        dag_run::query::count(self.database(), query)
            .await
            .map_err(|failure| failure.of("count Dag runs"))
    }

    async fn previous_dag_run(&self, query: GetPreviousDagRun) -> Result<Option<DagRun>, ApiError> {
        dag_run::query::previous(&self.store, query)
            .await
            .map_err(|failure| failure.of("get previous Dag run"))
    }

    async fn set_dag_run_note(&self, note: Option<String>) -> Result<(), ApiError> {
        dag_run::note::set(self.database(), self.ti_id, note)
            .await
            .map_err(|failure| failure.of("set note of Dag run"))
    }

    async fn dag(&self, dag_id: &str) -> Result<DagResult, ApiError> {
        dag::get(self.database(), dag_id)
            .await
            .map_err(|failure| failure.of(format!("get Dag {dag_id:?}")))
    }

    async fn xcom(&self, query: GetXCom) -> Result<RawJson, ApiError> {
        let operation = format!("get XCom {:?} of task {:?}", query.key, query.task_id);
        xcom::get(&self.store, self.ti_id, query)
            .await
            .map_err(|failure| failure.of(operation))
    }

    async fn xcom_count(&self, query: GetXComCount) -> Result<i64, ApiError> {
        let operation = format!("count XComs {:?} of task {:?}", query.key, query.task_id);
        xcom::count(&self.store, self.ti_id, query)
            .await
            .map_err(|failure| failure.of(operation))
    }

    async fn xcom_item(&self, query: GetXComSequenceItem) -> Result<RawJson, ApiError> {
        let operation = format!(
            "get item {} of XComs {:?} of task {:?}",
            query.offset, query.key, query.task_id
        );
        xcom::item(&self.store, self.ti_id, query)
            .await
            .map_err(|failure| failure.of(operation))
    }

    async fn xcom_slice(&self, query: GetXComSequenceSlice) -> Result<Vec<RawJson>, ApiError> {
        let operation = format!(
            "get slice of XComs {:?} of task {:?}",
            query.key, query.task_id
        );
        xcom::slice(&self.store, self.ti_id, query)
            .await
            .map_err(|failure| failure.of(operation))
    }

    async fn set_xcom(&self, request: SetXCom<RawJson>) -> Result<(), ApiError> {
        let operation = format!("set XCom {:?} of task {:?}", request.key, request.task_id);
        xcom::set(&self.store, self.ti_id, request)
            .await
            .map_err(|failure| failure.of(operation))
    }

    async fn delete_xcom(&self, request: DeleteXCom) -> Result<(), ApiError> {
        let operation = format!(
            "delete XCom {:?} of task {:?}",
            request.key, request.task_id
        );
        xcom::delete(&self.store, self.ti_id, request)
            .await
            .map_err(|failure| failure.of(operation))
    }

    async fn variable(&self, key: &str) -> Result<VariableResponse, ApiError> {
        variable::get(&self.store, self.ti_id, key)
            .await
            .map_err(|failure| failure.of(format!("get Variable {key:?}")))
    }

    async fn variable_keys(&self, query: GetVariableKeys) -> Result<VariableKeysResult, ApiError> {
        variable::keys(&self.store, self.ti_id, query)
            .await
            .map_err(|failure| failure.of("get keys of Variables"))
    }

    async fn put_variable(&self, request: PutVariable) -> Result<(), ApiError> {
        let operation = format!("put Variable {:?}", request.key);
        variable::put(&self.store, self.ti_id, request)
            .await
            .map_err(|failure| failure.of(operation))
    }

    async fn delete_variable(&self, key: &str) -> Result<(), ApiError> {
        variable::delete(&self.store, self.ti_id, key)
            .await
            .map_err(|failure| failure.of(format!("delete Variable {key:?}")))
    }

    async fn connection(&self, conn_id: &str) -> Result<ConnectionResponse, ApiError> {
        connection::get(&self.store, self.ti_id, conn_id)
            .await
            .map_err(|failure| failure.of(format!("get Connection {conn_id:?}")))
    }

    async fn task_state(&self, key: &str) -> Result<RawJson, ApiError> {
        task_state_store::get(self.database(), self.ti_id, key)
            .await
            .map_err(|failure| failure.of(format!("get task state {key:?}")))
    }

    async fn set_task_state(
        &self,
        key: &str,
        value: RawJson,
        expires_at: Option<Timestamp>,
    ) -> Result<(), ApiError> {
        task_state_store::set(self.database(), self.ti_id, key, value, expires_at)
            .await
            .map_err(|failure| failure.of(format!("set task state {key:?}")))
    }

    async fn delete_task_state(&self, key: &str) -> Result<(), ApiError> {
        task_state_store::delete(self.database(), self.ti_id, key)
            .await
            .map_err(|failure| failure.of(format!("delete task state {key:?}")))
    }

    async fn clear_task_state(&self) -> Result<(), ApiError> {
        task_state_store::clear(self.database(), self.ti_id)
            .await
            .map_err(|failure| failure.of("clear task state"))
    }

    async fn asset_state(&self, asset: &AssetRef, key: &str) -> Result<RawJson, ApiError> {
        asset_state_store::get(self.database(), asset, key)
            .await
            .map_err(|failure| failure.of(format!("get state {key:?} of asset with {asset}")))
    }

    async fn set_asset_state(
        &self,
        asset: &AssetRef,
        key: &str,
        value: RawJson,
    ) -> Result<(), ApiError> {
        asset_state_store::set(self.database(), self.ti_id, asset, key, value)
            .await
            .map_err(|failure| failure.of(format!("set state {key:?} of asset with {asset}")))
    }

    async fn delete_asset_state(&self, asset: &AssetRef, key: &str) -> Result<(), ApiError> {
        asset_state_store::delete(self.database(), asset, key)
            .await
            .map_err(|failure| failure.of(format!("delete state {key:?} of asset with {asset}")))
    }

    async fn clear_asset_state(&self, asset: &AssetRef) -> Result<(), ApiError> {
        asset_state_store::clear(self.database(), asset)
            .await
            .map_err(|failure| failure.of(format!("clear state of asset with {asset}")))
    }

    async fn asset(&self, asset: &AssetRef) -> Result<AssetResponse, ApiError> {
        asset::get(self.database(), asset)
            .await
            .map_err(|failure| failure.of(format!("get asset with {asset}")))
    }

    async fn assets_by_alias(&self, alias: &str) -> Result<Vec<AssetResponse>, ApiError> {
        asset::by_alias(self.database(), alias)
            .await
            .map_err(|failure| failure.of(format!("get assets of alias {alias:?}")))
    }

    async fn asset_events(
        &self,
        query: AssetEventsQuery,
    ) -> Result<Vec<AssetEventResponse>, ApiError> {
        asset_event::query(self.database(), query)
            .await
            .map_err(|failure| failure.of("get asset events"))
    }

    async fn create_hitl_detail(
        &self,
        request: CreateHITLDetailPayload,
    ) -> Result<HITLDetailRequestResult, ApiError> {
        hitl::create(self.database(), self.ti_id, request)
            .await
            .map_err(|failure| failure.of("ask a person"))
    }

    async fn update_hitl_detail(&self, request: UpdateHITLDetail) -> Result<JsonMap, ApiError> {
        hitl::update(self.database(), self.ti_id, request)
            .await
            .map_err(|failure| failure.of("answer in the place of a person"))
    }

    async fn hitl_detail(&self, ti_id: Uuid) -> Result<JsonMap, ApiError> {
        hitl::get(self.database(), self.ti_id, ti_id)
            .await
            .map_err(|failure| failure.of("get the answer of a person"))
    }
}
