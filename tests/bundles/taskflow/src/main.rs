//! The bundle of the end-to-end tests about arguments. It is packed for the Airflow it runs on: for 3.4 with the schema that
//! has the arguments of the Python Dag file. `tests/end-to-end/dags/taskflow.py` is that file; the Dag `taskflow_stub` is
//! declared by what `aileron stub` writes.

mod by_hand;
mod refused;
mod stub;

use std::process::ExitCode;

use aileron::prelude::*;

fn main() -> ExitCode {
    aileron::serve(bundle![
        stub::taskflow_stub,
        by_hand::taskflow,
        refused::taskflow_refused
    ])
}
