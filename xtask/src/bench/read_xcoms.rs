//! `aileron xcom pull` and `runs` on a database with a million XComs, beside `psql` with the same statement.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use end_to_end::PostgresDatabase;

use super::numbers::median;
use super::row::{Row, Target};
use super::{Bench, PEER};
use crate::environment;
use crate::progress::say;

const FILL: &str = include_str!("../../../tests/bundles/bench/sql/xcoms.sql");

/// What was promised, in milliseconds.
const LIMIT: f64 = 100.0;

/// How much more memory many cells may take than few.
const FLAT: f64 = 1.25;

/// Cells of the other runs.
const FEW: usize = 10_000;

/// Cells of the largest run.
const MANY: usize = 200_000;

/// The 100 newest cells of a run that has 10,000.
const PULL: [&str; 8] = [
    "pull", "--dag-id", "wide", "--run-id", "run_40", "--limit", "100", "--json",
];
const PULL_SQL: &str = "select x.task_id, x.map_index, x.key, x.timestamp, x.value from xcom x \
    where x.dag_run_id = (select id from dag_run where dag_id = 'wide' and run_id = 'run_40') and x.key = 'return_value' \
    order by x.timestamp desc, x.task_id, x.map_index limit 100";

/// The newest runs.
const RUNS: [&str; 4] = ["runs", "--dag-id", "wide", "--json"];
const RUNS_SQL: &str = "select run_id, run_type, state, logical_date, start_date, end_date from dag_run \
    where dag_id = 'wide' order by id desc limit 20";

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let postgres = environment::Postgres::prepare()?.start()?;
    let database = postgres.database(PEER)?;
    say("filling in 1,000,000 XComs");
    database.sql(FILL)?;
    let times = bench.repetitions(5, 21);
    let aileron = &bench.programs.aileron;
    let row = |name: &str, arguments: &[&str], sql: &str| -> Result<Row> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..times {
            ours.push(timed(|| pull(aileron, &database, arguments))?);
            theirs.push(timed(|| database.sql(sql).map(|_| ()))?);
        }
        let row = Row::new(name, "ms", median(ours)?, ("psql", median(theirs)?));
        Ok(row.target(Target::AtMost(LIMIT)))
    };
    let few = peak(aileron, &database, "run_40", FEW)?;
    let many = peak(aileron, &database, "run_81", MANY)?;
    Ok(vec![
        row("xcom pull, 100 cells of 1,000,000 XComs", &PULL, PULL_SQL)?,
        row("xcom runs beside 1,000,000 XComs", &RUNS, RUNS_SQL)?,
        Row::new(
            "xcom pull, 200,000 cells, most memory",
            "MiB",
            many,
            ("10,000 cells", few),
        )
        .target(Target::RatioAtMost(FLAT)),
    ])
}

fn command(aileron: &Path, database: &PostgresDatabase, arguments: &[&str]) -> Command {
    let mut command = Command::new(aileron);
    command
        .arg("xcom")
        .args(arguments)
        .env("AILERON_DB", database.url())
        .stdin(Stdio::null());
    command
}

/// A whole call of the command, its start included.
fn pull(aileron: &Path, database: &PostgresDatabase, arguments: &[&str]) -> Result<()> {
    let output = command(aileron, database, arguments).output()?;
    ensure!(
        output.status.success() && output.stdout.len() > 1000,
        "it gave {} bytes: {}",
        output.stdout.len(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// Milliseconds.
fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed().as_secs_f64() * 1000.0)
}

/// The most memory of a pull of so many cells, in MiB. It is read before the last cells are, as long as the process still waits for
/// somebody to take them.
fn peak(aileron: &Path, database: &PostgresDatabase, run_id: &str, cells: usize) -> Result<f64> {
    let limit = cells.to_string();
    let arguments = [
        "pull", "--dag-id", "wide", "--run-id", run_id, "--limit", &limit, "--format", "ndjson",
    ];
    let mut child = command(aileron, database, &arguments)
        .stdout(Stdio::piped())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut lines = BufReader::new(child.stdout.take().context("no standard output")?).lines();
    let early = cells - cells / 10;
    let mut peak = None;
    let mut count = 0;
    while let Some(line) = lines.next().transpose()? {
        ensure!(line.starts_with('{'), "no JSON: {line}");
        count += 1;
        if count == early {
            peak = std::fs::read_to_string(&status)
                .ok()
                .and_then(|text| high_water(&text));
        }
    }
    ensure!(
        child.wait()?.success() && count == cells,
        "{count} of {cells} cells came"
    );
    Ok(peak.context("the process was gone before its memory was read")? as f64 / 1024.0)
}

/// `VmHWM`, in KiB.
fn high_water(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
