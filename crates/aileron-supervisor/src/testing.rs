//! An Execution API in memory, for tests of what supervises tasks.
//!
//! It keeps XComs, Variables, Connections and state stores, writes down what was asked of it, and can be told to fail or to
//! keep a request waiting. What else the API can do is `Unsupported`.

#![allow(
    clippy::result_large_err,
    reason = "speed does not matter in a test, and the trait has these results"
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aileron_execution_api::{
    ApiError, AssetEventsQuery, AssetRef, EnterRunning, ErrorKind, ExecutionApi, Heartbeat,
    StateUpdate,
};
use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::*;
use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

/// An Execution API in memory; it speaks for one task instance.
#[derive(Debug)]
pub struct MemoryApi {
    ti_id: Uuid,
    state: Mutex<State>,
    /// Grows with every call, for those who wait for one.
    calls: watch::Sender<usize>,
}

/// What is stored, and what was asked.
#[derive(Debug)]
pub struct State {
    /// What the task is told when it starts.
    pub context: TIRunContext,
    /// JSON by `task_id/key`.
    pub xcoms: BTreeMap<String, String>,
    /// Values by key.
    pub variables: BTreeMap<String, String>,
    /// Connections by id.
    pub connections: BTreeMap<String, ConnectionResponse>,
    /// JSON by key.
    pub task_state: BTreeMap<String, String>,
    /// JSON by asset and key.
    pub asset_state: BTreeMap<String, String>,
    /// How the task started.
    pub started: Option<EnterRunning>,
    /// Every state that was acknowledged.
    pub updates: Vec<StateUpdate>,
    /// Every call, in the order they came in: `set_xcom t/k`.
    pub calls: Vec<String>,
    /// Every call that is done, in the order they were done.
    pub done: Vec<String>,
    failures: Vec<Failure>,
    gates: BTreeMap<String, watch::Sender<bool>>,
}

#[derive(Debug)]
struct Failure {
    operation: String,
    times: usize,
    error: ApiError,
}

/// A Dag run as a manual one is.
#[must_use]
pub fn dag_run(dag_id: &str, run_id: &str) -> DagRun {
    DagRun {
        dag_id: dag_id.to_owned(),
        run_id: run_id.to_owned(),
        logical_date: None,
        data_interval_start: None,
        data_interval_end: None,
        run_after: Timestamp::UNIX_EPOCH,
        start_date: None,
        end_date: None,
        clear_number: 0,
        run_type: DagRunType::Manual,
        state: DagRunState::Running,
        conf: None,
        triggering_user_name: None,
        consumed_asset_events: Vec::new(),
        partition_key: None,
        partition_date: None,
        note: None,
        team_name: None,
    }
}

impl MemoryApi {
    /// An API that speaks for `ti`; nothing is stored.
    #[must_use]
    pub fn new(ti: &TaskInstance) -> Arc<Self> {
        let context = TIRunContext::new(dag_run(&ti.dag_id, &ti.run_id), 0);
        Arc::new(Self {
            ti_id: ti.id,
            calls: watch::Sender::new(0),
            state: Mutex::new(State {
                context,
                xcoms: BTreeMap::new(),
                variables: BTreeMap::new(),
                connections: BTreeMap::new(),
                task_state: BTreeMap::new(),
                asset_state: BTreeMap::new(),
                started: None,
                updates: Vec::new(),
                calls: Vec::new(),
                done: Vec::new(),
                failures: Vec::new(),
                gates: BTreeMap::new(),
            }),
        })
    }

    /// What is stored, to look at and to change.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next calls that begin with `operation` fail.
    pub fn fail(&self, operation: &str, times: usize, kind: ErrorKind) {
        self.state().failures.push(Failure {
            operation: operation.to_owned(),
            times,
            error: ApiError::new(kind, operation, "as the test has it"),
        });
    }

    /// Calls that begin with `operation` wait until they are [released](Self::release).
    pub fn hold(&self, operation: &str) {
        let gate = watch::Sender::new(false);
        self.state().gates.insert(operation.to_owned(), gate);
    }

    /// Lets calls go on that were held.
    pub fn release(&self, operation: &str) {
        if let Some(gate) = self.state().gates.get(operation) {
            gate.send_replace(true);
        }
    }

    /// Waits until `count` calls that begin with `operation` have come in.
    pub async fn called(&self, operation: &str, count: usize) {
        let mut calls = self.calls.subscribe();
        while self.count(operation) < count {
            if calls.changed().await.is_err() {
                return;
            }
        }
    }

    /// How many calls that begin with `operation` have come in.
    #[must_use]
    pub fn count(&self, operation: &str) -> usize {
        let is_it = |call: &&String| call.starts_with(operation);
        self.state().calls.iter().filter(is_it).count()
    }

    /// The states that were acknowledged.
    #[must_use]
    pub fn states(&self) -> Vec<TaskInstanceState> {
        self.state()
            .updates
            .iter()
            .map(StateUpdate::state)
            .collect()
    }

    /// Writes a call down, keeps it waiting, lets it fail.
    async fn enter(&self, call: impl Into<String>) -> Result<(), ApiError> {
        let call = call.into();
        let gates: Vec<_> = {
            let mut state = self.state();
            state.calls.push(call.clone());
            let gates = state.gates.iter();
            gates
                .filter(|(operation, _)| call.starts_with(operation.as_str()))
                .map(|(_, gate)| gate.subscribe())
                .collect()
        };
        self.calls.send_modify(|count| *count += 1);
        for mut gate in gates {
            let _ = gate.wait_for(|open| *open).await;
        }
        let mut state = self.state();
        let failure = state
            .failures
            .iter_mut()
            .find(|failure| failure.times > 0 && call.starts_with(&failure.operation));
        if let Some(failure) = failure {
            failure.times -= 1;
            return Err(failure.error.clone());
        }
        state.done.push(call);
        Ok(())
    }
}

fn missing(operation: &str) -> ApiError {
    ApiError::new(ErrorKind::NotFound, operation, "there is none")
}

fn unsupported<T>(operation: &str) -> Result<T, ApiError> {
    let message = "the API in memory cannot do this";
    Err(ApiError::new(ErrorKind::Unsupported, operation, message))
}

fn json(text: Option<&String>, operation: &str) -> Result<RawJson, ApiError> {
    let text = text.ok_or_else(|| missing(operation))?;
    RawJson::from_text(text.clone())
        .map_err(|error| ApiError::new(ErrorKind::BadAnswer, operation, error.to_string()))
}

#[async_trait]
impl ExecutionApi for MemoryApi {
    fn ti_id(&self) -> Uuid {
        self.ti_id
    }

    async fn start(&self, start: EnterRunning) -> Result<TIRunContext, ApiError> {
        self.enter("start").await?;
        let mut state = self.state();
        state.started = Some(start);
        Ok(state.context.clone())
    }

    async fn heartbeat(&self, _: Heartbeat) -> Result<(), ApiError> {
        self.enter("heartbeat").await
    }

    async fn update_state(&self, update: StateUpdate) -> Result<(), ApiError> {
        self.enter(format!("update_state {}", update.state().as_str()))
            .await?;
        self.state().updates.push(update);
        Ok(())
    }

    async fn skip_downstream(&self, tasks: Vec<SkippedTask>) -> Result<(), ApiError> {
        self.enter(format!("skip_downstream {tasks:?}")).await
    }

    async fn set_rendered_fields(&self, _: JsonMap) -> Result<(), ApiError> {
        self.enter("set_rendered_fields").await
    }

    async fn set_rendered_map_index(&self, label: String) -> Result<(), ApiError> {
        self.enter(format!("set_rendered_map_index {label}")).await
    }

    async fn previous_successful_dag_run(&self) -> Result<PrevSuccessfulDagRunResult, ApiError> {
        self.enter("previous_successful_dag_run").await?;
        Ok(PrevSuccessfulDagRunResult::default())
    }

    async fn inactive_assets(&self) -> Result<Vec<AssetProfile>, ApiError> {
        self.enter("inactive_assets").await?;
        Ok(Vec::new())
    }

    async fn reschedule_start_date(
        &self,
        _: GetTaskRescheduleStartDate,
    ) -> Result<Option<Timestamp>, ApiError> {
        self.enter("reschedule_start_date").await?;
        Ok(None)
    }

    async fn task_instance_count(&self, _: GetTICount) -> Result<i64, ApiError> {
        unsupported("task_instance_count")
    }

    async fn task_states(&self, _: GetTaskStates) -> Result<JsonMap, ApiError> {
        unsupported("task_states")
    }

    async fn task_breadcrumbs(&self, _: &str, _: &str) -> Result<Vec<JsonMap>, ApiError> {
        unsupported("task_breadcrumbs")
    }

    async fn previous_task_instance(
        &self,
        _: GetPreviousTI,
    ) -> Result<Option<PreviousTIResponse>, ApiError> {
        self.enter("previous_task_instance").await?;
        Ok(None)
    }

    async fn trigger_dag_run(&self, request: TriggerDagRun) -> Result<(), ApiError> {
        self.enter(format!(
            "trigger_dag_run {}/{}",
            request.dag_id, request.run_id
        ))
        .await
    }

    async fn clear_dag_run(&self, dag_id: &str, run_id: &str) -> Result<(), ApiError> {
        self.enter(format!("clear_dag_run {dag_id}/{run_id}")).await
    }

    async fn dag_run(&self, _: &str, _: &str) -> Result<DagRun, ApiError> {
        unsupported("dag_run")
    }

    async fn dag_run_state(&self, _: &str, _: &str) -> Result<DagRunState, ApiError> {
        unsupported("dag_run_state")
    }

    async fn dag_run_count(&self, _: GetDRCount) -> Result<i64, ApiError> {
        unsupported("dag_run_count")
    }

    async fn previous_dag_run(&self, _: GetPreviousDagRun) -> Result<Option<DagRun>, ApiError> {
        self.enter("previous_dag_run").await?;
        Ok(None)
    }

    async fn set_dag_run_note(&self, _: Option<String>) -> Result<(), ApiError> {
        self.enter("set_dag_run_note").await
    }

    async fn dag(&self, _: &str) -> Result<DagResult, ApiError> {
        unsupported("dag")
    }

    async fn xcom(&self, query: GetXCom) -> Result<RawJson, ApiError> {
        let name = format!("{}/{}", query.task_id, query.key);
        self.enter(format!("xcom {name}")).await?;
        json(self.state().xcoms.get(&name), "xcom")
    }

    async fn xcom_count(&self, _: GetXComCount) -> Result<i64, ApiError> {
        unsupported("xcom_count")
    }

    async fn xcom_item(&self, query: GetXComSequenceItem) -> Result<RawJson, ApiError> {
        let name = format!("{}/{}", query.task_id, query.key);
        self.enter(format!("xcom_item {name}")).await?;
        Err(missing("xcom_item"))
    }

    async fn xcom_slice(&self, _: GetXComSequenceSlice) -> Result<Vec<RawJson>, ApiError> {
        unsupported("xcom_slice")
    }

    async fn set_xcom(&self, request: SetXCom<RawJson>) -> Result<(), ApiError> {
        let name = format!("{}/{}", request.task_id, request.key);
        self.enter(format!("set_xcom {name}")).await?;
        self.state().xcoms.insert(name, request.value.into_text());
        Ok(())
    }

    async fn delete_xcom(&self, request: DeleteXCom) -> Result<(), ApiError> {
        let name = format!("{}/{}", request.task_id, request.key);
        self.enter(format!("delete_xcom {name}")).await?;
        self.state().xcoms.remove(&name);
        Ok(())
    }

    async fn variable(&self, key: &str) -> Result<VariableResponse, ApiError> {
        self.enter(format!("variable {key}")).await?;
        let value = self.state().variables.get(key).cloned();
        let value = Some(value.ok_or_else(|| missing("variable"))?);
        Ok(VariableResponse {
            key: key.to_owned(),
            value,
        })
    }

    async fn variable_keys(&self, _: GetVariableKeys) -> Result<VariableKeysResult, ApiError> {
        self.enter("variable_keys").await?;
        let keys: Vec<String> = self.state().variables.keys().cloned().collect();
        Ok(VariableKeysResult {
            total_entries: i64::try_from(keys.len()).unwrap_or(i64::MAX),
            keys,
        })
    }

    async fn put_variable(&self, request: PutVariable) -> Result<(), ApiError> {
        self.enter(format!("put_variable {}", request.key)).await?;
        let value = request.value.unwrap_or_default();
        self.state().variables.insert(request.key, value);
        Ok(())
    }

    async fn delete_variable(&self, key: &str) -> Result<(), ApiError> {
        self.enter(format!("delete_variable {key}")).await?;
        self.state().variables.remove(key);
        Ok(())
    }

    async fn connection(&self, conn_id: &str) -> Result<ConnectionResponse, ApiError> {
        self.enter(format!("connection {conn_id}")).await?;
        let found = self.state().connections.get(conn_id).cloned();
        found.ok_or_else(|| missing("connection"))
    }

    async fn task_state(&self, key: &str) -> Result<RawJson, ApiError> {
        self.enter(format!("task_state {key}")).await?;
        json(self.state().task_state.get(key), "task_state")
    }

    async fn set_task_state(
        &self,
        key: &str,
        value: RawJson,
        _: Option<Timestamp>,
    ) -> Result<(), ApiError> {
        self.enter(format!("set_task_state {key}")).await?;
        let value = value.into_text();
        self.state().task_state.insert(key.to_owned(), value);
        Ok(())
    }

    async fn delete_task_state(&self, key: &str) -> Result<(), ApiError> {
        self.enter(format!("delete_task_state {key}")).await?;
        self.state().task_state.remove(key);
        Ok(())
    }

    async fn clear_task_state(&self) -> Result<(), ApiError> {
        self.enter("clear_task_state").await?;
        self.state().task_state.clear();
        Ok(())
    }

    async fn asset_state(&self, asset: &AssetRef, key: &str) -> Result<RawJson, ApiError> {
        self.enter(format!("asset_state {asset} {key}")).await?;
        let name = format!("{asset} {key}");
        json(self.state().asset_state.get(&name), "asset_state")
    }

    async fn set_asset_state(
        &self,
        asset: &AssetRef,
        key: &str,
        value: RawJson,
    ) -> Result<(), ApiError> {
        self.enter(format!("set_asset_state {asset} {key}")).await?;
        let value = value.into_text();
        self.state()
            .asset_state
            .insert(format!("{asset} {key}"), value);
        Ok(())
    }

    async fn delete_asset_state(&self, asset: &AssetRef, key: &str) -> Result<(), ApiError> {
        self.enter(format!("delete_asset_state {asset} {key}"))
            .await?;
        self.state().asset_state.remove(&format!("{asset} {key}"));
        Ok(())
    }

    async fn clear_asset_state(&self, asset: &AssetRef) -> Result<(), ApiError> {
        self.enter(format!("clear_asset_state {asset}")).await?;
        let prefix = format!("{asset} ");
        self.state()
            .asset_state
            .retain(|name, _| !name.starts_with(&prefix));
        Ok(())
    }

    async fn asset(&self, asset: &AssetRef) -> Result<AssetResponse, ApiError> {
        self.enter(format!("asset {asset}")).await?;
        Err(missing("asset"))
    }

    async fn assets_by_alias(&self, alias: &str) -> Result<Vec<AssetResponse>, ApiError> {
        self.enter(format!("assets_by_alias {alias}")).await?;
        Ok(Vec::new())
    }

    async fn asset_events(&self, _: AssetEventsQuery) -> Result<Vec<AssetEventResponse>, ApiError> {
        self.enter("asset_events").await?;
        Ok(Vec::new())
    }

    async fn create_hitl_detail(
        &self,
        _: CreateHITLDetailPayload,
    ) -> Result<HITLDetailRequestResult, ApiError> {
        unsupported("create_hitl_detail")
    }

    async fn update_hitl_detail(&self, _: UpdateHITLDetail) -> Result<JsonMap, ApiError> {
        unsupported("update_hitl_detail")
    }

    async fn hitl_detail(&self, _: Uuid) -> Result<JsonMap, ApiError> {
        unsupported("hitl_detail")
    }
}
