//! What holds on every Airflow version, with the bundle `tests/bundles/scenarios`.

mod exchanged;
mod failures;
mod large_value;
mod lint;
mod logging;
mod orders;
mod outcomes;
mod resumable;
mod runs;
mod stores;
mod table;
mod taskflow;
mod termination;
mod values;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use end_to_end::bundle::Built;
use end_to_end::{
    Airflow, AirflowVersion, DagRun, Postgres, Setup, Suite, TaskLog, workspace_root,
};
use serde_json::json;

/// No wait in these tests takes longer unless something is wrong.
const LIMIT: Duration = Duration::from_secs(240);

/// Where Airflow keeps its metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code)] // each test program takes one of them
pub(crate) enum Metadata {
    Sqlite,
    Postgres,
}

/// Who runs the Rust tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code)] // each test program takes one of them
pub(crate) enum Way {
    /// Airflow's supervisor, with its coordinator.
    Coordinator,
    /// The same, and `aileron serve` answers it instead of Airflow's API server.
    Served,
    /// `aileron execute-workload`, as in pods of the KubernetesExecutor.
    Pods,
}

/// Runs the tests on this version.
pub(crate) fn run(version: AirflowVersion, metadata: Metadata, way: Way) -> ExitCode {
    let suite = Suite::new(move || start(version, metadata, way));
    if way == Way::Pods {
        return in_pods(suite).run();
    }
    let suite = match (version, way) {
        (AirflowVersion::V3_3_2, Way::Served) => suite.last(
            "every_dag_leaves_what_the_table_says_when_served_by_aileron",
            table::every_dag_leaves_it_when_served_by_aileron,
        ),
        (AirflowVersion::V3_3_2, _) => suite.last(
            "every_dag_leaves_what_the_table_says",
            table::every_dag_leaves_what_it_says,
        ),
        // Another database schema.
        _ => suite,
    };
    let suite = everything(suite, version);
    if is_plain(version, metadata, way) {
        let name = "a_dag_repaired_by_lint_goes_on_where_it_was";
        return suite
            .test(name, lint::a_repaired_dag_goes_on_where_it_was)
            .run();
    }
    suite.run()
}

/// Airflow as it is installed. What is about Python tasks alone is tested with this one only.
fn is_plain(version: AirflowVersion, metadata: Metadata, way: Way) -> bool {
    version == AirflowVersion::V3_3_2 && metadata == Metadata::Sqlite && way == Way::Coordinator
}

/// What is in the table, and what is not: jobs that are killed, and logs. `tests/execute_workload.rs` has what is about pods.
fn in_pods(suite: Suite) -> Suite {
    suite
        .test(
            "a_killed_task_goes_on_with_its_job_in_pods",
            resumable::a_killed_task_goes_on_with_its_job,
        )
        .test(
            "log_lines_of_pods_reach_the_task_log_with_their_level",
            logging::lines_keep_their_level,
        )
        .test(
            "secrets_are_masked_in_the_task_log_of_pods",
            logging::secrets_are_masked,
        )
        .last(
            "every_dag_leaves_in_pods_what_the_table_says",
            table::every_dag_leaves_it_in_pods_too,
        )
}

fn everything(suite: Suite, version: AirflowVersion) -> Suite {
    taskflow::add_tests(suite, version)
        .test(
            "values_pass_from_rust_to_python_and_back",
            values::pass_from_rust_to_python_and_back,
        )
        .test(
            "values_of_python_pass_both_ways",
            exchanged::values_of_python_pass_both_ways,
        )
        .test(
            "xcoms_are_read_back_through_airflow",
            values::are_read_back_through_airflow,
        )
        .test(
            "the_orders_example_runs_behind_its_generated_stub",
            orders::runs_behind_its_generated_stub,
        )
        .test(
            "a_failed_try_is_followed_by_one_that_succeeds",
            failures::a_failed_try_is_followed_by_one_that_succeeds,
        )
        .test(
            "a_panic_fails_the_task_and_is_logged_with_its_place",
            failures::a_panic_fails_the_task,
        )
        .test(
            "a_no_retry_error_fails_at_once",
            failures::a_no_retry_error_fails_at_once,
        )
        .test(
            "a_task_the_bundle_does_not_have_is_removed",
            failures::a_task_the_bundle_does_not_have_is_removed,
        )
        .test("a_value_of_20_mb_arrives_whole", large_value::arrives_whole)
        .test(
            "log_lines_reach_the_task_log_with_their_level",
            logging::lines_keep_their_level,
        )
        .test(
            "secrets_are_masked_in_the_task_log",
            logging::secrets_are_masked,
        )
        .test(
            "a_terminated_task_runs_its_hook_and_ends",
            termination::runs_its_hook_and_ends,
        )
        .test(
            "a_killed_task_goes_on_with_its_job",
            resumable::a_killed_task_goes_on_with_its_job,
        )
        .test(
            "task_state_survives_a_retry_and_goes_with_the_run",
            stores::task_state_survives_a_retry_and_goes_with_the_run,
        )
        .test(
            "variable_keys_and_connection_uris_are_what_python_reads",
            stores::keys_and_connections_are_what_python_reads,
        )
        .test(
            "a_rust_outlet_reaches_python_through_an_alias_and_starts_a_dag",
            stores::a_rust_outlet_reaches_python_through_an_alias_and_starts_a_dag,
        )
        .test(
            "python_events_reach_rust_and_its_watermark_reaches_python",
            stores::python_events_reach_rust_and_its_watermark_reaches_python,
        )
        .test(
            "an_inactive_asset_is_refused_before_the_body",
            stores::an_inactive_asset_is_refused_before_the_body,
        )
        .test(
            "a_skipped_task_and_skipped_downstream_tasks_are_seen_as_such",
            outcomes::skips_are_seen_as_such,
        )
        .test(
            "a_task_shows_its_arguments_fields_and_label",
            outcomes::a_task_shows_its_arguments_fields_and_label,
        )
        .test(
            "a_retry_has_the_delay_and_the_reason_of_the_task",
            outcomes::a_retry_has_the_delay_and_the_reason_of_the_task,
        )
        .test(
            "a_sensor_is_rescheduled_until_its_time_is_over",
            outcomes::a_sensor_is_rescheduled_until_its_time_is_over,
        )
        .test(
            "a_deferred_task_goes_on_with_the_event_or_the_failure_of_a_python_trigger",
            outcomes::a_deferred_task_goes_on,
        )
        .test(
            "a_task_waits_for_a_person_and_goes_on_with_the_answer",
            outcomes::a_task_goes_on_with_the_answer_of_a_person,
        )
        .test(
            "a_task_starts_runs_and_asks_about_them",
            runs::a_task_starts_runs_and_asks_about_them,
        )
}

fn start(version: AirflowVersion, metadata: Metadata, way: Way) -> Result<Airflow> {
    let scenarios = Built::package("scenarios")?;
    let orders = Built::package("orders")?;
    let resumable = Built::package("resumable")?;
    let taskflow = taskflow::Files::make(version)?;
    let fixed;
    let stubs = tempfile::tempdir()?;
    let stub = stubs.path().join("orders.py");
    orders.write_stub(&stub)?;
    let mut setup = taskflow.add_to(Setup::new(version));
    if metadata == Metadata::Postgres {
        setup = setup.postgres(Postgres::start()?.database(version)?);
    }
    setup = match way {
        Way::Coordinator => setup,
        Way::Served => setup.served_by(&scenarios.aileron),
        Way::Pods => setup.pods(&scenarios.aileron),
    };
    if is_plain(version, metadata, way) {
        fixed = lint::Fixed::make(&scenarios.aileron)?;
        for file in fixed.files()? {
            setup = setup.dags(file);
        }
    }
    let airflow = setup
        // For the Dag that is scheduled on an asset.
        .schedules()
        .dags(workspace_root().join("tests/end-to-end/dags/scenarios.py"))
        .dags(workspace_root().join("tests/end-to-end/dags/exchanged.py"))
        .dags(workspace_root().join("tests/end-to-end/dags/stores.py"))
        .dags(workspace_root().join("tests/end-to-end/dags/outcomes.py"))
        .triggerer()
        .dags(workspace_root().join("tests/end-to-end/dags/resumable.py"))
        .dags(stub)
        .bundle(&scenarios.bundle)
        .bundle(&orders.bundle)
        .bundle(&resumable.bundle)
        .start()?;
    logging::create_secrets(airflow.api())?;
    stores::create_settings(airflow.api())?;
    Ok(airflow)
}

/// Starts a run of the Dag and waits for its end.
fn run_dag(airflow: &Airflow, dag_id: &str) -> Result<DagRun> {
    let api = airflow.api();
    api.wait_for_dag(dag_id, LIMIT)?;
    let run = api.trigger(dag_id, &json!({}))?;
    api.wait_for_run(&run, LIMIT)
}

/// Starts a run of the Dag and waits for its success.
fn run_to_success(airflow: &Airflow, dag_id: &str) -> Result<DagRun> {
    let api = airflow.api();
    api.wait_for_dag(dag_id, LIMIT)?;
    let run = api.trigger(dag_id, &json!({}))?;
    api.wait_for_success(&run, LIMIT)
}

/// The log file of a try.
fn log_file(airflow: &Airflow, run: &DagRun, task_id: &str, try_number: u32) -> Result<TaskLog> {
    TaskLog::read(&airflow.task_log_path(&run.dag_id, &run.dag_run_id, task_id, try_number))
}
