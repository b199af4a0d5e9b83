//! Arguments through a generated stub.

use aileron::TaskArgs;
use aileron::prelude::*;
use serde_json::{Value, json};

/// Also tells the trace context that Airflow gave the task instance.
#[task]
pub(crate) async fn numbers(cx: &Context, upto: i64) -> Result<Vec<i64>> {
    cx.xcom()
        .push("context_carrier", &cx.ti().context_carrier)
        .await?;
    Ok((1..=upto).collect())
}

/// The name `run_id` is taken in Python.
#[task]
async fn add_up(
    label: String,
    run_id: Option<i64>,
    numbers: Vec<i64>,
    doubled: Vec<i64>,
    squares: Vec<i64>,
    times: i64,
) -> Result<Value> {
    let sum = |list: &[i64]| list.iter().sum::<i64>() * times;
    Ok(json!([
        label,
        run_id,
        sum(&numbers),
        sum(&doubled),
        sum(&squares)
    ]))
}

#[derive(TaskArgs)]
struct Description {
    title: String,
    #[arg(rename = "class")]
    kind: Vec<String>,
    numbers: Vec<i64>,
    #[arg(default = 3)]
    first: usize,
    note: Option<String>,
}

#[task]
async fn describe(#[args] about: Description) -> Result<Value> {
    let Description {
        title,
        kind,
        numbers,
        first,
        note,
    } = about;
    Ok(json!([title, kind, numbers[..first], note]))
}

/// `double` and `squares` are Python tasks; `squares` is a mapped one.
#[dag]
pub(crate) fn taskflow_stub(dag: &mut Dag) {
    let numbers = dag.add(numbers(4));
    let doubled = dag.external::<Vec<i64>>("double");
    dag.set_downstream(numbers, doubled);
    let squares = dag.external_mapped::<i64>("squares");
    dag.add(add_up(
        "Häfen \"north\"",
        None,
        numbers,
        doubled,
        squares,
        2,
    ));
    let about = Description::args().kind(vec!["a".to_owned()]);
    dag.add(describe(about.title("uk").numbers(numbers)));
}
