//! Aileron's supervisor beside Airflow's: from a fresh process to the end of a task, memory, and log lines.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use end_to_end::supervised::Task;

use super::Bench;
use super::numbers::median;
use super::row::{Row, Target};

/// What was promised: a hundredth of the time, a tenth of the rest.
const START: f64 = 0.01;
const TENTH: f64 = 0.1;

/// Log lines of a task: enough that its start does not count.
const LINES: usize = 400_000;
const PYTHON_LINES: usize = 40_000;

/// Tasks in one supervisor.
const TOGETHER: usize = 50;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let mut rows = vec![start(bench)?, lines(bench)?];
    rows.extend(memory(bench)?);
    Ok(rows)
}

/// The supervisor, in a process of its own.
struct Supervise {
    child: Child,
    started: Instant,
    _logs: tempfile::TempDir,
}

impl Supervise {
    fn start(bench: &Bench, program: &Path, task: &str, options: &[&str]) -> Result<Self> {
        let logs = tempfile::tempdir()?;
        let started = Instant::now();
        let child = Command::new(&bench.programs.supervise)
            .args([program.as_os_str(), task.as_ref(), "--logs".as_ref()])
            .arg(logs.path())
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Self {
            child,
            started,
            _logs: logs,
        })
    }

    /// Waits for the line that says that something has happened; milliseconds since the start.
    fn says(&mut self, what: &str) -> Result<f64> {
        let output = self.child.stdout.as_mut().context("it has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        ensure!(line.trim() == what, "it said {line:?} and not {what:?}");
        Ok(self.started.elapsed().as_secs_f64() * 1000.0)
    }
}

impl Drop for Supervise {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ENDED: &str = "all have ended";
const RUNNING: &str = "bodies run";

/// From a fresh process to the acknowledged end of an empty task.
fn start(bench: &Bench) -> Result<Row> {
    let task = Task::of(&bench.programs.bundle, "bench", "empty");
    let (mut ours, mut python) = (Vec::new(), Vec::new());
    for _ in 0..bench.repetitions(2, 5) {
        for _ in 0..10 {
            let mut fresh = Supervise::start(bench, &bench.programs.bundle, "empty", &[])?;
            ours.push(fresh.says(ENDED)?);
        }
        let started = Instant::now();
        let outcome = bench.airflow.fresh()?.run(&task)?;
        ensure!(
            outcome.final_state.as_deref() == Some("success"),
            "{outcome:#?}"
        );
        python.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    let peer = ("Airflow's supervisor", median(python)?);
    let row = Row::new(
        "fresh supervisor to the end of an empty task, p50",
        "ms",
        median(ours)?,
        peer,
    );
    Ok(row.target(Target::RatioAtMost(START)))
}

/// A task that logs as fast as it can, into a file.
fn lines(bench: &mut Bench) -> Result<Row> {
    let count = LINES.to_string();
    let floor = bench.programs.floor.clone();
    let mut ours = Vec::new();
    for _ in 0..bench.repetitions(2, 5) {
        let mut run = Supervise::start(bench, &floor, "empty", &["--lines", &count])?;
        ours.push(run.says(ENDED)? * 1000.0 / LINES as f64);
    }
    let mut task = Task::of(Path::new("/usr/bin/env"), "bench", "empty");
    task.command.push(format!("BENCH_LINES={PYTHON_LINES}"));
    task.command.push(floor.display().to_string());
    task.log_to_file = true;
    let seconds = bench.airflow.run(&task)?.seconds;
    let peer = ("Airflow's supervisor", seconds * 1e6 / PYTHON_LINES as f64);
    let row = Row::new("a log line into a file", "us", median(ours)?, peer);
    Ok(row.target(Target::RatioAtMost(TENTH)))
}

/// Resident memory while tasks wait.
fn memory(bench: &mut Bench) -> Result<Vec<Row>> {
    let python = bench
        .airflow
        .process()
        .context("Airflow's supervisor runs")?;
    let peer = ("Airflow's supervisor", resident(python)?);
    let bundle = bench.programs.bundle.clone();
    let mut one = Supervise::start(bench, &bundle, "wait", &[])?;
    one.says(RUNNING)?;
    let alone = resident(one.child.id())?;
    let count = TOGETHER.to_string();
    let mut many = Supervise::start(bench, &bundle, "wait", &["--count", &count])?;
    many.says(RUNNING)?;
    let each = resident(many.child.id())? / TOGETHER as f64;
    let row =
        |name: &str, ours| Row::new(name, "MiB", ours, peer).target(Target::RatioAtMost(TENTH));
    Ok(vec![
        row("supervisor of one waiting task, resident (RSS)", alone),
        row("the same for each of 50 in one process", each),
    ])
}

fn resident(process: u32) -> Result<f64> {
    let path = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .trim()
                .strip_suffix(" kB")?
                .parse::<f64>()
                .ok()
        })
        .map(|kibibytes| kibibytes / 1024.0)
        .with_context(|| format!("{path} has no VmRSS"))
}
