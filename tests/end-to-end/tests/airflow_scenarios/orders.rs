//! The example that the README shows.

use anyhow::{Context, Result};
use end_to_end::Airflow;

use super::run_to_success;

pub(super) fn runs_behind_its_generated_stub(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "orders")?;
    let api = airflow.api();
    let orders = api
        .return_value(&run, "extract")?
        .context("extract returned nothing")?;
    assert_eq!(orders.as_array().map(Vec::len), Some(600));
    let summary = api
        .return_value(&run, "summarise")?
        .context("summarise returned nothing")?;
    assert_eq!(summary["country"], "uk");
    let line = api
        .return_value(&run, "publish")?
        .context("publish returned nothing")?;
    let expected = format!("uk: {} orders, ", summary["orders"]);
    assert!(
        line.as_str()
            .is_some_and(|line| line.starts_with(&expected)),
        "{line}"
    );
    let sent = api
        .return_value(&run, "invoice")?
        .context("invoice returned nothing")?;
    assert_eq!(
        (&sent["before"], &sent["now"]),
        (&0.into(), &summary["orders"])
    );
    Ok(())
}
