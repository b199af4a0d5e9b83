//! `aileron run` leaves in its database what Airflow's scheduler and coordinator leave in theirs.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use end_to_end::bundle::Built;
use end_to_end::{
    Difference, JobService, LOCAL_RUN_ID, Local, SCENARIOS, Scenario, compare, outcomes,
};
use serde_json::Value;

/// One directory, and with it one database, for each Dag.
struct Runner {
    directory: tempfile::TempDir,
    /// For the Dag `jobs`.
    service: JobService,
}

/// A connection and a Variable that the Dag `logging` reads.
const ENVIRONMENT: [(&str, &str); 2] = [
    (
        "AIRFLOW_CONN_SCENARIO_DATABASE",
        r#"{"conn_type": "generic", "login": "user", "password": "correct-horse-battery"}"#,
    ),
    (
        "AIRFLOW_VAR_SCENARIO_TOKEN_TEXT",
        "registered-and-not-to-be-seen",
    ),
];

impl Runner {
    fn new() -> Result<Self> {
        Ok(Self {
            directory: tempfile::tempdir()?,
            service: JobService::start()?,
        })
    }

    fn home(&self, name: &str) -> Result<PathBuf> {
        let home = self.directory.path().join(name);
        std::fs::create_dir_all(&home)?;
        Ok(home)
    }

    fn run(
        &self,
        home: &Path,
        built: &Built,
        scenario: &Scenario,
        more: &[&str],
    ) -> Result<Output> {
        Ok(Command::new(&built.aileron)
            .arg("run")
            .arg(&built.bundle)
            .args(["--dag", scenario.dag_id, "--conf", scenario.conf])
            .args(["--run-id", LOCAL_RUN_ID, "--format", "json"])
            .args(scenario.local_flags)
            .args(more)
            .current_dir(home)
            .envs(ENVIRONMENT)
            .env(
                "AIRFLOW_CONN_JOB_SERVICE",
                self.service.connection().to_string(),
            )
            .env("AIRFLOW_HOME", home)
            .output()?)
    }

    /// What the run left, and what was told meanwhile.
    fn outcome(
        &self,
        built: &Built,
        scenario: &Scenario,
        task: Option<&str>,
    ) -> Result<(Value, String)> {
        let home = self.home(&format!("{}-{}", scenario.dag_id, task.unwrap_or_default()))?;
        let more: Vec<&str> = task.iter().flat_map(|task| ["--task", task]).collect();
        let output = self.run(&home, built, scenario, &more)?;
        let stderr = String::from_utf8(output.stderr)?;
        let database = home.join(".aileron/airflow.db");
        ensure!(database.is_file(), "{}: {stderr}", scenario.dag_id);
        let mut found = outcomes(&database, &[(scenario.dag_id, LOCAL_RUN_ID)])?;
        let outcome = found.pop().context("one was asked for")?;
        // What the command itself says is what it has written.
        let report: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("{}: {stderr}", scenario.dag_id))?;
        ensure!(report["state"] == outcome["state"], "{report}");
        Ok((outcome, stderr))
    }

    fn check(&self, built: &Built, scenario: &Scenario) -> Result<()> {
        let dag_id = scenario.dag_id;
        match scenario.local {
            Local::Same => self.check_whole(built, scenario, &[]),
            Local::Except(differences) => self.check_whole(built, scenario, differences),
            Local::NotRun(_) => Ok(()),
            Local::Alone(tasks) => self.check_alone(built, scenario, tasks),
            Local::NeedsPython(tasks, alone) => {
                let home = self.home(dag_id)?;
                let output = self.run(&home, built, scenario, &[])?;
                let stderr = String::from_utf8(output.stderr)?;
                ensure!(output.status.code() == Some(1), "{dag_id}: {stderr}");
                let expected = format!("which need an Airflow: {tasks}. ");
                ensure!(stderr.contains(&expected), "{dag_id}: {stderr}");
                self.check_alone(built, scenario, alone)
            }
        }
    }

    fn check_alone(&self, built: &Built, scenario: &Scenario, tasks: &[&str]) -> Result<()> {
        for task in tasks {
            let (outcome, stderr) = self.outcome(built, scenario, Some(task))?;
            compare(scenario.dag_id, outcome, &[], |outcome| keep(outcome, task))
                .with_context(|| stderr)?;
        }
        Ok(())
    }

    fn check_whole(&self, built: &Built, scenario: &Scenario, listed: &[Difference]) -> Result<()> {
        let (outcome, stderr) = self.outcome(built, scenario, None)?;
        for text in listed.iter().filter_map(|difference| difference.says) {
            ensure!(stderr.contains(text), "{text:?} is not said: {stderr}");
        }
        compare(scenario.dag_id, outcome, listed, |_| ()).with_context(|| stderr)
    }
}

/// Leaves only what is about this task.
fn keep(outcome: &mut Value, task: &str) {
    if let Some(instances) = outcome["task_instances"].as_object_mut() {
        instances.retain(|name, _| name == task);
    }
    for list in ["asset_events", "asset_state"] {
        if let Some(entries) = outcome[list].as_array_mut() {
            entries.retain(|entry| entry["task"] == task);
        }
    }
    // The other tasks have not run.
    if let Some(fields) = outcome.as_object_mut() {
        fields.remove("state");
    }
}

#[test]
fn aileron_run_leaves_what_the_table_says() -> Result<()> {
    let runner = Runner::new()?;
    let mut programs = HashMap::new();
    let mut wrong = Vec::new();
    for scenario in SCENARIOS {
        let built = match programs.entry(scenario.program) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Built::package_for(scenario.program, "3.3")?),
        };
        if let Err(error) = runner.check(built, scenario) {
            wrong.push(format!("{error:?}"));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    bail!("{}", wrong.join("\n\n"))
}
