//! Typed values: Rust to Python, and Python to Rust.

use aileron::prelude::*;
use serde::{Deserialize, Serialize};

/// What a task measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reading {
    station: String,
    counts: Vec<i64>,
    ratio: f64,
    note: Option<String>,
}

#[task]
async fn measure(cx: &Context, station: String) -> Result<Reading> {
    cx.xcom().push("run_id", &cx.dag_run().run_id).await?;
    Ok(Reading {
        station,
        counts: vec![1, 2, 3],
        ratio: 0.5,
        note: None,
    })
}

/// A plain function: it runs beside the async runtime.
#[task]
fn check(doubled: Reading) -> Result<i64> {
    Ok(doubled.counts.iter().sum())
}

/// `double` is the Python task between the two Rust tasks.
#[dag]
pub(crate) fn values(dag: &mut Dag) {
    let reading = dag.add(measure("Häfen \"north\""));
    let doubled = dag.external::<Reading>("double");
    dag.set_downstream(reading, doubled);
    dag.add(check(doubled));
}
