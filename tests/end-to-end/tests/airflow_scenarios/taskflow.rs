//! Arguments of Rust tasks: those of a generated stub on every version, those of a Dag file written by hand since 3.4.

use std::path::PathBuf;

use anyhow::{Context, Result};
use end_to_end::bundle::Built;
use end_to_end::{Airflow, AirflowVersion, Setup, Suite, workspace_root};
use serde_json::{Value, json};

use super::{log_file, run_dag, run_to_success};

/// The bundle and its Dag files.
pub(super) struct Files {
    built: Built,
    dags: Vec<PathBuf>,
    // Holds the generated file until the end.
    _stubs: tempfile::TempDir,
}

impl Files {
    pub(super) fn make(version: AirflowVersion) -> Result<Self> {
        let release = match version {
            AirflowVersion::V3_3_2 => "3.3",
            AirflowVersion::V3_4_0b2 => "3.4",
        };
        let built = Built::package_for("taskflow", release)?;
        let stubs = tempfile::tempdir()?;
        let stub = stubs.path().join("taskflow_stub.py");
        let generated = "--dag taskflow_stub --external-module taskflow_python";
        built.write_stub_with(&stub, &generated.split(' ').collect::<Vec<_>>())?;
        let folder = workspace_root().join("tests/end-to-end/dags");
        let mut dags = vec![stub, folder.join("taskflow_python.py")];
        if version == AirflowVersion::V3_4_0b2 {
            dags.push(folder.join("taskflow.py"));
        }
        Ok(Self {
            built,
            dags,
            _stubs: stubs,
        })
    }

    pub(super) fn add_to(&self, setup: Setup) -> Setup {
        let setup = setup.bundle(&self.built.bundle);
        self.dags.iter().fold(setup, Setup::dags)
    }
}

/// Adds the tests.
pub(super) fn add_tests(suite: Suite, version: AirflowVersion) -> Suite {
    let suite = suite.test(
        "arguments_pass_through_a_generated_stub",
        pass_through_a_generated_stub,
    );
    match version {
        AirflowVersion::V3_3_2 => suite,
        AirflowVersion::V3_4_0b2 => suite
            .test(
                "arguments_are_those_of_the_dag_file",
                are_those_of_the_dag_file,
            )
            .test(
                "arguments_that_do_not_fit_fail_before_the_body",
                that_do_not_fit_fail_before_the_body,
            ),
    }
}

fn pass_through_a_generated_stub(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "taskflow_stub")?;
    let api = airflow.api();
    assert_eq!(
        api.return_value(&run, "add_up")?,
        Some(json!(["Häfen \"north\"", null, 20, 40, 50]))
    );
    assert_eq!(
        api.return_value(&run, "describe")?,
        Some(json!(["uk", ["a"], [1, 2, 3], null]))
    );
    // Each task instance has a place in the trace of its run.
    let carrier = api.xcom(&run, "numbers", "context_carrier")?;
    let carrier = carrier.context("Airflow sends a trace context")?;
    let traceparent = carrier["traceparent"].as_str().unwrap_or_default();
    assert_eq!(traceparent.split('-').count(), 4, "{carrier}");
    Ok(())
}

fn are_those_of_the_dag_file(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "taskflow")?;
    let expected: [(&str, Value); 3] = [
        ("combine", json!(["de", [2, 4, 6], 7])),
        ("short", json!([[1, 2, 3], null, 9])),
        ("report", json!(["de", [1, 2], null])),
    ];
    for (task_id, value) in expected {
        let returned = airflow.api().return_value(&run, task_id)?;
        assert_eq!(returned, Some(value), "{task_id}");
    }
    let log = log_file(airflow, &run, "combine", 1)?;
    let warning = "argument `data`: the Dag file passes the output of task `double`, the Rust Dag the output of task \
                   `numbers`; the Dag file counts";
    assert!(log.find(warning).is_some(), "{log}");
    Ok(())
}

fn that_do_not_fit_fail_before_the_body(airflow: &Airflow) -> Result<()> {
    let run = run_dag(airflow, "taskflow_refused")?;
    let expected = [
        (
            "too_many",
            "the Dag file passes 2 arguments (`country`, `rows`), and task `too_many` takes 1 argument (`country`)",
        ),
        (
            "wrong_type",
            "argument `rows` (from the Dag file) does not fit: expected `Vec<i64>`",
        ),
        (
            "missing_xcom",
            "argument `rows`: task `nothing` has not returned a value (its XCom `return_value` is missing or null)",
        ),
        (
            "unknown_name",
            "the Dag file passes the argument `contry`, which task `unknown_name` does not have; it has `country`",
        ),
    ];
    for (task_id, reason) in expected {
        let api = airflow.api();
        let task = api.task_instance(&run, task_id)?;
        assert_eq!(task.state.as_deref(), Some("failed"), "{task_id}");
        assert_eq!(api.return_value(&run, task_id)?, None, "{task_id}");
        let log = log_file(airflow, &run, task_id, 1)?;
        assert!(log.find(reason).is_some(), "{task_id}: {log}");
    }
    Ok(())
}
