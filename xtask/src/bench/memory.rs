//! Resident memory of a task that waits.

use anyhow::{Context, Result};
use end_to_end::supervised::Outcome;

use super::Bench;
use super::airflow::python_task;
use super::numbers::median;
use super::row::{Row, Target};

/// What was promised, in MiB.
const LIMIT: f64 = 8.0;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let runs = bench.repetitions(3, 5).to_string();
    let ours = bench.programs.measure(&["memory", "--runs", &runs])?;
    let times = bench.repetitions(1, 3);
    let task = python_task("wait");
    let outcomes = (0..times).map(|_| bench.airflow.run(&task));
    let outcomes: Vec<Outcome> = outcomes.collect::<Result<_>>()?;
    let row = |name: &str, key: &str, field: &str| -> Result<Row> {
        let python = mebibytes(&outcomes, field)?;
        let ours = ours.get(&format!("memory.{key}_mib"))?;
        Ok(Row::new(name, "MiB", ours, ("Python task runner", python)))
    };
    Ok(vec![
        row("waiting task, resident (RSS)", "rss", "Rss")?.target(Target::AtMost(LIMIT)),
        row("waiting task, fair share (PSS)", "pss", "Pss")?,
    ])
}

/// What the Python task read about itself and returned.
fn mebibytes(outcomes: &[Outcome], field: &str) -> Result<f64> {
    let kibibytes: Option<Vec<f64>> = outcomes
        .iter()
        .map(|outcome| outcome.xcoms.get("wait/return_value")?[field].as_f64())
        .collect();
    median(kibibytes.with_context(|| format!("the Python task returned no {field}"))?)
        .map(|kibibytes| kibibytes / 1024.0)
}
