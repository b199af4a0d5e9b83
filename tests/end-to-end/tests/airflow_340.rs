//! Rust tasks on a real Airflow 3.4.0b2.

mod airflow_scenarios;

use std::process::ExitCode;

use airflow_scenarios::{Metadata, Way};
use end_to_end::AirflowVersion;

fn main() -> ExitCode {
    airflow_scenarios::run(AirflowVersion::V3_4_0b2, Metadata::Sqlite, Way::Coordinator)
}
