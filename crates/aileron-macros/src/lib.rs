//! The attribute macros of Aileron. Use them through the `aileron` crate, which documents them.
//!
//! They are thin: `#[task]` turns a function into a description of a task plus its body, `#[dag]` turns one into a
//! `DagDefinition`; everything else is ordinary code in `aileron`.

mod args;
mod argument;
mod attributes;
mod dag;
mod docs;
mod duplicates;
mod duration;
mod task;

use proc_macro::TokenStream;

/// Makes a function a task.
///
/// The function is `async` or plain (a plain one runs on a thread of its own and may block). It may take `&Context`
/// first; its other parameters are the task's arguments. It returns `Result<T>`; the value becomes the XCom
/// `return_value` (`()` pushes none).
///
/// Options: `task_id`, `retries`, `retry_delay`, `execution_timeout` (durations such as `"30s"`, `"5m"`, `"1h 30m"`),
/// `queue`, `pool`, `priority_weight`, `trigger_rule`, `owner`, `depends_on_past`, `doc_md` (the function's doc comment
/// when absent), and the assets that the task reads and writes: `inlets = [ORDERS]`, `outlets = [ORDERS, AssetAlias::new("daily")]`.
///
/// A parameter marked `#[arg(default)]` or `#[arg(default = value)]` has a default for the case that the Python Dag file of
/// Airflow 3.4 does not pass the argument; one of the type `Option<T>` is `None` then. One parameter marked `#[args]` takes
/// all arguments as the fields of a struct that derives `TaskArgs`.
///
/// `retry_policy = path` names a function that judges the task's failures (`aileron::RetryDecision`). `resume = [a, b]`
/// names the async functions in which the task goes on after a wait for a trigger or a person (`aileron::Trigger`,
/// `aileron::HumanInput`); each takes `&Context` and the event and returns what the task returns. The task's type has a
/// constant of each handler's name: `my_task::a`.
///
/// Calling the function describes a use of the task in a Dag. Its body is an associated function of a type of the same
/// name, `my_task::run(&cx, ..)`: that is what unit tests call.
#[proc_macro_attribute]
pub fn task(attributes: TokenStream, item: TokenStream) -> TokenStream {
    task::expand(attributes.into(), item.into())
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}

/// Makes the fields of a struct the arguments of a task. See the trait `aileron::TaskArgs`.
#[proc_macro_derive(TaskArgs, attributes(arg))]
pub fn task_args(item: TokenStream) -> TokenStream {
    args::expand(item.into())
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}

/// Makes a function that fills a `&mut Dag` a Dag definition.
///
/// Options: `dag_id` (the function's name when absent), `schedule` (cron expression or preset; only triggered when
/// absent), `start_date` (a date, midnight UTC), `catchup`, `max_active_runs`, `tags`, `doc_md` (the doc comment when
/// absent).
///
/// A task that the body adds twice under the same id does not compile.
#[proc_macro_attribute]
pub fn dag(attributes: TokenStream, item: TokenStream) -> TokenStream {
    dag::expand(attributes.into(), item.into())
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
