//! What a running task knows and may ask.

mod assets;
mod connection_uri;
mod connections;
mod kill;
#[cfg(feature = "object-storage")]
mod objects;
mod progress;
mod rendered;
mod runs;
mod state;
mod storage;
mod variable_keys;
mod variables;
mod xcom;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use aileron_wire::message::{DagRun, TaskInstance};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use assets::{
    AliasEvents, AssetError, InletEvents, InletEventsQuery, OutletEvent, OutletEvents,
    RecordedEvent,
};
pub use connections::{Connection, Connections};
#[cfg(feature = "object-storage")]
pub use objects::{Objects, StoredObject};
pub use runs::{
    Breadcrumb, DagInfo, PreviousSuccess, PreviousTaskInstance, RunCount, Runs, TaskQuery,
    TaskStates, TriggerRun, TriggerRunError,
};
pub use state::{AssetState, AssetStateStore, Retention, StateStoreError, TaskStateStore};
pub use storage::ObjectStorageError;
pub use variable_keys::VariableKeys;
pub use variables::Variables;
pub use xcom::{
    Pull, PullEach, Pulled, Xcom, XcomError, XcomRowWriter, XcomRows, XcomSequence, XcomStream,
};

pub(crate) use assets::{Produced, TaskAssets};
pub(crate) use kill::KillHooks;
pub(crate) use progress::Progress;
pub(crate) use state::StateSettings;
pub(crate) use storage::{KeepError, Kept, StateOf, Storage};
pub(crate) use xcom::{
    Encoded, NIL, RETURN_VALUE, clear_xcom, pull_each_encoded, pull_encoded, push_kept,
};

use crate::comm::Channel;
use crate::{Error, Result, secrets};

/// What a running task knows (its task instance, its Dag run) and may ask (XComs, Variables, Connections).
///
/// A task takes it as its first parameter, `cx: &Context`. Clones are cheap and share everything.
///
/// ```
/// use aileron::prelude::*;
///
/// #[task]
/// async fn greet(cx: &Context) -> Result<String> {
///     let name = cx.variables().get("name").await?.unwrap_or_else(|| "world".into());
///     tracing::info!(run = cx.dag_run().run_id, "greeting");
///     Ok(format!("Hello, {name}!"))
/// }
/// # fn main() -> Result<()> {
/// # let rt = tokio::runtime::Builder::new_current_thread().build()?;
/// # rt.block_on(async {
/// let airflow = aileron::testing::Airflow::new().variable("name", "Ada");
/// assert_eq!(greet::run(&airflow.context("greet")).await?, "Hello, Ada!");
/// # Ok(()) })
/// # }
/// ```
#[derive(Clone)]
pub struct Context {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) task_instance: TaskInstance,
    pub(crate) dag_run: DagRun,
    pub(crate) max_tries: i64,
    pub(crate) start_date: Option<Timestamp>,
    pub(crate) task_reschedule_count: i64,
    /// When the supervisor sent it along.
    pub(crate) first_reschedule_date: Option<Timestamp>,
    pub(crate) params: BTreeMap<String, Value>,
    pub(crate) channel: Arc<dyn Channel>,
    pub(crate) cancellation: CancellationToken,
    pub(crate) kill_hooks: KillHooks,
    pub(crate) progress: Arc<Progress>,
    pub(crate) runtime: Option<tokio::runtime::Handle>,
    pub(crate) assets: TaskAssets,
    pub(crate) state_settings: StateSettings,
    pub(crate) storage: Storage,
}

/// The interval of data a scheduled run is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataInterval {
    /// First instant of the interval.
    pub start: Timestamp,
    /// First instant after the interval.
    pub end: Timestamp,
}

impl Context {
    /// A context for a unit test that asks nothing of Airflow. For one that does, see
    /// [`testing::Airflow`](crate::testing::Airflow).
    pub fn for_test() -> Self {
        crate::testing::Airflow::new().context("test")
    }

    /// The task instance: ids, try number, map index.
    pub fn ti(&self) -> &TaskInstance {
        &self.inner.task_instance
    }

    /// The Dag run: run id, dates, conf.
    pub fn dag_run(&self) -> &DagRun {
        &self.inner.dag_run
    }

    /// The run's logical date; absent for a run that was triggered without one.
    pub fn logical_date(&self) -> Option<Timestamp> {
        self.dag_run().logical_date
    }

    /// The interval of data the run is about, when it has one.
    pub fn data_interval(&self) -> Option<DataInterval> {
        let run = self.dag_run();
        Some(DataInterval {
            start: run.data_interval_start?,
            end: run.data_interval_end?,
        })
    }

    /// Which try this is; the first is 1.
    pub fn try_number(&self) -> i64 {
        self.ti().try_number
    }

    /// The last try number there will be, as far as Airflow has decided.
    pub fn max_tries(&self) -> i64 {
        self.inner.max_tries
    }

    /// When this task instance first started.
    pub fn start_date(&self) -> Option<Timestamp> {
        self.inner.start_date
    }

    /// The params of the run: the Dag's defaults with the run's conf over them.
    pub fn params(&self) -> &BTreeMap<String, Value> {
        &self.inner.params
    }

    /// One param.
    ///
    /// # Errors
    /// When there is no such param, or its value does not fit `T`.
    pub fn param<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        let value = self.params().get(name).ok_or_else(|| {
            Error::no_retry(format!(
                "there is no param `{name}`; the run has {}. Give it in the run's conf, or a default with `dag.param(..)`",
                list(self.params().keys())
            ))
        })?;
        T::deserialize(value).map_err(|error| {
            Error::no_retry(format!(
                "param `{name}` does not fit: expected `{}`: {error}",
                std::any::type_name::<T>()
            ))
        })
    }

    /// Values passed between tasks.
    pub fn xcom(&self) -> Xcom<'_> {
        Xcom::new(self)
    }

    /// Bytes in object storage that are passed by reference: files, arrays, tables that are too large for a value.
    #[cfg(feature = "object-storage")]
    pub fn objects(&self) -> Objects<'_> {
        Objects::new(self)
    }

    /// Airflow Variables.
    pub fn variables(&self) -> Variables<'_> {
        Variables::new(self)
    }

    /// Airflow Connections.
    pub fn connections(&self) -> Connections<'_> {
        Connections::new(self)
    }

    /// What this task instance remembers from try to try.
    pub fn task_state_store(&self) -> TaskStateStore<'_> {
        TaskStateStore::new(self)
    }

    /// What is remembered about the assets among this task's inlets and outlets, from run to run.
    pub fn asset_state_store(&self) -> AssetStateStore<'_> {
        AssetStateStore::new(self)
    }

    /// The events of the assets among this task's inlets.
    pub fn inlet_events(&self) -> InletEvents<'_> {
        InletEvents::new(self)
    }

    /// What this task says about the events of its outlets.
    pub fn outlet_events(&self) -> OutletEvents<'_> {
        OutletEvents::new(self)
    }

    /// Cancelled when the task should end: Airflow asked for it, its time is up, or the supervisor is gone.
    ///
    /// A task that watches it can stop cleanly within the grace period; one that does not is dropped after it.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.inner.cancellation
    }

    /// Whether the task should end. For plain `fn` tasks, which nobody can interrupt.
    pub fn is_cancelled(&self) -> bool {
        self.inner.cancellation.is_cancelled()
    }

    /// Runs something when the task is ended from outside before it is done: stop a remote job, for instance.
    ///
    /// It runs after the grace period, whether or not the body has stopped by then, but not when the body succeeded.
    /// All hooks together have two seconds; hooks run in the order they were added.
    ///
    /// ```
    /// # use aileron::prelude::*;
    /// # async fn cancel_job(id: u32) {}
    /// # async fn wait_for(id: u32) -> Result<()> { Ok(()) }
    /// #[task]
    /// async fn remote(cx: &Context) -> Result<()> {
    ///     let job = 7;
    ///     cx.on_kill(move || async move { cancel_job(job).await });
    ///     wait_for(job).await
    /// }
    /// ```
    pub fn on_kill<F, Fut>(&self, hook: F)
    where
        F: FnOnce() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        self.inner.kill_hooks.add(hook);
    }

    /// Replaces this text by `***` in every log line from now on, here and in the supervisor.
    ///
    /// # Errors
    /// When the supervisor cannot be told. Lines of this process are masked even then.
    pub async fn mask_secret(&self, secret: &str) -> Result<()> {
        secrets::register(secret);
        self.channel()
            .send(&aileron_wire::message::MaskSecret {
                value: Value::from(secret),
                name: None,
            })
            .await?;
        Ok(())
    }

    /// Waits for an async call inside a plain `fn` task.
    ///
    /// ```
    /// # use aileron::prelude::*;
    /// #[task]
    /// fn hash_all(cx: &Context) -> Result<usize> {
    ///     let text: String = cx.block_on(cx.xcom().pull("read"))?;
    ///     Ok(text.len())
    /// }
    /// ```
    ///
    /// # Panics
    /// Inside an `async fn` task: use `.await` there.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match &self.inner.runtime {
            Some(runtime) => runtime.block_on(future),
            None => tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a thread can make a runtime outside of one")
                .block_on(future),
        }
    }

    pub(crate) fn channel(&self) -> &dyn Channel {
        self.inner.channel.as_ref()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ti = self.ti();
        f.debug_struct("Context")
            .field("dag_id", &ti.dag_id)
            .field("task_id", &ti.task_id)
            .field("run_id", &ti.run_id)
            .field("try_number", &ti.try_number)
            .field("map_index", &ti.map_index)
            .finish_non_exhaustive()
    }
}

/// `` `a`, `b` `` or `none`.
pub(crate) fn list<I: IntoIterator<Item: AsRef<str>>>(names: I) -> String {
    let names: Vec<String> = names
        .into_iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
