//! A task on its way into a Dag, and what the runtime calls to run it.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::Output;
use super::arg::Binding;
use super::given::Args;
use super::options::{TaskOptions, TriggerRule};
use crate::context::Kept;
use crate::ending::Resumed;
use crate::{AssetOrAlias, Context, Error, Result, RetryDecision};

/// A call of a `#[task]` function while a Dag is built: not run, but described.
///
/// Give it to [`Dag::add`](crate::Dag::add). The methods change options for this one use of the task.
#[must_use = "a task that is not added to a Dag never runs: `dag.add(..)`"]
pub struct TaskCall<T> {
    pub(crate) node: TaskNode,
    pub(crate) after: Vec<(u64, usize)>,
    returns: PhantomData<fn() -> T>,
}

/// A task of a Dag.
#[derive(Clone)]
pub(crate) struct TaskNode {
    pub(crate) task_id: String,
    pub(crate) options: TaskOptions,
    pub(crate) params: Vec<Param>,
    /// Whether the parameters are the fields of one struct, so that Airflow's arguments find them by name.
    pub(crate) by_name: bool,
    /// `None` for `()`.
    pub(crate) returns: Option<&'static str>,
    pub(crate) handler: Handler,
    /// Whether Airflow expands the task, so that its value is one XCom for each map index.
    pub(crate) mapped: bool,
    /// Where the task goes on after a wait.
    pub(crate) resume: Vec<ResumeHandler>,
    pub(crate) retry_policy: Option<RetryPolicy>,
}

/// What a task's failures are judged by.
pub(crate) type RetryPolicy = fn(&Error, &Context) -> RetryDecision;

/// A handler in which a task goes on after a wait.
#[derive(Clone)]
pub(crate) struct ResumeHandler {
    pub(crate) name: &'static str,
    /// Whether it is called when the wait failed.
    pub(crate) takes_failures: bool,
    pub(crate) run: Arc<dyn Fn(Context, Resumed) -> HandlerFuture + Send + Sync>,
}

/// A parameter of a task and where its value comes from.
#[derive(Debug, Clone)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) type_name: &'static str,
    pub(crate) binding: Binding,
}

/// What runs a task.
#[derive(Clone)]
pub(crate) enum Handler {
    /// The body of a `#[task]` function.
    Rust(Arc<dyn Fn(Context, Args) -> HandlerFuture + Send + Sync>),
    /// A task of the same Dag in another language; this bundle only refers to it.
    External,
}

/// A running task body: the return value when it is done.
pub(crate) type HandlerFuture = Pin<Box<dyn Future<Output = Result<Returned>>>>;

/// What a task returned, ready to be stored. Not for people.
#[doc(hidden)]
#[derive(Debug)]
pub struct Returned(pub(crate) Kept);

/// What a `#[task]` function may return: a `Result` whose error converts into [`Error`].
#[diagnostic::on_unimplemented(
    message = "a task returns `Result<T>`, not `{Self}`",
    label = "this must be `Result<T>` where `T` is `Serialize` and the error converts into `aileron::Error`",
    note = "write `-> Result<()>` for a task without a return value"
)]
pub trait TaskReturn {
    /// The type of the value, pushed as the XCom `return_value`.
    type Value;
    /// The outcome with Aileron's own error type.
    fn into_result(self) -> Result<Self::Value>;
}

impl<T, E: Into<Error>> TaskReturn for std::result::Result<T, E> {
    type Value = T;
    fn into_result(self) -> Result<T> {
        self.map_err(Into::into)
    }
}

impl<T> TaskCall<T> {
    pub(crate) fn from_node(node: TaskNode) -> Self {
        Self {
            node,
            after: Vec::new(),
            returns: PhantomData,
        }
    }

    /// Uses this task id instead of the function's name. Needed when a Dag uses the same task twice.
    pub fn task_id(mut self, task_id: impl Into<String>) -> Self {
        self.node.task_id = task_id.into();
        self
    }

    /// Runs after that task, without taking its value.
    pub fn after<U>(mut self, upstream: Output<U>) -> Self {
        self.after.push((upstream.dag.0, upstream.task));
        self
    }

    /// How often the task is tried again after a failure.
    pub fn retries(mut self, retries: u32) -> Self {
        self.node.options.retries = Some(retries);
        self
    }

    /// Pause before a retry.
    pub fn retry_delay(mut self, delay: Duration) -> Self {
        self.node.options.retry_delay = Some(delay);
        self
    }

    /// Longest run; the task is cancelled and failed after it.
    pub fn execution_timeout(mut self, timeout: Duration) -> Self {
        self.node.options.execution_timeout = Some(timeout);
        self
    }

    /// The queue that routes the task to its coordinator.
    pub fn queue(mut self, queue: impl Into<String>) -> Self {
        self.node.options.queue = Some(queue.into());
        self
    }

    /// The pool the task takes its slot from.
    pub fn pool(mut self, pool: impl Into<String>) -> Self {
        self.node.options.pool = Some(pool.into());
        self
    }

    /// Which outcomes of the upstream tasks let this one run.
    pub fn trigger_rule(mut self, rule: TriggerRule) -> Self {
        self.node.options.trigger_rule = Some(rule);
        self
    }

    /// One more asset that the task reads.
    pub fn inlet(mut self, inlet: impl Into<AssetOrAlias>) -> Self {
        self.node.options.inlets.push(inlet.into());
        self
    }

    /// One more asset that the task writes.
    pub fn outlet(mut self, outlet: impl Into<AssetOrAlias>) -> Self {
        self.node.options.outlets.push(outlet.into());
        self
    }

    /// Changes any option.
    pub fn with_options(mut self, change: impl FnOnce(&mut TaskOptions)) -> Self {
        change(&mut self.node.options);
        self
    }
}

/// What the macros call. Not for people.
#[doc(hidden)]
pub(crate) mod private {
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    use super::{
        Handler, HandlerFuture, Param, ResumeHandler, RetryPolicy, Returned, TaskCall, TaskNode,
        TaskReturn,
    };
    use crate::context::KeepError;
    use crate::dag::arg::{Binding, IntoArg};
    use crate::dag::args::{IntoArgs, TaskArgs};
    use crate::dag::options::TaskOptions;
    use crate::{Context, Error, Result, ResumeEvent};
    use std::sync::Arc;

    pub use crate::dag::args::{Missing, Present};
    pub use crate::dag::given::Args;

    /// What a parameter of a task must be: something that can be read from JSON.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` cannot be an argument of a task: it cannot be read from JSON",
        label = "this type does not implement `serde::Deserialize`",
        note = "derive `serde::Deserialize` (and `serde::Serialize`, for the task that returns it)"
    )]
    pub trait Argument: DeserializeOwned {}
    impl<T: DeserializeOwned> Argument for T {}

    pub use jiff::civil::{Date, date};

    /// Midnight UTC of a date.
    pub fn midnight(date: jiff::civil::Date) -> jiff::Timestamp {
        date.to_zoned(jiff::tz::TimeZone::UTC)
            .map(|zoned| zoned.timestamp())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }

    /// A parameter bound while a Dag is built.
    pub struct BoundParam(Param);

    /// Binds an argument to a parameter of the type `T`.
    pub fn bind<T>(
        name: &'static str,
        type_name: &'static str,
        arg: impl IntoArg<T>,
    ) -> BoundParam {
        BoundParam(Param {
            name,
            type_name,
            binding: arg.into_binding(),
        })
    }

    /// A parameter that the Dag leaves to its default.
    pub fn unset(name: &'static str, type_name: &'static str) -> BoundParam {
        BoundParam(Param {
            name,
            type_name,
            binding: Binding::Unset,
        })
    }

    /// Puts a task together whose arguments are the fields of one struct.
    pub fn describe_by_name<A: TaskArgs, T>(
        task_id: &'static str,
        options: TaskOptions,
        returns: Option<&'static str>,
        args: impl IntoArgs<A>,
        body: impl Fn(Context, Args) -> HandlerFuture + Send + Sync + 'static,
    ) -> TaskCall<T> {
        let mut call = describe(task_id, options, returns, args.into_params(), body);
        call.node.by_name = true;
        call
    }

    /// Puts a task together.
    pub fn describe<T>(
        task_id: &'static str,
        options: TaskOptions,
        returns: Option<&'static str>,
        params: Vec<BoundParam>,
        body: impl Fn(Context, Args) -> HandlerFuture + Send + Sync + 'static,
    ) -> TaskCall<T> {
        TaskCall::from_node(TaskNode {
            task_id: task_id.to_owned(),
            options,
            params: params.into_iter().map(|BoundParam(param)| param).collect(),
            by_name: false,
            returns,
            handler: Handler::Rust(Arc::new(body)),
            mapped: false,
            resume: Vec::new(),
            retry_policy: None,
        })
    }

    /// Declares a handler in which the task goes on after a wait. It returns what the task returns.
    pub fn resumes_in<T, E, R, H>(
        mut call: TaskCall<T>,
        name: &'static str,
        handler: H,
    ) -> TaskCall<T>
    where
        T: Serialize,
        E: ResumeEvent,
        R: TaskReturn<Value = T>,
        H: AsyncFn(&Context, E) -> R + Clone + Send + Sync + 'static,
    {
        call.node.resume.push(ResumeHandler {
            name,
            takes_failures: E::TAKES_FAILURES,
            run: Arc::new(move |context, resumed| {
                let handler = handler.clone();
                Box::pin(async move {
                    let event = E::from_resumed(resumed)?;
                    let returned = handler(&context, event).await.into_result()?;
                    keep_returned(&context, returned).await
                })
            }),
        });
        call
    }

    /// Declares what the task's failures are judged by.
    pub fn retries_by<T>(mut call: TaskCall<T>, policy: RetryPolicy) -> TaskCall<T> {
        call.node.retry_policy = Some(policy);
        call
    }

    /// The next argument, decoded.
    pub fn next_arg<T: Argument>(args: &mut Args) -> Result<T> {
        args.take()?.read()
    }

    /// The next argument, decoded, or its default where the Dag file leaves it out.
    pub fn next_arg_or<T: Argument>(args: &mut Args, default: impl FnOnce() -> T) -> Result<T> {
        let value = args.take()?;
        if value.is_left_to_default() {
            return Ok(default());
        }
        value.read()
    }

    /// The return value, encoded for an XCom, or in object storage already.
    pub async fn keep_returned<T: Serialize>(context: &Context, value: T) -> Result<Returned> {
        let storage = &context.inner.storage;
        match storage.keep_returned(context, &value).await {
            Ok(kept) => Ok(Returned(kept)),
            Err(KeepError::Encode(error)) => {
                Err(Error::from(error).context("the return value cannot be an XCom"))
            }
            Err(KeepError::Storage(error)) => {
                Err(Error::from(error).context("storing the return value"))
            }
        }
    }

    /// Runs the body of a plain `fn` task on a thread of its own, so that it may block.
    pub async fn blocking<T: Send + 'static>(
        body: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        // The span of the task goes with the body, so that its log lines carry the same fields.
        let span = tracing::Span::current();
        match tokio::task::spawn_blocking(move || span.in_scope(body)).await {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                // Panics go on to the runtime, which reports them for both kinds of task alike.
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(error.into()),
            },
        }
    }
}
