//! Process start to acknowledged end of an empty task.

use anyhow::{Context, Result};
use end_to_end::supervised::{Outcome, Task};

use super::Bench;
use super::airflow::python_task;
use super::numbers::median;
use super::row::{Row, Target};

/// What was promised, in milliseconds.
const LIMIT: f64 = 5.0;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let runs = bench.repetitions(100, 300).to_string();
    let numbers = bench.programs.measure(&["start", "--runs", &runs])?;
    let alone = |percentile: &str| -> Result<Row> {
        Ok(Row::new(
            format!("empty task, stand-in supervisor, {percentile}"),
            "ms",
            numbers.get(&format!("start.bundle.{percentile}_ms"))?,
            (
                "bare process",
                numbers.get(&format!("start.floor.{percentile}_ms"))?,
            ),
        ))
    };
    let until_exit = Row::new(
        "the same until the process has ended, p50",
        "ms",
        numbers.get("start.bundle.exit.p50_ms")?,
        ("bare process", numbers.get("start.floor.exit.p50_ms")?),
    );

    let few = bench.repetitions(3, 10);
    let many = bench.repetitions(10, 30);
    let bundle = Task::of(&bench.programs.bundle, "bench", "empty");
    let floor = Task::of(&bench.programs.floor, "bench", "empty");
    let python = milliseconds(bench.airflow.run(&python_task("empty"), few)?)?;
    let bundle = milliseconds(bench.airflow.run(&bundle, many)?)?;
    let floor = milliseconds(bench.airflow.run(&floor, many)?)?;
    let supervised = "empty task, Airflow's supervisor, p50";
    Ok(vec![
        alone("p50")?.target(Target::AtMost(LIMIT)),
        alone("p99")?,
        until_exit,
        Row::new(supervised, "ms", bundle, ("Python task runner", python)),
        Row::new(supervised, "ms", bundle, ("bare process", floor)),
    ])
}

/// The median time until the API had the end of the task; the supervisor's reply to the task follows at once.
fn milliseconds(outcomes: Vec<Outcome>) -> Result<f64> {
    let seconds: Option<Vec<f64>> = outcomes
        .iter()
        .map(|outcome| outcome.seconds_to_terminal_request)
        .collect();
    median(seconds.context("a task did not say how it ended")?).map(|seconds| seconds * 1e3)
}
