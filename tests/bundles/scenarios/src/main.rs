//! The bundle that the end-to-end tests run. One Dag for each promise; `tests/end-to-end/dags/*.py` declare them to
//! Airflow, together with the Python tasks that they exchange values with.

mod exchanged;
mod failures;
mod large_value;
mod logging;
mod outcomes;
mod runs;
mod storage;
mod stores;
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
        storage::codecs,
        storage::stored,
        termination::terminated,
        stores::stores_task,
        stores::stores_settings,
        stores::stores_from_rust,
        stores::stores_from_python,
        stores::stores_clash_one,
        stores::stores_clash_two,
        outcomes::skipping,
        outcomes::labelling,
        outcomes::retrying,
        outcomes::sensing,
        outcomes::deferring,
        outcomes::asking,
        runs::starting,
        runs::started
    ])
}
