//! Values between tasks.

use anyhow::Result;
use end_to_end::Airflow;
use serde_json::json;

use super::run_to_success;

pub(super) fn pass_from_rust_to_python_and_back(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "values")?;
    let doubled =
        json!({"station": "Häfen \"north\"", "counts": [2, 4, 6], "ratio": 0.5, "note": null});
    assert_eq!(airflow.api().return_value(&run, "double")?, Some(doubled));
    assert_eq!(airflow.api().return_value(&run, "check")?, Some(json!(12)));
    Ok(())
}

pub(super) fn are_read_back_through_airflow(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "values")?;
    let api = airflow.api();
    let reading =
        json!({"station": "Häfen \"north\"", "counts": [1, 2, 3], "ratio": 0.5, "note": null});
    assert_eq!(api.return_value(&run, "measure")?, Some(reading));
    assert_eq!(
        api.xcom(&run, "measure", "run_id")?,
        Some(json!(run.dag_run_id))
    );
    assert_eq!(api.xcom_keys(&run, "measure")?, ["return_value", "run_id"]);
    Ok(())
}
