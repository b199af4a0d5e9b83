//! What the runs have left, beside the table that `aileron run` and `aileron execute-workload` are held against too.

use anyhow::Result;
use end_to_end::{Airflow, DagRun, SCENARIOS, Scenario, compare_all, outcomes};
use serde_json::{Value, json};

use super::LIMIT;

pub(super) fn every_dag_leaves_what_it_says(airflow: &Airflow) -> Result<()> {
    let runs = SCENARIOS
        .iter()
        .map(|scenario| run_of(airflow, scenario))
        .collect::<Result<Vec<DagRun>>>()?;
    let runs = runs
        .iter()
        .map(|run| airflow.api().wait_for_run(run, LIMIT))
        .collect::<Result<Vec<DagRun>>>()?;
    let names: Vec<_> = runs
        .iter()
        .map(|run| (run.dag_id.as_str(), run.dag_run_id.as_str()))
        .collect();
    let found = outcomes(&airflow.home().join("airflow.db"), &names)?;
    compare_all(SCENARIOS.iter().map(|scenario| scenario.dag_id).zip(found))
}

/// The run that another test has made, or a new one: a run filtered out, or one that a test has deleted.
fn run_of(airflow: &Airflow, scenario: &Scenario) -> Result<DagRun> {
    let query =
        "SELECT run_id FROM dag_run WHERE dag_id = ? AND run_type = 'manual' ORDER BY id LIMIT 1";
    let found = airflow.query(query, &[scenario.dag_id])?;
    if let Some(run_id) = found.first().and_then(|row| row[0].as_str()) {
        return Ok(DagRun {
            dag_id: scenario.dag_id.to_owned(),
            dag_run_id: run_id.to_owned(),
            state: String::new(),
            conf: Value::Null,
        });
    }
    let api = airflow.api();
    api.wait_for_dag(scenario.dag_id, LIMIT)?;
    let run = api.trigger(scenario.dag_id, &serde_json::from_str(scenario.conf)?)?;
    if scenario.dag_id == "asking" {
        api.wait_for_state(&run, "approve_in_time", "success", LIMIT)?;
        api.answer(&run, "approve", &["pay"], &json!({"note": "both of them"}))?;
    }
    Ok(run)
}
