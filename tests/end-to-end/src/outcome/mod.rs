//! What a run of a Dag has left, and what it must leave whoever ran it.

mod list;
mod normal;
mod table;

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{AirflowVersion, workspace_root};
pub use list::{Difference, LOCAL_RUN_ID, Local, NOT_COMPARED, SCENARIOS, Scenario};
pub use normal::normal;
pub use table::{compare, compare_all};

/// What runs have left in a metadata database of Airflow 3.3.2: states, tries, XComs, stored state, events.
///
/// What differs from run to run by its nature (ids, times) is replaced; `python/outcomes.py` says what is read.
///
/// # Errors
/// When the database has no such run.
pub fn outcomes(database: &Path, runs: &[(&str, &str)]) -> Result<Vec<Value>> {
    let output = Command::new(AirflowVersion::V3_3_2.python()?)
        .arg(workspace_root().join("tests/end-to-end/python/outcomes.py"))
        .arg(database)
        .arg(serde_json::to_string(runs)?)
        .output()
        .context("cannot run Python")?;
    ensure!(
        output.status.success(),
        "{runs:?} in {}: {}",
        database.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    let found: Vec<Value> = serde_json::from_slice(&output.stdout)?;
    Ok(runs
        .iter()
        .zip(found)
        .map(|((_, run_id), outcome)| normal(outcome, run_id))
        .collect())
}
