//! Arguments of a Dag file that was written by hand, for Airflow 3.4.

use aileron::TaskArgs;
use aileron::prelude::*;
use serde_json::{Value, json};

use crate::stub::numbers;

#[task]
async fn combine(country: String, data: Vec<i64>, limit: i64) -> Result<Value> {
    Ok(json!([country, data, limit]))
}

/// The Dag file does not pass the last two.
#[task]
async fn short(
    data: Vec<i64>,
    note: Option<String>,
    #[arg(default = 9)] limit: i64,
) -> Result<Value> {
    Ok(json!([data, note, limit]))
}

#[derive(TaskArgs)]
struct Report {
    country: String,
    max_rows: usize,
    row_data: Vec<i64>,
    title: Option<String>,
}

#[task]
fn report(#[args] report: Report) -> Result<Value> {
    let Report {
        country,
        max_rows,
        row_data,
        title,
    } = report;
    Ok(json!([country, row_data[..max_rows], title]))
}

/// The edges of the Dag file are others: `combine` takes the output of `double` there.
#[dag]
pub(crate) fn taskflow(dag: &mut Dag) {
    let numbers = dag.add(numbers(1));
    dag.add(combine("uk", numbers, 1));
    dag.add(short(numbers, None, 1));
    let about = Report::args().country("uk").max_rows(1usize);
    dag.add(report(about.row_data(numbers)));
}
