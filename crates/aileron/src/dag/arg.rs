//! The arguments of a task: values fixed in the Dag, or what another task returns.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde_json::Value;

/// What a task of a Dag will have returned: the typed end of an edge.
///
/// [`Dag::add`](crate::Dag::add) gives one for each task. Pass it to another task where that takes a value of the type
/// `T`; a task that takes something else does not compile.
pub struct Output<T> {
    pub(crate) dag: DagToken,
    pub(crate) task: usize,
    value: PhantomData<fn() -> T>,
}

/// Tells the tasks of one Dag value from those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DagToken(pub(crate) u64);

impl<T> Output<T> {
    pub(crate) fn new(dag: DagToken, task: usize) -> Self {
        Self {
            dag,
            task,
            value: PhantomData,
        }
    }
}

impl<T> Clone for Output<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Output<T> {}

impl<T> fmt::Debug for Output<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Output<{}>(task {})",
            std::any::type_name::<T>(),
            self.task
        )
    }
}

/// What can stand where a task takes a `T`: a value of that type, or the [`Output`] of a task that returns it.
#[diagnostic::on_unimplemented(
    message = "this task takes `{T}` here, and `{Self}` is not that",
    label = "neither a `{T}` nor the output of a task that returns `{T}`",
    note = "pass a value of the type `{T}`, or the `Output<{T}>` that `dag.add(..)` gave for a task returning `{T}`",
    note = "a literal value must implement `serde::Serialize`"
)]
pub trait IntoArg<T> {
    #[doc(hidden)]
    fn into_binding(self) -> Binding;
}

/// Where an argument's value comes from.
#[doc(hidden)]
#[derive(Debug, Clone)]
pub enum Binding {
    /// A value fixed in the Dag.
    Literal(Literal),
    /// The `return_value` of a task of the same Dag.
    Output { dag: u64, task: usize },
    /// None in this Dag: the parameter has a default.
    Unset,
}

/// A value fixed in the Dag, as JSON, or why it cannot be JSON.
#[doc(hidden)]
pub(crate) type Literal = Result<Value, String>;

impl<T> IntoArg<T> for Output<T> {
    fn into_binding(self) -> Binding {
        Binding::Output {
            dag: self.dag.0,
            task: self.task,
        }
    }
}

impl<T: Serialize> IntoArg<T> for T {
    fn into_binding(self) -> Binding {
        Binding::Literal(serde_json::to_value(self).map_err(|error| error.to_string()))
    }
}

impl IntoArg<String> for &str {
    fn into_binding(self) -> Binding {
        Binding::Literal(Ok(Value::from(self)))
    }
}

/// A task that takes an optional value also takes one that is always there.
impl<T> IntoArg<Option<T>> for Output<T> {
    fn into_binding(self) -> Binding {
        <Self as IntoArg<T>>::into_binding(self)
    }
}
