//! Unit tests of tasks without Airflow.
//!
//! [`Airflow`] answers from memory what a supervisor would answer from the database. It is a stand-in for tests of task
//! bodies and knows nothing of scheduling; Aileron's own end-to-end tests use the real thing.
//!
//! ```
//! use aileron::prelude::*;
//! use aileron::testing::Airflow;
//!
//! #[task]
//! async fn total(cx: &Context, prices: Vec<i64>) -> Result<i64> {
//!     let rate: i64 = cx.variables().get_json("rate").await?.unwrap_or(1);
//!     cx.xcom().push("count", &prices.len()).await?;
//!     Ok(prices.iter().sum::<i64>() * rate)
//! }
//!
//! # fn main() -> Result<()> {
//! # let rt = tokio::runtime::Builder::new_current_thread().build()?;
//! # rt.block_on(async {
//! let airflow = Airflow::new().variable("rate", "2");
//! let cx = airflow.context("total");
//! assert_eq!(total::run(&cx, vec![1, 2]).await?, 6);
//! assert_eq!(airflow.pushed::<usize>("total", "count"), Some(2));
//! # Ok(()) })
//! # }
//! ```

mod assets;
mod runs;
mod state;
mod xcoms;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aileron_config::Config;
use aileron_wire::json;
use aileron_wire::message::{
    ConnectionResult, DagRun, DagRunState, DagRunType, ErrorResponse, ErrorType, GetVariableKeys,
    OKResponse, TaskInstance, TaskStateStoreResult, ToSupervisor, VariableKeysResult,
    VariableResult,
};
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::comm::{CallFuture, Channel, CommError, Reply};
use crate::context::{Inner, KillHooks, StateSettings, Storage, TaskAssets};
use crate::{AssetOrAlias, AssetRef, Connection, Context, RecordedEvent};
use assets::Assets;
use state::TaskStates;
use xcoms::Xcoms;

/// The Dag in which the tasks of a test are.
const DAG_ID: &str = "test";

/// An Airflow in memory: XComs, Variables, Connections and state stores for the tasks of one test.
///
/// Each [`Airflow::context`] is a new try of its task: what an earlier one stored is there.
#[derive(Clone, Default)]
pub struct Airflow {
    store: Arc<Mutex<Store>>,
}

#[derive(Default)]
struct Store {
    xcoms: Xcoms,
    variables: HashMap<String, String>,
    connections: HashMap<String, ConnectionResult>,
    params: BTreeMap<String, Value>,
    logical_date: Option<Timestamp>,
    try_number: Option<i64>,
    map_index: Option<i64>,
    task_states: TaskStates,
    assets: Assets,
    unreachable: bool,
    runs: runs::Runs,
    /// Environment variables of Airflow's configuration.
    config: BTreeMap<String, String>,
}

impl Airflow {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The return value of an upstream task.
    ///
    /// # Panics
    /// When the value cannot be JSON.
    #[must_use]
    pub fn xcom(self, task_id: &str, value: impl Serialize) -> Self {
        self.xcom_at(task_id, crate::context::RETURN_VALUE, value)
    }

    /// An XCom of an upstream task under another key.
    ///
    /// # Panics
    /// When the value cannot be JSON.
    #[must_use]
    pub fn xcom_at(self, task_id: &str, key: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).expect("an XCom of a test is JSON");
        self.lock()
            .xcoms
            .insert(task_id, key, xcoms::NOT_MAPPED, value);
        self
    }

    /// The return values of the instances of a mapped upstream task, by map index.
    ///
    /// # Panics
    /// When a value cannot be JSON.
    #[must_use]
    pub fn xcom_mapped(
        self,
        task_id: &str,
        values: impl IntoIterator<Item = impl Serialize>,
    ) -> Self {
        let values = values
            .into_iter()
            .map(|value| serde_json::to_value(value).expect("an XCom of a test is JSON"))
            .collect();
        self.lock()
            .xcoms
            .insert_mapped(task_id, crate::context::RETURN_VALUE, values);
        self
    }

    /// A Variable.
    #[must_use]
    pub fn variable(self, key: &str, value: &str) -> Self {
        self.lock()
            .variables
            .insert(key.to_owned(), value.to_owned());
        self
    }

    /// An option of Airflow's configuration, for the contexts that are made from now on. Without it none is set, whatever the test's own
    /// environment says.
    ///
    /// ```
    /// # let directory = std::env::temp_dir();
    /// let airflow = aileron::testing::Airflow::new()
    ///     .config("core", "xcom_backend", "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend")
    ///     .config("common.io", "xcom_objectstorage_path", &format!("file://{}", directory.display()));
    /// ```
    #[must_use]
    pub fn config(self, section: &str, key: &str, value: &str) -> Self {
        let section = section.replace('.', "_").to_uppercase();
        let variable = format!("AIRFLOW__{section}__{}", key.to_uppercase());
        self.lock().config.insert(variable, value.to_owned());
        self
    }

    /// A Connection of that id and type, with more set by `fill`.
    #[must_use]
    pub fn connection(
        self,
        conn_id: &str,
        conn_type: &str,
        fill: impl FnOnce(&mut Connection),
    ) -> Self {
        let mut connection = Connection::new(conn_id, conn_type);
        fill(&mut connection);
        self.lock()
            .connections
            .insert(conn_id.to_owned(), connection.into());
        self
    }

    /// A param of the run.
    ///
    /// # Panics
    /// When the value cannot be JSON.
    #[must_use]
    pub fn param(self, name: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).expect("a param of a test is JSON");
        self.lock().params.insert(name.to_owned(), value);
        self
    }

    /// The run's logical date.
    #[must_use]
    pub fn logical_date(self, date: Timestamp) -> Self {
        self.lock().logical_date = Some(date);
        self
    }

    /// Which try the task is at; the first is 1.
    #[must_use]
    pub fn try_number(self, number: i64) -> Self {
        self.lock().try_number = Some(number);
        self
    }

    /// The map index of the task instances from now on. Without it they are not mapped.
    #[must_use]
    pub fn map_index(self, map_index: i64) -> Self {
        self.lock().map_index = Some(map_index);
        self
    }

    /// From now on no request gets an answer: for tests of what a task does then.
    #[must_use]
    pub fn unreachable(self) -> Self {
        self.lock().unreachable = true;
        self
    }

    /// An inlet of the tasks from now on.
    #[must_use]
    pub fn inlet(self, inlet: impl Into<AssetOrAlias>) -> Self {
        let inlet = inlet.into();
        let mut store = self.lock();
        store.assets.know(&inlet);
        store.assets.inlets.push(inlet);
        drop(store);
        self
    }

    /// An outlet of the tasks from now on.
    #[must_use]
    pub fn outlet(self, outlet: impl Into<AssetOrAlias>) -> Self {
        let outlet = outlet.into();
        let mut store = self.lock();
        store.assets.know(&outlet);
        store.assets.outlets.push(outlet);
        drop(store);
        self
    }

    /// A value in the state store of an asset.
    ///
    /// # Panics
    /// When the value cannot be JSON.
    #[must_use]
    pub fn with_asset_state(
        self,
        asset: impl Into<AssetRef>,
        key: &str,
        value: impl Serialize,
    ) -> Self {
        let value = serde_json::to_value(value).expect("a value of a test is JSON");
        self.lock().assets.set_state(&asset.into(), key, value);
        self
    }

    /// What a task has stored about an asset, or `None`.
    ///
    /// # Panics
    /// When the value does not fit `T`.
    pub fn asset_state<T: DeserializeOwned>(
        &self,
        asset: impl Into<AssetRef>,
        key: &str,
    ) -> Option<T> {
        let value = self.lock().assets.state(&asset.into(), key)?;
        Some(serde_json::from_value(value).expect("the stored value fits the type asked for"))
    }

    /// Makes the events of a task's outlets, as Airflow does when the task succeeds: inlets of later contexts show them, and aliases
    /// stand for what was added to them.
    pub fn succeed(&self, context: &Context) {
        let recorded = context.outlet_events().recorded();
        let outlets = context.inner.assets.outlets();
        let silent = outlets.iter().filter_map(|outlet| match outlet {
            AssetOrAlias::Asset(asset) => Some(asset),
            AssetOrAlias::Alias(_) => None,
        });
        let silent: Vec<RecordedEvent> = silent
            .filter(|asset| {
                let tells =
                    |event: &&RecordedEvent| event.alias.is_none() && event.asset.matches(asset);
                !recorded.iter().any(|event| tells(&event))
            })
            .map(|asset| RecordedEvent {
                asset: asset.clone(),
                alias: None,
                extra: serde_json::Map::new(),
                partition_key: None,
            })
            .collect();
        let mut store = self.lock();
        for event in recorded.into_iter().chain(silent) {
            store.assets.record(event, Some(&context.ti().task_id));
        }
    }

    /// A context for a task of that id, in the Dag `test`.
    pub fn context(&self, task_id: &str) -> Context {
        let mut store = self.lock();
        let dag_run = dag_run(store.logical_date);
        let map_index = store.map_index.unwrap_or(-1);
        let mut task_instance = TaskInstance::new(
            store.task_states.new_try(task_id, map_index),
            task_id,
            &dag_run.dag_id,
            &dag_run.run_id,
            store.try_number.unwrap_or(1),
            Uuid::nil(),
        );
        task_instance.map_index = map_index;
        let assets = TaskAssets::new(store.assets.inlets.clone(), store.assets.outlets.clone());
        let behind = assets
            .alias_inlets()
            .flat_map(|alias| store.assets.behind(alias.name()));
        let behind: Vec<AssetRef> = behind.map(AssetRef::Asset).collect();
        assets.set_behind_aliases(behind);
        let config = Arc::new(Config::with_environment(store.config.clone()));
        Context {
            inner: Arc::new(Inner {
                task_instance,
                dag_run,
                max_tries: 0,
                start_date: Some(Timestamp::now()),
                task_reschedule_count: store.runs.task_reschedule_count,
                first_reschedule_date: None,
                params: store.params.clone(),
                channel: Arc::new(self.clone()),
                cancellation: CancellationToken::new(),
                kill_hooks: KillHooks::default(),
                progress: Arc::default(),
                runtime: None,
                assets,
                state_settings: StateSettings::new(Arc::clone(&config)),
                storage: Storage::new(config),
            }),
        }
    }

    /// What the database holds of an XCom that a task has pushed: the value, or the reference to the object that it lies in.
    pub fn stored(&self, task_id: &str, key: &str) -> Option<Value> {
        self.lock().xcoms.value(task_id, key).cloned()
    }

    /// What a task has pushed under a key, or `None`.
    ///
    /// # Panics
    /// When the value does not fit `T`.
    pub fn pushed<T: DeserializeOwned>(&self, task_id: &str, key: &str) -> Option<T> {
        let value = self.lock().xcoms.value(task_id, key)?.clone();
        Some(aileron_xcom::from_value(&value).expect("the pushed value fits the type asked for"))
    }

    /// How many instances a task has that is mapped over what this task pushed under a key, or `None`.
    pub fn mapped_length(&self, task_id: &str, key: &str) -> Option<i64> {
        self.lock().xcoms.length(task_id, key)
    }

    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, body: &[u8]) -> Result<Option<Vec<u8>>, CommError> {
        let mut store = self.lock();
        if store.unreachable {
            return Err(CommError::closed(
                "aileron::testing was told to answer nothing",
            ));
        }
        let request = match store.assets.answer(ToSupervisor::decode(body)?) {
            Ok(answer) => return answer.map(Some),
            Err(request) => *request,
        };
        let reply = match request {
            ToSupervisor::GetXCom(get) => store.xcoms.get(get),
            ToSupervisor::GetXComCount(get) => store.xcoms.count(&get),
            ToSupervisor::GetXComSequenceItem(get) => store.xcoms.item(&get),
            ToSupervisor::GetXComSequenceSlice(get) => store.xcoms.slice(&get),
            ToSupervisor::SetXCom(set) => {
                store.xcoms.set(set);
                return Ok(None);
            }
            ToSupervisor::DeleteXCom(delete) => {
                store
                    .xcoms
                    .delete(delete.task_id, delete.key, delete.map_index);
                return Ok(None);
            }
            ToSupervisor::GetVariable(get) => match store.variables.get(&get.key) {
                Some(value) => encode(&VariableResult {
                    key: get.key,
                    value: Some(value.clone()),
                }),
                None => encode(&refusal(ErrorType::VariableNotFound)),
            },
            ToSupervisor::PutVariable(put) => {
                store
                    .variables
                    .insert(put.key, put.value.unwrap_or_default());
                return Ok(None);
            }
            ToSupervisor::DeleteVariable(delete) => {
                store.variables.remove(&delete.key);
                return Ok(None);
            }
            ToSupervisor::GetVariableKeys(get) => encode(&variable_keys(&store.variables, &get)),
            ToSupervisor::GetTaskStateStore(get) => {
                match store.task_states.of(get.ti_id).get(&get.key) {
                    Some(value) => encode(&TaskStateStoreResult { value }),
                    None => encode(&refusal(ErrorType::TaskStoreNotFound)),
                }
            }
            ToSupervisor::SetTaskStateStore(set) => {
                store.task_states.of(set.ti_id).insert(set.key, set.value);
                encode(&OKResponse { ok: true })
            }
            ToSupervisor::DeleteTaskStateStore(delete) => {
                store.task_states.of(delete.ti_id).remove(&delete.key);
                encode(&OKResponse { ok: true })
            }
            ToSupervisor::ClearTaskStateStore(clear) => {
                store.task_states.of(clear.ti_id).clear();
                encode(&OKResponse { ok: true })
            }
            ToSupervisor::GetConnection(get) => match store.connections.get(&get.conn_id) {
                Some(connection) => encode(connection),
                None => encode(&refusal(ErrorType::ConnectionNotFound)),
            },
            ToSupervisor::MaskSecret(_) => return Ok(None),
            other => match store.runs.answer(other) {
                Ok(reply) => return reply,
                Err(other) => {
                    return Err(CommError::Refused {
                        request: other.message_type().to_owned(),
                        error: "GENERIC_ERROR".to_owned(),
                        detail: Value::from("aileron::testing does not answer this request"),
                    });
                }
            },
        };
        reply.map(Some)
    }
}

fn encode<M: Serialize>(message: &M) -> Result<Vec<u8>, CommError> {
    json::encode(message).map_err(|error| CommError::closed(error.to_string()))
}

fn variable_keys(
    variables: &HashMap<String, String>,
    request: &GetVariableKeys,
) -> VariableKeysResult {
    let prefix = request.prefix.as_deref().unwrap_or_default();
    let mut keys: Vec<String> = variables
        .keys()
        .filter(|key| key.starts_with(prefix))
        .cloned()
        .collect();
    keys.sort_unstable();
    let total_entries = i64::try_from(keys.len()).unwrap_or(i64::MAX);
    let number = |count: i64| usize::try_from(count).unwrap_or(0);
    VariableKeysResult {
        keys: keys
            .into_iter()
            .skip(number(request.offset))
            .take(number(request.limit))
            .collect(),
        total_entries,
    }
}

fn refusal(error: ErrorType) -> ErrorResponse {
    ErrorResponse {
        error,
        detail: None,
    }
}

fn dag_run(logical_date: Option<Timestamp>) -> DagRun {
    let date = logical_date.unwrap_or(Timestamp::UNIX_EPOCH);
    DagRun {
        dag_id: DAG_ID.to_owned(),
        run_id: format!("manual__{date}"),
        logical_date,
        data_interval_start: logical_date,
        data_interval_end: logical_date,
        run_after: date,
        start_date: Some(date),
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

impl Channel for Airflow {
    fn call(&self, body: Vec<u8>) -> CallFuture<'_> {
        let answer = self.answer(&body);
        Box::pin(async move { Ok(Reply::of(answer?.map(Bytes::from))) })
    }
}

impl std::fmt::Debug for Airflow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Airflow").finish_non_exhaustive()
    }
}
