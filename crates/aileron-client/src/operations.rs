//! Every operation as a request.

use aileron_execution_api::{
    ApiError, AssetEventsQuery, AssetRef, EnterRunning, ErrorKind, ExecutionApi, Heartbeat,
    StateUpdate,
};
use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::{
    AssetEventResponse, AssetEventsResult, AssetProfile, AssetResponse, ConnectionResponse,
    CreateHITLDetailPayload, DagResult, DagRun, DagRunState, DagRunStateResult, DeleteXCom,
    GetDRCount, GetPreviousDagRun, GetPreviousTI, GetTICount, GetTaskRescheduleStartDate,
    GetTaskStates, GetVariableKeys, GetXCom, GetXComCount, GetXComSequenceItem,
    GetXComSequenceSlice, HITLDetailRequestResult, InactiveAssetsResult,
    PrevSuccessfulDagRunResult, PreviousTIResponse, PutVariable, SetXCom, SkippedTask,
    TIRunContext, TaskBreadcrumbsResult, TaskStatesResult, TriggerDagRun, UpdateHITLDetail,
    VariableKeysResult, VariableResponse,
};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::answer::Answer;
use crate::attempt::Request;
use crate::route::Route;
use crate::{Client, asset_query, repetition, state_payload};

/// An answer of which only the value matters. It stays text.
#[derive(Deserialize)]
struct Stored {
    value: Box<RawValue>,
}

fn xcom_route(dag_id: &str, run_id: &str, task_id: &str, key: &str) -> Route {
    Route::new("xcoms")
        .part(dag_id)
        .part(run_id)
        .part(task_id)
        .part(key)
}

fn of_xcom(what: &str, dag_id: &str, run_id: &str, task_id: &str, key: &str) -> String {
    format!("{what} XCom {key:?} of task {task_id:?} in run {run_id:?} of Dag {dag_id:?}")
}

fn run_route(dag_id: &str, run_id: &str) -> Route {
    Route::new("dag-runs").part(dag_id).part(run_id)
}

fn of_run(what: &str, dag_id: &str, run_id: &str) -> String {
    format!("{what} run {run_id:?} of Dag {dag_id:?}")
}

/// The number in `map_indexes 3`.
fn count_of(answer: &Answer, request: &Request) -> Result<i64, ApiError> {
    let range = answer.headers.get("content-range");
    range
        .and_then(|range| {
            range
                .to_str()
                .ok()?
                .strip_prefix("map_indexes ")?
                .parse()
                .ok()
        })
        .ok_or_else(|| answer.bad(request, "without a Content-Range that says how many"))
}

/// A value with what belongs to it, without taking it apart.
fn value_body(value: &RawJson, expires_at: Option<Option<Timestamp>>) -> String {
    let value = value.get();
    match expires_at {
        None => format!(r#"{{"value":{value}}}"#),
        Some(expires_at) => format!(r#"{{"value":{value},"expires_at":{}}}"#, json!(expires_at)),
    }
}

impl Client {
    fn state_store_route(&self, key: &str) -> Route {
        Route::new("store/ti")
            .part(&self.ti_id.to_string())
            .part(key)
    }

    async fn needs_3_4_for(
        &self,
        previous_iteration: bool,
        operation: &str,
    ) -> Result<(), ApiError> {
        if previous_iteration {
            self.needs_3_4(operation).await?;
        }
        Ok(())
    }

    async fn ask_value(&self, request: Request) -> Result<RawJson, ApiError> {
        let stored: Stored = self.ask(request).await?;
        Ok(stored.value.into())
    }
}

#[async_trait]
impl ExecutionApi for Client {
    fn ti_id(&self) -> Uuid {
        self.ti_id
    }

    async fn start(&self, start: EnterRunning) -> Result<TIRunContext, ApiError> {
        let request = Request::patch(self.ti_route("run"), "start the task instance");
        let body = state_payload::of_start(&start).to_string();
        self.ask(request.json(body)).await
    }

    async fn heartbeat(&self, heartbeat: Heartbeat) -> Result<(), ApiError> {
        let request = Request::put(self.ti_route("heartbeat"), "send a heartbeat");
        let body = json!({"hostname": heartbeat.hostname, "pid": heartbeat.pid});
        self.tell(request.json(body.to_string())).await
    }

    async fn update_state(&self, update: StateUpdate) -> Result<(), ApiError> {
        let state = update.state();
        let request = Request::patch(
            self.ti_route("state"),
            format!("set the state of the task instance to {state}"),
        );
        let body = state_payload::of_update(&update)
            .map_err(|error| request.error(ErrorKind::BadRequest, error.to_string()))?;
        let request = request.json(body.to_string());
        match self.send(request.clone()).await {
            Ok(answer) => answer.done(&request),
            Err(failure)
                if failure.maybe_done && repetition::state_was_reached(state, &failure.error) =>
            {
                Ok(())
            }
            Err(failure) => Err(failure.error),
        }
    }

    async fn skip_downstream(&self, tasks: Vec<SkippedTask>) -> Result<(), ApiError> {
        let request = Request::patch(self.ti_route("skip-downstream"), "skip tasks downstream");
        self.tell(request.json(json!({"tasks": tasks}).to_string()))
            .await
    }

    async fn set_rendered_fields(&self, fields: JsonMap) -> Result<(), ApiError> {
        let request = Request::put(self.ti_route("rtif"), "store the rendered fields");
        self.tell(request.json(Value::Object(fields).to_string()))
            .await
    }

    async fn set_rendered_map_index(&self, label: String) -> Result<(), ApiError> {
        let route = self.ti_route("rendered-map-index");
        let request = Request::patch(route, "store the rendered map index");
        self.tell(request.json(Value::String(label).to_string()))
            .await
    }

    async fn previous_successful_dag_run(&self) -> Result<PrevSuccessfulDagRunResult, ApiError> {
        let route = self.ti_route("previous-successful-dagrun");
        self.ask(Request::get(route, "get the previous successful Dag run"))
            .await
    }

    async fn inactive_assets(&self) -> Result<Vec<AssetProfile>, ApiError> {
        let route = self.ti_route("validate-inlets-and-outlets");
        let request = Request::get(route, "validate inlets and outlets");
        let result: InactiveAssetsResult = self.ask(request).await?;
        Ok(result.inactive_assets.unwrap_or_default())
    }

    async fn reschedule_start_date(
        &self,
        query: GetTaskRescheduleStartDate,
    ) -> Result<Option<Timestamp>, ApiError> {
        let route = Route::new("task-reschedules")
            .part(&query.ti_id.to_string())
            .fixed("start_date")
            .query("try_number", query.try_number);
        self.ask(Request::get(route, "get the start of the first reschedule"))
            .await
    }

    async fn task_instance_count(&self, query: GetTICount) -> Result<i64, ApiError> {
        let route = Route::new("task-instances/count")
            .query("dag_id", &query.dag_id)
            .map_index(query.map_index)
            .query_all("task_ids", query.task_ids.as_ref())
            .query_if("task_group_id", query.task_group_id.as_ref())
            .query_all("logical_dates", query.logical_dates.as_ref())
            .query_all("run_ids", query.run_ids.as_ref())
            .query_all("states", query.states.as_ref());
        let operation = format!("count task instances of Dag {:?}", query.dag_id);
        self.ask(Request::get(route, operation)).await
    }

    async fn task_states(&self, query: GetTaskStates) -> Result<JsonMap, ApiError> {
        let route = Route::new("task-instances/states")
            .query("dag_id", &query.dag_id)
            .map_index(query.map_index)
            .query_all("task_ids", query.task_ids.as_ref())
            .query_if("task_group_id", query.task_group_id.as_ref())
            .query_all("logical_dates", query.logical_dates.as_ref())
            .query_all("run_ids", query.run_ids.as_ref());
        let operation = format!("get states of tasks of Dag {:?}", query.dag_id);
        let result: TaskStatesResult = self.ask(Request::get(route, operation)).await?;
        Ok(result.task_states)
    }

    async fn task_breadcrumbs(&self, dag_id: &str, run_id: &str) -> Result<Vec<JsonMap>, ApiError> {
        let route = Route::new("task-instances/breadcrumbs")
            .query("dag_id", dag_id)
            .query("run_id", run_id);
        let request = Request::get(route, of_run("get breadcrumbs of", dag_id, run_id));
        let result: TaskBreadcrumbsResult = self.ask(request).await?;
        Ok(result.breadcrumbs)
    }

    async fn previous_task_instance(
        &self,
        query: GetPreviousTI,
    ) -> Result<Option<PreviousTIResponse>, ApiError> {
        let route = Route::new("task-instances/previous")
            .part(&query.dag_id)
            .part(&query.task_id)
            .query("map_index", query.map_index)
            .query_if("logical_date", query.logical_date)
            .query_if("state", query.state);
        let operation = format!(
            "get the previous instance of task {:?} of Dag {:?}",
            query.task_id, query.dag_id
        );
        self.ask(Request::get(route, operation)).await
    }

    async fn trigger_dag_run(&self, request: TriggerDagRun) -> Result<(), ApiError> {
        let mut body = Map::new();
        let mut add = |key: &str, value: Value| {
            if !value.is_null() {
                body.insert(key.to_owned(), value);
            }
        };
        add("logical_date", json!(request.logical_date));
        add("run_after", json!(request.run_after));
        add("conf", json!(request.conf));
        add("partition_key", json!(request.partition_key));
        add("note", json!(request.note));
        let (dag_id, run_id) = (&request.dag_id, &request.run_id);
        let sent = Request::post(run_route(dag_id, run_id), of_run("trigger", dag_id, run_id));
        let sent = sent.json(Value::Object(body).to_string());
        match self.send(sent.clone()).await {
            Ok(answer) => answer.done(&sent),
            Err(failure) if failure.maybe_done && failure.error.kind == ErrorKind::Conflict => {
                let run = self.dag_run(dag_id, run_id).await?;
                if repetition::is_asked_for(&run, &request) {
                    return Ok(());
                }
                Err(failure.error)
            }
            Err(failure) => Err(failure.error),
        }
    }

    async fn clear_dag_run(&self, dag_id: &str, run_id: &str) -> Result<(), ApiError> {
        let route = run_route(dag_id, run_id).fixed("clear");
        self.tell(Request::post(route, of_run("clear", dag_id, run_id)))
            .await
    }

    async fn dag_run(&self, dag_id: &str, run_id: &str) -> Result<DagRun, ApiError> {
        let operation = of_run("get", dag_id, run_id);
        self.ask(Request::get(run_route(dag_id, run_id), operation))
            .await
    }

    async fn dag_run_state(&self, dag_id: &str, run_id: &str) -> Result<DagRunState, ApiError> {
        let route = run_route(dag_id, run_id).fixed("state");
        let request = Request::get(route, of_run("get the state of", dag_id, run_id));
        let result: DagRunStateResult = self.ask(request).await?;
        Ok(result.state)
    }

    async fn dag_run_count(&self, query: GetDRCount) -> Result<i64, ApiError> {
        let route = Route::new("dag-runs/count")
            .query("dag_id", &query.dag_id)
            .query_all("logical_dates", query.logical_dates.as_ref())
            .query_all("run_ids", query.run_ids.as_ref())
            .query_all("states", query.states.as_ref());
        let operation = format!("count runs of Dag {:?}", query.dag_id);
        self.ask(Request::get(route, operation)).await
    }

    async fn previous_dag_run(&self, query: GetPreviousDagRun) -> Result<Option<DagRun>, ApiError> {
        let route = Route::new("dag-runs/previous")
            .query("dag_id", &query.dag_id)
            .query("logical_date", query.logical_date)
            .query_if("state", query.state.as_ref());
        let operation = format!("get the previous run of Dag {:?}", query.dag_id);
        self.ask(Request::get(route, operation)).await
    }

    async fn set_dag_run_note(&self, note: Option<String>) -> Result<(), ApiError> {
        let operation = "set the note of the Dag run";
        let request = Request::patch(self.ti_route("dag-run-note"), operation);
        self.tell(request.json(json!({"note": note}).to_string()))
            .await
    }

    async fn dag(&self, dag_id: &str) -> Result<DagResult, ApiError> {
        let route = Route::new("dags").part(dag_id);
        self.ask(Request::get(route, format!("get Dag {dag_id:?}")))
            .await
    }

    async fn xcom(&self, query: GetXCom) -> Result<RawJson, ApiError> {
        let GetXCom {
            key,
            dag_id,
            run_id,
            task_id,
            ..
        } = &query;
        let operation = of_xcom("get", dag_id, run_id, task_id, key);
        self.needs_3_4_for(query.previous_iteration, &operation)
            .await?;
        let route = xcom_route(dag_id, run_id, task_id, key)
            .map_index(query.map_index)
            .flag("include_prior_dates", query.include_prior_dates)
            .flag("previous_iteration", query.previous_iteration);
        self.ask_value(Request::get(route, operation)).await
    }

    async fn xcom_count(&self, query: GetXComCount) -> Result<i64, ApiError> {
        let GetXComCount {
            key,
            dag_id,
            run_id,
            task_id,
            ..
        } = &query;
        let operation = of_xcom("count", dag_id, run_id, task_id, key);
        self.needs_3_4_for(query.previous_iteration, &operation)
            .await?;
        let route = xcom_route(dag_id, run_id, task_id, key)
            .flag("previous_iteration", query.previous_iteration);
        let request = Request::new(reqwest::Method::HEAD, route, operation);
        let answer = self.send(request.clone()).await?;
        count_of(&answer, &request)
    }

    async fn xcom_item(&self, query: GetXComSequenceItem) -> Result<RawJson, ApiError> {
        let GetXComSequenceItem {
            key,
            dag_id,
            run_id,
            task_id,
            offset,
            ..
        } = &query;
        let operation = of_xcom(
            &format!("get item {offset} of"),
            dag_id,
            run_id,
            task_id,
            key,
        );
        self.needs_3_4_for(query.previous_iteration, &operation)
            .await?;
        let route = xcom_route(dag_id, run_id, task_id, key)
            .fixed("item")
            .part(&offset.to_string())
            .flag("previous_iteration", query.previous_iteration);
        let request = Request::get(route, operation);
        let answer = self.send(request.clone()).await?;
        RawJson::from_text(answer.text(&request)?)
            .map_err(|_| answer.bad(&request, "and its JSON is not whole"))
    }

    async fn xcom_slice(&self, query: GetXComSequenceSlice) -> Result<Vec<RawJson>, ApiError> {
        let GetXComSequenceSlice {
            key,
            dag_id,
            run_id,
            task_id,
            ..
        } = &query;
        let operation = of_xcom("get a slice of", dag_id, run_id, task_id, key);
        self.needs_3_4_for(query.previous_iteration, &operation)
            .await?;
        let route = xcom_route(dag_id, run_id, task_id, key)
            .fixed("slice")
            .query_if("start", query.start)
            .query_if("stop", query.stop)
            .query_if("step", query.step)
            .flag("include_prior_dates", query.include_prior_dates)
            .flag("previous_iteration", query.previous_iteration);
        let values: Vec<Box<RawValue>> = self.ask(Request::get(route, operation)).await?;
        Ok(values.into_iter().map(RawJson::from).collect())
    }

    async fn set_xcom(&self, request: SetXCom<RawJson>) -> Result<(), ApiError> {
        let SetXCom {
            key,
            dag_id,
            run_id,
            task_id,
            ..
        } = &request;
        let route = xcom_route(dag_id, run_id, task_id, key)
            .flag("dag_result", request.dag_result)
            .map_index(request.map_index)
            .query_if("mapped_length", request.mapped_length.filter(|n| *n >= 0));
        let sent = Request::post(route, of_xcom("set", dag_id, run_id, task_id, key));
        self.tell(sent.json(request.value.into_text())).await
    }

    async fn delete_xcom(&self, request: DeleteXCom) -> Result<(), ApiError> {
        let DeleteXCom {
            key,
            dag_id,
            run_id,
            task_id,
            ..
        } = &request;
        let route = xcom_route(dag_id, run_id, task_id, key).map_index(request.map_index);
        let operation = of_xcom("delete", dag_id, run_id, task_id, key);
        self.tell(Request::delete(route, operation)).await
    }

    async fn variable(&self, key: &str) -> Result<VariableResponse, ApiError> {
        let route = Route::new("variables").part(key);
        let request = Request::get(route, format!("get Variable {key:?}"));
        if key == "keys" {
            // That path lists the keys of all Variables.
            let message = "the Execution API has no way to read a Variable of this name";
            return Err(request.error(ErrorKind::Unsupported, message));
        }
        self.ask(request).await
    }

    async fn variable_keys(&self, query: GetVariableKeys) -> Result<VariableKeysResult, ApiError> {
        let route = Route::new("variables/keys")
            .query("limit", query.limit)
            .query("offset", query.offset)
            .query_if("prefix", query.prefix.as_ref());
        self.ask(Request::get(route, "list the keys of Variables"))
            .await
    }

    async fn put_variable(&self, request: PutVariable) -> Result<(), ApiError> {
        let route = Route::new("variables").part(&request.key);
        let sent = Request::put(route, format!("set Variable {:?}", request.key));
        let body = json!({"val": request.value, "description": request.description});
        self.tell(sent.json(body.to_string())).await
    }

    async fn delete_variable(&self, key: &str) -> Result<(), ApiError> {
        let route = Route::new("variables").part(key);
        self.tell(Request::delete(route, format!("delete Variable {key:?}")))
            .await
    }

    async fn connection(&self, conn_id: &str) -> Result<ConnectionResponse, ApiError> {
        let route = Route::new("connections").part(conn_id);
        self.ask(Request::get(route, format!("get Connection {conn_id:?}")))
            .await
    }

    async fn task_state(&self, key: &str) -> Result<RawJson, ApiError> {
        let operation = format!("get {key:?} of the task state store");
        self.ask_value(Request::get(self.state_store_route(key), operation))
            .await
    }

    async fn set_task_state(
        &self,
        key: &str,
        value: RawJson,
        expires_at: Option<Timestamp>,
    ) -> Result<(), ApiError> {
        let operation = format!("set {key:?} of the task state store");
        let request = Request::put(self.state_store_route(key), operation);
        self.tell(request.json(value_body(&value, Some(expires_at))))
            .await
    }

    async fn delete_task_state(&self, key: &str) -> Result<(), ApiError> {
        let operation = format!("delete {key:?} of the task state store");
        self.tell(Request::delete(self.state_store_route(key), operation))
            .await
    }

    async fn clear_task_state(&self) -> Result<(), ApiError> {
        let route = Route::new("store/ti").part(&self.ti_id.to_string());
        self.tell(Request::delete(route, "clear the task state store"))
            .await
    }

    async fn asset_state(&self, asset: &AssetRef, key: &str) -> Result<RawJson, ApiError> {
        let operation = format!("get {key:?} of the state store of the asset with {asset}");
        self.ask_value(Request::get(asset_query::state(asset, key), operation))
            .await
    }

    async fn set_asset_state(
        &self,
        asset: &AssetRef,
        key: &str,
        value: RawJson,
    ) -> Result<(), ApiError> {
        let operation = format!("set {key:?} of the state store of the asset with {asset}");
        let request = Request::put(asset_query::state(asset, key), operation);
        self.tell(request.json(value_body(&value, None))).await
    }

    async fn delete_asset_state(&self, asset: &AssetRef, key: &str) -> Result<(), ApiError> {
        let operation = format!("delete {key:?} of the state store of the asset with {asset}");
        self.tell(Request::delete(asset_query::state(asset, key), operation))
            .await
    }

    async fn clear_asset_state(&self, asset: &AssetRef) -> Result<(), ApiError> {
        let operation = format!("clear the state store of the asset with {asset}");
        self.tell(Request::delete(asset_query::clear(asset), operation))
            .await
    }

    async fn asset(&self, asset: &AssetRef) -> Result<AssetResponse, ApiError> {
        let operation = format!("get the asset with {asset}");
        self.ask(Request::get(asset_query::asset(asset), operation))
            .await
    }

    async fn assets_by_alias(&self, alias: &str) -> Result<Vec<AssetResponse>, ApiError> {
        let route = Route::new("assets/by-alias").query("alias_name", alias);
        let operation = format!("get the assets of the alias {alias:?}");
        self.ask(Request::get(route, operation)).await
    }

    async fn asset_events(
        &self,
        query: AssetEventsQuery,
    ) -> Result<Vec<AssetEventResponse>, ApiError> {
        let operation = "get asset events";
        if asset_query::needs_3_4(&query) {
            self.needs_3_4(operation).await?;
        }
        let request = Request::get(asset_query::events(&query), operation);
        let result: AssetEventsResult = self.ask(request).await?;
        Ok(result.asset_events)
    }

    async fn create_hitl_detail(
        &self,
        request: CreateHITLDetailPayload,
    ) -> Result<HITLDetailRequestResult, ApiError> {
        let route = Route::new("hitlDetails").part(&request.ti_id.to_string());
        let body = json!({
            "ti_id": request.ti_id,
            "options": request.options,
            "subject": request.subject,
            "body": request.body,
            "defaults": request.defaults,
            "multiple": request.multiple.unwrap_or_default(),
            "params": request.params.unwrap_or_default(),
            "assigned_users": request.assigned_users.unwrap_or_default(),
        });
        let sent = Request::post(route, "ask a person");
        self.ask(sent.json(body.to_string())).await
    }

    async fn update_hitl_detail(&self, request: UpdateHITLDetail) -> Result<JsonMap, ApiError> {
        let route = Route::new("hitlDetails").part(&request.ti_id.to_string());
        let sent = Request::patch(route, "answer in the place of a person");
        let body = json!({
            "ti_id": request.ti_id,
            "chosen_options": request.chosen_options,
            "params_input": request.params_input.clone().unwrap_or_default(),
        });
        let sent = sent.json(body.to_string());
        match self.send(sent.clone()).await {
            Ok(answer) => answer.json(&sent),
            Err(failure) if failure.maybe_done && failure.error.kind == ErrorKind::Conflict => {
                let stored = self.hitl_detail(request.ti_id).await?;
                if repetition::is_sent_answer(&stored, &request) {
                    return Ok(stored);
                }
                Err(failure.error)
            }
            Err(failure) => Err(failure.error),
        }
    }

    async fn hitl_detail(&self, ti_id: Uuid) -> Result<JsonMap, ApiError> {
        let route = Route::new("hitlDetails").part(&ti_id.to_string());
        self.ask(Request::get(route, "get the answer of a person"))
            .await
    }
}
