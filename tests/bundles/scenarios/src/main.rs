//! The bundle that the end-to-end tests run. One Dag for each promise; `tests/end-to-end/dags/scenarios.py` declares them to
//! Airflow, together with the Python tasks that they exchange values with.

mod exchanged;
mod failures;
mod large_value;
mod logging;
mod termination;
mod values;

use std::process::ExitCode;

use aileron::prelude::*;

fn main() -> ExitCode {
    aileron::serve(bundle![
        values::values,
        exchanged::exchanged,
        failures::retried,
        failures::panicking,
        failures::not_retried,
        failures::forgotten,
        large_value::large_value,
        logging::logging,
        termination::terminated
    ])
}
