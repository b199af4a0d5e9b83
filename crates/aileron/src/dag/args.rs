//! Arguments as the fields of one struct.

use super::given::Args;
use super::task::private::BoundParam;
use crate::Result;

/// A struct whose fields are the arguments of a task. Derive it.
///
/// A task with many arguments takes one struct, marked `#[args]`, instead of as many parameters. In the Dag the derived
/// function `args()` starts the arguments and each field has a method; a task with a required field left out does not
/// compile. Each field is read on its own, so that an error names it.
///
/// On Airflow 3.4, where the Python Dag file decides the arguments, they find their fields by name instead of by position.
/// Case, underscores and every other character that is no ASCII letter or digit do not count: `maxRows`, `max_rows` and
/// `max_rows_` are one name. A name that no field has is an error.
///
/// | On a field | What it does |
/// |---|---|
/// | `#[arg(rename = "..")]` | the argument has this name in Python |
/// | `#[arg(default)]` | `Default::default()` when the Dag does not pass the argument |
/// | `#[arg(default = ..)]` | this value then |
/// | the type `Option<T>` | `None` then |
///
/// ```
/// use aileron::prelude::*;
/// use aileron::TaskArgs;
///
/// #[derive(TaskArgs)]
/// struct Report {
///     country: String,
///     orders: Vec<i64>,
///     #[arg(rename = "max", default = 10)]
///     limit: usize,
///     title: Option<String>,
/// }
///
/// #[task]
/// async fn extract() -> Result<Vec<i64>> {
///     Ok(vec![3, 5])
/// }
///
/// #[task]
/// async fn report(cx: &Context, #[args] input: Report) -> Result<usize> {
///     tracing::info!(country = input.country, "{}", input.title.as_deref().unwrap_or("Report"));
///     Ok(input.orders.len().min(input.limit))
/// }
///
/// #[dag]
/// fn reports(dag: &mut Dag) {
///     let orders = dag.add(extract());
///     dag.add(report(Report::args().country("uk").orders(orders)));
/// }
/// # assert!(reports().build().is_ok());
/// ```
pub trait TaskArgs: Sized {
    /// The next arguments, one for each field.
    #[doc(hidden)]
    fn read(args: &mut Args) -> Result<Self>;
}

/// The arguments of a task that takes them as the struct `A`, with every required field given.
#[diagnostic::on_unimplemented(
    message = "the arguments of this task are not complete: `{Self}`",
    label = "a required field of `{A}` is not given",
    note = "start with `{A}::args()` and call the method of each field; `Missing` stands for a field that was not given, in the order of the required fields"
)]
pub trait IntoArgs<A> {
    #[doc(hidden)]
    fn into_params(self) -> Vec<BoundParam>;
}

/// A required field that was given.
#[doc(hidden)]
#[derive(Debug)]
pub enum Present {}

/// A required field that was not given.
#[doc(hidden)]
#[derive(Debug)]
pub enum Missing {}
