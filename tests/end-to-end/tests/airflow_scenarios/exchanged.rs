//! Values of Python's own types, and sequences of a mapped task.

use anyhow::Result;
use end_to_end::Airflow;
use serde_json::json;

use super::run_to_success;

pub(super) fn values_of_python_pass_both_ways(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "exchanged")?;
    let api = airflow.api();
    // The Rust task's side.
    assert_eq!(
        api.return_value(&run, "gather")?,
        Some(json!({
            "count": 5,
            "first": 1,
            "last": 5,
            "beyond": false,
            "streamed": [1, 2, 3, 4, 5],
            "slices": [[5, 4, 3, 2, 1], [4, 5], [2, 4], [], [], [5, 3]],
            "nulls": ["Null", "Missing", "Missing", "Missing", "NullOrMissing", "NullOrMissing", "Missing"],
            "pair": [1, [2]],
        }))
    );
    // The Python task's side; it also compared the values.
    assert_eq!(
        api.return_value(&run, "compare")?,
        Some(json!(["datetime", "date", "timedelta", "Decimal", "set"]))
    );
    // The database's side.
    assert_eq!(api.xcom_keys(&run, "gather")?, ["python", "return_value"]);
    Ok(())
}
