//! Carrying out a request.

use std::sync::Arc;

use aileron_execution_api::{
    ApiError, AssetEventsQuery, AssetEventsSource, AssetRef, ErrorKind, ExecutionApi,
};
use aileron_secrets::Masker;
use aileron_wire::json::{JsonMap, RawJson};
use aileron_wire::message::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::ask::Ask;
use super::replies::{Frame, Replies};
use crate::log::{Journal, Level};
use crate::outcome::{Outcome, Told};
use crate::secrets;

/// Carries out the requests of one task.
pub(crate) struct Handler {
    pub(crate) api: Arc<dyn ExecutionApi>,
    pub(crate) ti_id: Uuid,
    pub(crate) masker: Arc<Masker>,
    pub(crate) journal: Journal,
    pub(crate) outcome: Arc<Outcome>,
}

impl Handler {
    /// The answer to a request.
    pub(super) async fn answer(&self, replies: Replies, ask: Ask) -> Frame {
        let api = &self.api;
        match ask {
            Ask::SetXCom(set) => replies.done(api.set_xcom(set).await),
            Ask::SetTaskState(set) => {
                let set = api.set_task_state(&set.key, set.value, set.expires_at);
                ok(replies, set.await)
            }
            Ask::SetAssetState { asset, key, value } => {
                ok(replies, api.set_asset_state(&asset, &key, value).await)
            }
            Ask::Other(other) => self.other(replies, *other).await,
        }
    }

    async fn other(&self, replies: Replies, request: ToSupervisor) -> Frame {
        use ToSupervisor as T;
        let api = &self.api;
        match request {
            T::AwaitInputTask(m) => self.told(replies, Told::AwaitingInput(m)).await,
            T::DeferTask(m) => self.told(replies, Told::Deferred(m)).await,
            T::RescheduleTask(m) => self.told(replies, Told::Rescheduled(m)).await,
            T::RetryTask(m) => self.told(replies, Told::Retry(m)).await,
            T::SucceedTask(m) => self.told(replies, Told::Success(m)).await,
            T::TaskState(m) => self.told(replies, Told::State(m)).await,

            T::GetXCom(m) => self.xcom(replies, m).await,
            T::GetXComCount(m) => {
                replies.with(api.xcom_count(m).await, |len| XComCountResponse { len })
            }
            T::GetXComSequenceItem(m) => {
                let detail = json!({"dag_id": m.dag_id, "run_id": m.run_id, "task_id": m.task_id,
                                    "key": m.key, "offset": m.offset});
                let root = api.xcom_item(m).await;
                replies.find(
                    root,
                    |root| XComSequenceIndexResult { root },
                    ErrorType::XComNotFound,
                    detail,
                )
            }
            T::GetXComSequenceSlice(m) => replies.with(api.xcom_slice(m).await, |root| {
                XComSequenceSliceResult { root }
            }),
            T::DeleteXCom(m) => replies.done(api.delete_xcom(m).await),

            T::GetVariable(m) => self.variable(replies, &m.key).await,
            T::GetVariableKeys(m) => replies.with(api.variable_keys(m).await, |keys| keys),
            T::PutVariable(m) => {
                secrets::mask_variable(&self.masker, &m.key, m.value.as_deref());
                replies.done(api.put_variable(m).await)
            }
            T::DeleteVariable(m) => ok(replies, api.delete_variable(&m.key).await),
            T::GetConnection(m) => self.connection(replies, &m.conn_id).await,

            T::GetTaskStateStore(m) => {
                let value = api.task_state(&m.key).await;
                let detail = json!({"key": m.key});
                replies.find(
                    value,
                    |value| TaskStateStoreResult { value },
                    ErrorType::TaskStoreNotFound,
                    detail,
                )
            }
            T::DeleteTaskStateStore(m) => ok(replies, api.delete_task_state(&m.key).await),
            T::ClearTaskStateStore(_) => ok(replies, api.clear_task_state().await),
            T::GetAssetStateStoreByName(m) => {
                self.asset_state(replies, AssetRef::Name(m.name), m.key)
                    .await
            }
            T::GetAssetStateStoreByUri(m) => {
                self.asset_state(replies, AssetRef::Uri(m.uri), m.key).await
            }
            T::DeleteAssetStateStoreByName(m) => ok(
                replies,
                api.delete_asset_state(&AssetRef::Name(m.name), &m.key)
                    .await,
            ),
            T::DeleteAssetStateStoreByUri(m) => ok(
                replies,
                api.delete_asset_state(&AssetRef::Uri(m.uri), &m.key).await,
            ),
            T::ClearAssetStateStoreByName(m) => ok(
                replies,
                api.clear_asset_state(&AssetRef::Name(m.name)).await,
            ),
            T::ClearAssetStateStoreByUri(m) => {
                ok(replies, api.clear_asset_state(&AssetRef::Uri(m.uri)).await)
            }

            T::GetAssetByName(m) => {
                let detail = json!({"name": m.name});
                self.asset(replies, AssetRef::Name(m.name), detail).await
            }
            T::GetAssetByUri(m) => {
                let detail = json!({"uri": m.uri});
                self.asset(replies, AssetRef::Uri(m.uri), detail).await
            }
            T::GetAssetsByAlias(m) => {
                replies.with(api.assets_by_alias(&m.alias_name).await, |assets| {
                    AssetsByAliasResult {
                        assets: assets.into_iter().map(asset_result).collect(),
                    }
                })
            }
            T::GetAssetEventByAsset(m) => self.events(replies, events_of_asset(m)).await,
            T::GetAssetEventByAssetAlias(m) => self.events(replies, events_of_alias(m)).await,
            T::ValidateInletsAndOutlets(_) => {
                replies.with(api.inactive_assets().await, |assets| InactiveAssetsResult {
                    inactive_assets: Some(assets),
                })
            }

            T::TriggerDagRun(m) => self.trigger(replies, m).await,
            T::GetDag(m) => replies.with(api.dag(&m.dag_id).await, |dag| dag),
            T::GetDagRun(m) => {
                replies.with(api.dag_run(&m.dag_id, &m.run_id).await, DagRunResult::from)
            }
            T::GetDagRunState(m) => {
                let state = api.dag_run_state(&m.dag_id, &m.run_id).await;
                replies.with(state, |state| DagRunStateResult { state })
            }
            T::GetDRCount(m) => replies.with(api.dag_run_count(m).await, |count| DRCount { count }),
            T::GetPreviousDagRun(m) => replies.with(api.previous_dag_run(m).await, |dag_run| {
                PreviousDagRunResult { dag_run }
            }),
            T::GetPrevSuccessfulDagRun(_) => {
                replies.with(api.previous_successful_dag_run().await, |run| run)
            }
            T::UpdateDagRunNote(m) => ok(replies, api.set_dag_run_note(m.note).await),

            T::GetTICount(m) => {
                replies.with(api.task_instance_count(m).await, |count| TICount { count })
            }
            T::GetTaskStates(m) => replies.with(api.task_states(m).await, |task_states| {
                TaskStatesResult { task_states }
            }),
            T::GetTaskBreadcrumbs(m) => {
                let breadcrumbs = api.task_breadcrumbs(&m.dag_id, &m.run_id).await;
                replies.with(breadcrumbs, |breadcrumbs| TaskBreadcrumbsResult {
                    breadcrumbs,
                })
            }
            T::GetPreviousTI(m) => {
                let found = api.previous_task_instance(m).await;
                replies.with(found, |task_instance| PreviousTIResult { task_instance })
            }
            T::GetTaskRescheduleStartDate(m) => {
                let date = api.reschedule_start_date(m).await;
                replies.with(date, |start_date| TaskRescheduleStartDate { start_date })
            }
            T::SkipDownstreamTasks(m) => replies.done(api.skip_downstream(m.tasks).await),
            T::SetRenderedFields(m) => self.rendered_fields(replies, m.rendered_fields).await,
            T::SetRenderedMapIndex(m) => {
                replies.done(api.set_rendered_map_index(m.rendered_map_index).await)
            }

            T::CreateHITLDetailPayload(m) => {
                replies.with(api.create_hitl_detail(m).await, |detail| detail)
            }
            // It was registered when it came.
            T::MaskSecret(_) => replies.nothing(),
            T::SetExecutionTimeout(m) => {
                self.outcome.limit(m.timeout_seconds);
                replies.nothing()
            }
            // Asked by other processes than a task's, or, for the socket, not possible over TCP.
            other => {
                let text = format!("a task cannot ask {}", other.message_type());
                self.journal.say(Level::Error, &text);
                replies.wrong(&text)
            }
        }
    }

    /// The task has said how it ended.
    async fn told(&self, replies: Replies, told: Told) -> Frame {
        match self
            .outcome
            .tell(told, self.api.as_ref(), &self.journal)
            .await
        {
            Ok(()) => replies.nothing(),
            Err(error) => replies.failed(&error),
        }
    }

    /// What does not exist is `null`: Airflow's tasks have always been told so.
    async fn xcom(&self, replies: Replies, query: GetXCom) -> Frame {
        let key = query.key.clone();
        let value = match self.api.xcom(query).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(RawJson::null()),
            value => value,
        };
        replies.with(value, |value| XComResult { key, value })
    }

    async fn variable(&self, replies: Replies, key: &str) -> Frame {
        match self.api.variable(key).await {
            Ok(VariableResponse { key, value }) => {
                secrets::mask_variable(&self.masker, &key, value.as_deref());
                replies.message(VariableResult { key, value })
            }
            Err(error) => not_readable(
                replies,
                &error,
                ErrorType::VariableNotFound,
                json!({"key": key}),
            ),
        }
    }

    async fn connection(&self, replies: Replies, conn_id: &str) -> Frame {
        match self.api.connection(conn_id).await {
            Ok(found) => {
                secrets::mask_connection(&self.masker, &found);
                replies.message(ConnectionResult {
                    conn_id: found.conn_id,
                    conn_type: found.conn_type,
                    host: found.host,
                    schema: found.schema,
                    login: found.login,
                    password: found.password,
                    port: found.port,
                    extra: found.extra,
                })
            }
            Err(error) => not_readable(
                replies,
                &error,
                ErrorType::ConnectionNotFound,
                json!({"conn_id": conn_id}),
            ),
        }
    }

    async fn asset_state(&self, replies: Replies, asset: AssetRef, key: String) -> Frame {
        let value = self.api.asset_state(&asset, &key).await;
        let detail = json!({"key": key});
        replies.find(
            value,
            |value| AssetStateStoreResult { value },
            ErrorType::AssetStoreNotFound,
            detail,
        )
    }

    async fn asset(&self, replies: Replies, asset: AssetRef, detail: Value) -> Frame {
        let found = self.api.asset(&asset).await;
        replies.find(found, asset_result, ErrorType::AssetNotFound, detail)
    }

    async fn events(
        &self,
        replies: Replies,
        query: Result<AssetEventsQuery, &'static str>,
    ) -> Frame {
        match query {
            Ok(query) => replies.with(self.api.asset_events(query).await, |asset_events| {
                AssetEventsResult { asset_events }
            }),
            Err(problem) => replies.wrong(problem),
        }
    }

    async fn trigger(&self, replies: Replies, request: TriggerDagRun) -> Frame {
        let (dag_id, run_id) = (request.dag_id.clone(), request.run_id.clone());
        let resets = request.reset_dag_run.unwrap_or_default();
        match self.api.trigger_dag_run(request).await {
            Err(error) if error.kind == ErrorKind::Conflict && resets => {
                ok(replies, self.api.clear_dag_run(&dag_id, &run_id).await)
            }
            Err(error) if error.kind == ErrorKind::Conflict => {
                replies.refused(ErrorType::DagRunAlreadyExists, Value::Null)
            }
            result => ok(replies, result),
        }
    }

    /// A task that was cleared meanwhile has another id; the next heartbeat will tell. What it shows of itself is of no use
    /// to anybody.
    async fn rendered_fields(&self, replies: Replies, fields: JsonMap) -> Frame {
        match self.api.set_rendered_fields(fields).await {
            Err(error) if error.kind == ErrorKind::Gone => replies.nothing(),
            result => replies.done(result),
        }
    }
}

fn ok(replies: Replies, result: Result<(), ApiError>) -> Frame {
    replies.with(result, |()| OKResponse { ok: true })
}

/// A refusal is told apart from what does not exist: an SDK must not look elsewhere then.
fn not_readable(replies: Replies, error: &ApiError, missing: ErrorType, detail: Value) -> Frame {
    match (error.kind, detail) {
        (ErrorKind::NotFound, detail) => replies.refused(missing, detail),
        (ErrorKind::Unauthorized | ErrorKind::Forbidden, Value::Object(mut detail)) => {
            detail.insert("status_code".to_owned(), json!(error.status));
            replies.refused(ErrorType::PermissionDenied, Value::Object(detail))
        }
        _ => replies.failed(error),
    }
}

fn asset_result(asset: AssetResponse) -> AssetResult {
    AssetResult {
        name: asset.name,
        uri: asset.uri,
        group: asset.group,
        extra: asset.extra,
    }
}

/// Airflow 3.4 can look for partition keys by a pattern, which the Execution API of this project cannot.
const NO_PATTERN: &str = "asset events cannot be looked for by a pattern of partition keys";

fn events_of_asset(m: GetAssetEventByAsset) -> Result<AssetEventsQuery, &'static str> {
    if m.partition_key_regexp_pattern.is_some() {
        return Err(NO_PATTERN);
    }
    if m.name.is_none() && m.uri.is_none() {
        return Err("asset events need the name or the URI of an asset");
    }
    let source = AssetEventsSource::Asset {
        name: m.name,
        uri: m.uri,
    };
    Ok(AssetEventsQuery {
        after: m.after,
        before: m.before,
        ascending: m.ascending,
        limit: m.limit,
        partition_key: m.partition_key,
        extra: m.extra.map(text_members),
        ..AssetEventsQuery::new(source)
    })
}

fn events_of_alias(m: GetAssetEventByAssetAlias) -> Result<AssetEventsQuery, &'static str> {
    if m.partition_key_regexp_pattern.is_some() {
        return Err(NO_PATTERN);
    }
    Ok(AssetEventsQuery {
        after: m.after,
        before: m.before,
        ascending: m.ascending,
        limit: m.limit,
        partition_key: m.partition_key,
        extra: m.extra.map(text_members),
        ..AssetEventsQuery::new(AssetEventsSource::Alias(m.alias_name))
    })
}

fn text_members(extra: std::collections::BTreeMap<String, String>) -> JsonMap {
    extra
        .into_iter()
        .map(|(key, value)| (key, Value::from(value)))
        .collect()
}
