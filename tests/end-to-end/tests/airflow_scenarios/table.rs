//! What the runs have left, beside the table that `aileron run` and `aileron execute-workload` are held against too.

use anyhow::{Context as _, Result, bail, ensure};
use end_to_end::{
    Airflow, DagRun, Difference, JobService, NOT_COMPARED, SCENARIOS, Scenario, compare,
    compare_all, outcomes,
};
use serde_json::{Value, json};

use super::{LIMIT, resumable};

/// The table is what Airflow's coordinator gives.
pub(super) fn every_dag_leaves_what_it_says(airflow: &Airflow) -> Result<()> {
    compare_all(all(airflow)?)
}

/// What differs with `aileron serve` on PostgreSQL: the Dag, and where.
const SERVED: &[(&str, Difference)] = &[
    (
        "started",
        Difference {
            at: "/task_instances/look/xcoms/return_value/no_such_dag",
            gives: r#""Dag `no_such_dag`: GetDag: API_SERVER_ERROR (HTTP 404): Server returned error {\"detail\":{\"reason\":\"not_found\",\"message\":\"there is no Dag \\\"no_such_dag\\\"\"}}""#,
            because: "a sentence for people, in other words",
            says: None,
        },
    ),
    (
        "orders",
        Difference {
            at: "/task_instances/extract/xcoms/return_value/<sha256>",
            gives: r#""31cca27ccaad0f56723d3926885c2b6d45b5001f08070ac1084ae3968d596d4c""#,
            because: "PostgreSQL keeps the members of a JSON object in an order of its own",
            says: None,
        },
    ),
];

/// The same with `aileron serve`, but for the differences on the list.
pub(super) fn every_dag_leaves_it_when_served_by_aileron(airflow: &Airflow) -> Result<()> {
    let mut wrong = Vec::new();
    for (dag_id, outcome) in all(airflow)? {
        let listed = SERVED.iter().filter(|(known, _)| *known == dag_id);
        let listed: Vec<Difference> = listed.map(|(_, difference)| *difference).collect();
        if let Err(error) = compare(dag_id, outcome, &listed, |_| ()) {
            wrong.push(format!("{error:#}"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    every_worker_was_served_by_aileron(airflow)
}

/// The workers of this Airflow have asked `aileron serve`, and nobody else.
fn every_worker_was_served_by_aileron(airflow: &Airflow) -> Result<()> {
    let aileron = airflow.aileron_server().context("there is one")?;
    let requests = aileron.requests()?;
    let starts = requests.get(&("Run".to_owned(), 200)).copied();
    ensure!(starts > Some(0), "{requests:?}");
    let failed = requests.keys().find(|(_, status)| *status >= 500);
    ensure!(failed.is_none(), "{requests:?}\n{}", aileron.log());
    ensure!(airflow.requests_of_workers()? == 0);
    Ok(())
}

/// The same under `aileron execute-workload`, but for the differences on the list.
pub(super) fn every_dag_leaves_it_in_pods_too(airflow: &Airflow) -> Result<()> {
    let mut wrong = Vec::new();
    for ((dag_id, outcome), scenario) in all(airflow)?.into_iter().zip(SCENARIOS) {
        if let Err(error) = compare(dag_id, outcome, scenario.pods, |_| ()) {
            wrong.push(format!("{error:#}"));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("{}", wrong.join("\n"))
}

/// What a run of each Dag has left.
fn all(airflow: &Airflow) -> Result<Vec<(&'static str, Value)>> {
    let service = JobService::start()?;
    resumable::connect(airflow.api(), &service)?;
    let mut runs = SCENARIOS
        .iter()
        .map(|scenario| run_of(airflow, scenario))
        .collect::<Result<Vec<DagRun>>>()?;
    for run in &mut runs {
        attend(airflow, run)?;
        *run = airflow.api().wait_for_run(run, LIMIT)?;
    }
    no_other_dag(airflow)?;
    let names: Vec<_> = runs
        .iter()
        .map(|run| (run.dag_id.as_str(), run.dag_run_id.as_str()))
        .collect();
    let found = outcomes(&airflow.database(), &names)?;
    let dags = SCENARIOS.iter().map(|scenario| scenario.dag_id);
    Ok(dags.zip(found).collect())
}

/// A Dag that is in no list would be forgotten.
fn no_other_dag(airflow: &Airflow) -> Result<()> {
    for row in airflow.query("SELECT dag_id FROM dag", &[])? {
        let dag_id = row[0].as_str().context("a Dag has an id")?;
        let is_known = SCENARIOS.iter().any(|scenario| scenario.dag_id == dag_id)
            || NOT_COMPARED.iter().any(|(known, _)| *known == dag_id);
        ensure!(is_known, "Dag {dag_id} is in no list of `outcome/list.rs`");
    }
    Ok(())
}

fn named(dag_id: &str, run_id: &str) -> DagRun {
    DagRun {
        dag_id: dag_id.to_owned(),
        dag_run_id: run_id.to_owned(),
        state: String::new(),
        conf: Value::Null,
    }
}

/// The run that another test has made, or a new one: a run filtered out, or one that a test has deleted.
fn run_of(airflow: &Airflow, scenario: &Scenario) -> Result<DagRun> {
    let dag_id = scenario.dag_id;
    if dag_id == "started" {
        // The first run that the Dag `starting` starts.
        return Ok(named(dag_id, "of_2026-03-01T00:00:00Z"));
    }
    let query =
        "SELECT run_id FROM dag_run WHERE dag_id = ? AND run_type = 'manual' ORDER BY id LIMIT 1";
    let found = airflow.query(query, &[dag_id])?;
    // The tries of a job that was killed are its own story.
    let found = found.first().filter(|_| dag_id != "jobs");
    if let Some(run_id) = found.and_then(|row| row[0].as_str()) {
        return Ok(named(dag_id, run_id));
    }
    let api = airflow.api();
    api.wait_for_dag(dag_id, LIMIT)?;
    api.trigger(dag_id, &serde_json::from_str(scenario.conf)?)
}

/// Does what a person does while the run goes on, if it has not been done.
fn attend(airflow: &Airflow, run: &DagRun) -> Result<()> {
    let api = airflow.api();
    let is_over = |task_id: &str| -> Result<bool> {
        let state = api.task_instance(run, task_id)?.state;
        Ok(matches!(state.as_deref(), Some("success" | "failed")))
    };
    if run.dag_id == "asking" && !is_over("approve")? {
        api.wait_for_state(run, "approve_in_time", "success", LIMIT)?;
        api.wait_for_state(run, "approve", "awaiting_input", LIMIT)?;
        api.answer(run, "approve", &["pay"], &json!({"note": "both of them"}))?;
    }
    if run.dag_id == "terminated" && !is_over("wait_long")? {
        api.wait_for_state(run, "wait_long", "running", LIMIT)?;
        api.set_state(run, "wait_long", "failed")?;
    }
    Ok(())
}
