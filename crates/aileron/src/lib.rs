//! Apache Airflow tasks and Dags in Rust.
//!
//! Write tasks as functions with typed arguments and return values, connect them in a Dag where an edge of the wrong
//! type does not compile, and serve them from one executable. A real Airflow runs that executable, one process for each
//! task, and shows states, logs and XComs as it does for Python tasks.
//!
//! ```no_run
//! use aileron::prelude::*;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Order { country: String, cents: i64 }
//!
//! /// Reads the orders of the day.
//! #[task]
//! async fn extract(cx: &Context) -> Result<Vec<Order>> {
//!     tracing::info!(day = ?cx.logical_date(), "reading");
//!     Ok(vec![Order { country: "uk".into(), cents: 1250 }])
//! }
//!
//! #[task(retries = 3, retry_delay = "30s")]
//! async fn revenue(country: String, orders: Vec<Order>) -> Result<i64> {
//!     Ok(orders.iter().filter(|o| o.country == country).map(|o| o.cents).sum())
//! }
//!
//! #[dag(schedule = "@daily", tags = ["orders"])]
//! fn orders(dag: &mut Dag) {
//!     let orders = dag.add(extract());
//!     dag.add(revenue("uk", orders)); // an argument of another type does not compile
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     aileron::serve(bundle![orders])
//! }
//! ```
//!
//! # Concepts
//!
//! - **Task**: a function with [`#[task]`](macro@task). Async, or plain: then it may block. Called, it gives a
//!   [`TaskCall`] for a Dag; its body is `name::run(..)`, which unit tests call.
//! - **Dag**: a function with [`#[dag]`](macro@dag) that adds tasks to a [`Dag`]. [`Dag::add`] gives an [`Output`], the
//!   typed end of an edge.
//! - **Context**: what a running task knows and may ask. See [`Context`].
//! - **Errors**: `?` on any error. A task that fails is tried again while it has retries; [`Error::no_retry`] ends that.
//! - **Other ends**: an error may also skip a task ([`Error::skip`]), run it again later ([`Error::reschedule_after`],
//!   [`Sensor`]), or let it wait without a worker for a [`Trigger`] or a person ([`HumanInput`]). See [`Ending`].
//! - **Dag runs**: [`Context::runs`] answers questions about them and starts them.
//! - **Bundle**: the Dags of one executable, `bundle![a, b]`. [`serve`] runs it.
//! - **Remote jobs**: submitted once, however often the process dies. See [`jobs`].
//! - **Logs**: `tracing` and `log` events reach the task log. See [`logs`]. Secrets are masked: see [`secrets`].
//! - **Traces**: a task is a span in the trace of its Dag run. See [`traces`].
//! - **Tests**: [`testing`] gives a context that needs no Airflow.

mod asset;
mod comm;
mod context;
mod dag;
#[cfg(doctest)]
mod doc_pages;
mod ending;
mod error;
pub mod jobs;
pub mod logs;
mod runtime;
pub mod secrets;
mod sensor;
pub mod testing;
pub mod traces;

pub use aileron_macros::{TaskArgs, dag, task};
pub use aileron_wire::message::{AssetEventResponse as AssetEvent, DagRunAssetReference};
pub use aileron_wire::message::{
    DagRun, DagRunState, DagRunType, PreviousTIResponse, TaskInstance, TaskInstanceState,
};
pub use aileron_xcom::{Wrapped, python};
pub use asset::{Asset, AssetAlias, AssetOrAlias, AssetRef};
pub use comm::CommError;
pub use context::{
    AliasEvents, AssetError, AssetState, AssetStateStore, InletEvents, InletEventsQuery,
    OutletEvent, OutletEvents, RecordedEvent, Retention, StateStoreError, TaskStateStore,
    VariableKeys,
};
pub use context::{
    Breadcrumb, DagInfo, PreviousSuccess, PreviousTaskInstance, RunCount, Runs, TaskQuery,
    TaskStates, TriggerRun, TriggerRunError,
};
pub use context::{
    Connection, Connections, Context, DataInterval, ObjectStorageError, Pull, PullEach, Pulled,
    Variables, Xcom, XcomError, XcomRowWriter, XcomRows, XcomSequence, XcomStream,
};
#[cfg(feature = "object-storage")]
pub use context::{Objects, StoredObject};
pub use dag::{
    Bundle, BundleError, Dag, DagDefinition, DagError, DagErrors, DagOptions, IntoArg, IntoArgs,
    Output, TaskArgs, TaskCall, TaskOptions, TriggerRule,
};
pub use ending::{
    AnsweredBy, Deferral, Ending, HumanAnswer, HumanInput, InputRequest, ResumeError, ResumeEvent,
    RetryDecision, Trigger, TriggerEvent,
};
pub use error::{Error, Result, ResultExt};
pub use runtime::serve;
pub use sensor::{Sensor, SensorTimeout};

/// What almost every task needs: `use aileron::prelude::*;`.
pub mod prelude {
    pub use crate::{Context, Dag, Error, Result, ResultExt, bundle, dag, task};
}

/// The Dags of this executable, under the name and version of your crate.
///
/// ```
/// use aileron::prelude::*;
///
/// #[task]
/// async fn ping() -> Result<()> {
///     Ok(())
/// }
///
/// #[dag]
/// fn probes(dag: &mut Dag) {
///     dag.add(ping());
/// }
///
/// let bundle = bundle![probes];
/// assert_eq!(bundle.dags()[0].dag_id(), "probes");
/// ```
#[macro_export]
macro_rules! bundle {
    ($($dag:path),+ $(,)?) => {
        $crate::Bundle::new(::core::env!("CARGO_PKG_NAME"), ::core::env!("CARGO_PKG_VERSION"))$(.with($dag()))+
    };
}

#[doc(hidden)]
pub mod __private {
    pub use crate::dag::TaskReturn;
    pub use crate::dag::private::*;
}
