//! A value of 20 MB.

use anyhow::Result;
use end_to_end::Airflow;
use serde_json::json;

use super::run_to_success;

pub(super) fn arrives_whole(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "large_value")?;
    let expected = json!({"bytes": 20_000_000, "same": true});
    assert_eq!(airflow.api().return_value(&run, "compare")?, Some(expected));
    Ok(())
}
