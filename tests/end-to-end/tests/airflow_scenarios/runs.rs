//! Tasks that start Dag runs, and ask about them.

use anyhow::{Context, Result};
use end_to_end::{Airflow, DagRun};
use serde_json::{Value, json};

use super::LIMIT;

pub(super) fn a_task_starts_runs_and_asks_about_them(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();
    for dag_id in ["starting", "started"] {
        api.wait_for_dag(dag_id, LIMIT)?;
    }
    let first = start(airflow, "2026-03-01T00:00:00Z")?;
    let look = api.return_value(&first, "look")?;
    let look = look.context("nothing was seen")?;
    assert_eq!(look["previous"], Value::Null);
    assert_eq!(look["previous_success_ended"], false);
    let second = start(airflow, "2026-03-02T00:00:00Z")?;
    let look = api.return_value(&second, "look")?;
    let mut look = look.context("nothing was seen")?;
    let no_such_dag = look["no_such_dag"].take();
    assert!(no_such_dag.to_string().contains("404"), "{no_such_dag}");
    let duration = look["breadcrumbs"][0]["duration"].take();
    assert!(duration.is_f64(), "{duration}");
    let from = look["conf"]["from"].take();
    assert!(from.to_string().contains("manual__"), "{from}");
    let expected = json!({
        "state": "running",
        "conf": {"from": null, "numbers": [1, 2]},
        "numbers": [1, 2],
        "logical_date": "2026-03-02T00:00:00Z",
        "runs": 2,
        "runs_of_date": 1,
        "runs_in_success": 1,
        "previous": first.dag_run_id,
        "previous_failed": null,
        "previous_success_ended": true,
        "tasks": 2,
        "tasks_in_success": 1,
        "states": {second.dag_run_id: {"first": "success", "look": "running"}},
        "breadcrumbs": [{"task_id": "first", "map_index": -1, "state": "success",
            "operator": "_StubOperator", "duration": null}],
        "previous_try": first.dag_run_id,
        "first_reschedule": null,
        "is_paused": false,
        "relative_fileloc": "outcomes.py",
        "tags": ["looked-at"],
        "no_such_dag": null,
    });
    assert_eq!(look, expected);
    Ok(())
}

/// Lets the Rust task start a run of that date, and waits for that run.
fn start(airflow: &Airflow, date: &str) -> Result<DagRun> {
    let api = airflow.api();
    let starting = api.trigger("starting", &json!({"date": date}))?;
    api.wait_for_success(&starting, LIMIT)?;
    let answer = api.return_value(&starting, "start")?;
    let run_id = format!("of_{date}");
    let expected = json!({"run_id": run_id, "again": format!("{run_id} is there")});
    assert_eq!(answer, Some(expected));
    let started = DagRun {
        dag_id: "started".to_owned(),
        dag_run_id: run_id,
        state: String::new(),
        conf: Value::Null,
    };
    api.wait_for_success(&started, LIMIT)
}
