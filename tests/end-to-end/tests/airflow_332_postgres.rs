//! Rust tasks on a real Airflow 3.3.2 whose metadata are on PostgreSQL, with `aileron serve` as the API server of the workers.

mod airflow_scenarios;

use std::process::ExitCode;

use airflow_scenarios::{Metadata, Way};
use end_to_end::AirflowVersion;

fn main() -> ExitCode {
    airflow_scenarios::run(AirflowVersion::V3_3_2, Metadata::Postgres, Way::Served)
}
