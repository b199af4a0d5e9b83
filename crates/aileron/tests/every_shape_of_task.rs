//! Every shape of task and edge that is allowed compiles.

#![allow(clippy::unwrap_used, unreachable_pub)]

use std::collections::HashMap;

use aileron::prelude::*;

#[task]
async fn no_arguments() -> Result<()> {
    Ok(())
}

#[task]
fn plain(cx: &Context) -> Result<Vec<i64>> {
    cx.block_on(cx.xcom().push("n", &1))?;
    Ok(vec![1])
}

/// Documented.
#[task(
    task_id = "other",
    retries = 2,
    retry_delay = "1m 30s",
    execution_timeout = "1h",
    queue = "rust",
    pool = "p",
    priority_weight = 3,
    trigger_rule = "none_failed",
    owner = "me",
    depends_on_past = true
)]
async fn options(
    numbers: Vec<i64>,
    name: String,
    maybe: Option<i64>,
) -> Result<HashMap<String, i64>> {
    Ok(HashMap::from([(
        name,
        numbers.len() as i64 + maybe.unwrap_or(0),
    )]))
}

#[task]
async fn own_error(mut map: HashMap<String, i64>) -> Result<i64, std::num::ParseIntError> {
    map.clear();
    "1".parse()
}

mod inner {
    use aileron::prelude::*;

    #[task]
    pub async fn public(value: i64) -> std::result::Result<(), std::fmt::Error> {
        let _ = value;
        Ok(())
    }
}

#[dag(dag_id = "shapes", schedule = "0 4 * * *", start_date = "2026-02-28", catchup = true, max_active_runs = 1, tags = ["a", "b"])]
fn shapes(dag: &mut Dag) {
    let first = dag.add(no_arguments());
    let numbers = dag.add(plain().after(first));
    let map = dag.add(options(numbers, "name", None));
    let also = dag.add(options(vec![1, 2], String::from("name"), Some(5)).task_id("again"));
    let one = dag.add(own_error(map));
    dag.add(options(numbers, "x", one).task_id("third"));
    dag.set_downstream(also, one);
    if dag.dag_id() == "shapes" {
        dag.add(inner::public(one));
    } else {
        dag.add(inner::public(2));
    }
}

#[test]
fn every_shape_of_task_and_edge_compiles() {
    let dag = shapes().build().unwrap();
    assert_eq!(dag.upstream_task_ids("own_error"), ["again", "other"]);
    let _ = bundle![shapes];
}
