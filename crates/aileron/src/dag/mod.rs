//! Dags as Rust values: tasks, their options, and typed edges between them.

mod arg;
mod args;
mod build;
mod bundle;
mod given;
mod options;
mod outline;
mod task;

pub use arg::{IntoArg, Output};
pub use args::{IntoArgs, TaskArgs};
pub use build::{Dag, DagError, DagErrors};
pub use bundle::{Bundle, DagDefinition};
pub use options::{DagOptions, TaskOptions, TriggerRule};
pub use outline::BundleError;
pub use task::{TaskCall, TaskReturn};

pub(crate) use arg::Binding;
pub(crate) use given::{ArgValue, Args, Given};
pub(crate) use task::{Handler, Param, RetryPolicy, Returned, TaskNode};

#[doc(hidden)]
pub(crate) mod private {
    //! What the macros call. Not for people.
    pub use super::task::private::*;
}
