//! Dags that keep state in the wrong place, repaired by `aileron lint`: after a failure they go on where they were.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use end_to_end::{Airflow, workspace_root};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::run_to_success;

/// The Dags of `tests/end-to-end/dags/lint` after their fixes.
pub(super) struct Fixed {
    directory: TempDir,
}

impl Fixed {
    pub(super) fn make(aileron: &Path) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        for entry in workspace_root()
            .join("tests/end-to-end/dags/lint")
            .read_dir()?
        {
            let path = entry?.path();
            let name = path.file_name().context("a file has a name")?;
            fs::copy(&path, directory.path().join(name))?;
        }
        let output = Command::new(aileron)
            .args([
                "lint",
                "--target-version",
                "3.3.2",
                "--fix",
                "--unsafe-fixes",
            ])
            .arg(directory.path())
            .output()?;
        // Nothing is left to find.
        let said = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "{said}");
        Ok(Self { directory })
    }

    /// One by one: a directory would bring what Python has compiled.
    pub(super) fn files(&self) -> Result<Vec<PathBuf>> {
        let entries = self.directory.path().read_dir()?;
        entries.map(|entry| Ok(entry?.path())).collect()
    }
}

/// What a system was asked, in order; `tests/end-to-end/dags/lint/stand_ins.py` has written it down.
fn journal(airflow: &Airflow, system: &str, what: &str) -> Result<Vec<Value>> {
    let text = fs::read_to_string(airflow.home().join("journal.jsonl"))?;
    let lines = text.lines().map(serde_json::from_str::<Value>);
    let lines = lines.collect::<Result<Vec<_>, _>>()?;
    Ok(lines
        .into_iter()
        .filter(|line| line["system"] == system)
        .filter_map(|line| line.get(what).cloned())
        .collect())
}

pub(super) fn a_repaired_dag_goes_on_where_it_was(airflow: &Airflow) -> Result<()> {
    let api = airflow.api();

    // A cursor in the task's own XCom. The third page fails once, and is fetched again; the two before it are not.
    let run = run_to_success(airflow, "checkpoint_in_xcom")?;
    assert_eq!(api.task_instance(&run, "copy_pages")?.try_number, 2);
    assert_eq!(
        json!(journal(airflow, "pages", "fetched_after")?),
        json!([0, 2, 4, 4, 6, 8])
    );
    assert_eq!(
        json!(journal(airflow, "pages", "loaded")?),
        json!([1, 2, 3, 4, 5, 6, 7, 8])
    );

    // A cursor and a job id in Variables.
    let run = run_to_success(airflow, "state_in_variables")?;
    assert_eq!(api.task_instance(&run, "ingest")?.try_number, 2);
    assert_eq!(
        json!(journal(airflow, "records", "loaded")?),
        json!([1, 2, 3, 4, 5, 6, 7, 8])
    );
    assert_eq!(api.task_instance(&run, "run_spark")?.try_number, 2);
    assert_eq!(journal(airflow, "spark", "submitted")?.len(), 1);
    let waited = journal(airflow, "spark", "waited")?;
    assert!(waited.len() == 2 && waited[0] == waited[1], "{waited:?}");
    for variable in ["ingest_cursor", "spark_job_id", "orders_watermark"] {
        assert_eq!(api.find(&format!("/variables/{variable}"))?, None);
    }

    // A job id in the task's own XCom, and a watermark in a Variable.
    let first = run_to_success(airflow, "watermark_in_variable")?;
    assert_eq!(api.task_instance(&first, "load_orders")?.try_number, 2);
    assert_eq!(journal(airflow, "batch", "submitted")?.len(), 1);
    // The next run has a job of its own, and goes on from the watermark of the first.
    let second = run_to_success(airflow, "watermark_in_variable")?;
    assert_eq!(api.task_instance(&second, "load_orders")?.try_number, 1);
    assert_eq!(journal(airflow, "batch", "submitted")?.len(), 2);
    let since = journal(airflow, "watermark", "since")?;
    assert_eq!(since[0], "2026-01-01");
    let watermark = since[1].as_str().context("a watermark is text")?;
    assert!(
        watermark > "2026-01-02" && watermark.ends_with("+00:00"),
        "{watermark}"
    );
    Ok(())
}
