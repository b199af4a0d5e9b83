//! Process start to acknowledged end of an empty task.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use end_to_end::supervised::{Outcome, Task};

use super::Bench;
use super::airflow::python_task;
use super::numbers::median;
use super::row::{Row, Target};

/// What was promised, in milliseconds.
const LIMIT: f64 = 5.0;

/// After this time on a busy machine, this many turns under Airflow's supervisor are enough.
const PATIENCE: Duration = Duration::from_secs(20);
const ENOUGH: usize = 3;

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

    let [python, bundle, floor] = supervised(bench)?;
    let under_airflow = "empty task, Airflow's supervisor, p50";
    Ok(vec![
        alone("p50")?.target(Target::AtMost(LIMIT)),
        alone("p99")?,
        until_exit,
        Row::new(under_airflow, "ms", bundle, ("Python task runner", python)),
        Row::new(under_airflow, "ms", bundle, ("bare process", floor)),
    ])
}

/// Milliseconds of the Python task runner, the bundle and the bare process under Airflow's supervisor.
///
/// They take turns: what else the machine does then meets all of them.
fn supervised(bench: &mut Bench) -> Result<[f64; 3]> {
    let turns = bench.repetitions(7, 25);
    let tasks = [
        python_task("empty"),
        Task::of(&bench.programs.bundle, "bench", "empty"),
        Task::of(&bench.programs.floor, "bench", "empty"),
    ];
    let mut times = [(); 3].map(|()| Vec::new());
    let started = Instant::now();
    // The first turn warms up.
    for turn in 0..=turns {
        for (task, times) in tasks.iter().zip(&mut times) {
            let outcome = bench.airflow.run(task)?;
            if turn > 0 {
                times.push(milliseconds(&outcome)?);
            }
        }
        if turn >= ENOUGH && started.elapsed() > PATIENCE {
            break;
        }
    }
    let [python, bundle, floor] = times.map(median);
    Ok([python?, bundle?, floor?])
}

/// The time until the API had the end of the task; the supervisor's reply to the task follows at once.
fn milliseconds(outcome: &Outcome) -> Result<f64> {
    let seconds = outcome.seconds_to_terminal_request;
    Ok(seconds.context("a task did not say how it ended")? * 1e3)
}
