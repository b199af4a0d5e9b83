//! `cargo xtask bench`: each benchmark beside its peer. docs/benchmarks.md says what is measured and how.

mod airflow;
mod lint;
mod local_run;
mod memory;
mod numbers;
mod programs;
mod read_xcoms;
mod report;
mod round_trip;
mod row;
mod serve;
mod start;
mod supervisor;
mod xcom;
mod xcom_storage;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use end_to_end::AirflowVersion;

use crate::environment;
use crate::progress::say;
use airflow::Airflow;
use programs::Programs;
use row::Row;

/// The Airflow whose code is the peer.
const PEER: AirflowVersion = AirflowVersion::V3_3_2;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run only the benchmarks whose name holds FILTER: start, round-trip, xcom, xcom-storage, memory, supervisor, run, read, serve, lint
    #[arg(long, value_name = "FILTER")]
    only: Option<String>,
    /// Fewer repetitions: less than a minute, and less exact
    #[arg(long)]
    quick: bool,
    /// Fail when a target is missed
    #[arg(long)]
    check: bool,
    /// How to print the results
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A table
    Text,
    /// One JSON object
    Json,
}

/// What the benchmarks have in common.
struct Bench {
    programs: Programs,
    airflow: Airflow,
    quick: bool,
}

impl Bench {
    /// One of two counts: the first with `--quick`.
    fn repetitions(&self, quick: usize, full: usize) -> usize {
        if self.quick { quick } else { full }
    }
}

/// A benchmark gives several rows that are measured together.
struct Benchmark {
    name: &'static str,
    run: fn(&mut Bench) -> Result<Vec<Row>>,
}

/// The benchmarks, in the order they run.
const BENCHMARKS: [Benchmark; 10] = [
    Benchmark {
        name: "start",
        run: start::run,
    },
    Benchmark {
        name: "round-trip",
        run: round_trip::run,
    },
    Benchmark {
        name: "xcom",
        run: xcom::run,
    },
    Benchmark {
        name: "xcom-storage",
        run: xcom_storage::run,
    },
    Benchmark {
        name: "memory",
        run: memory::run,
    },
    Benchmark {
        name: "supervisor",
        run: supervisor::run,
    },
    Benchmark {
        name: "run",
        run: local_run::run,
    },
    Benchmark {
        name: "read",
        run: read_xcoms::run,
    },
    Benchmark {
        name: "serve",
        run: serve::run,
    },
    Benchmark {
        name: "lint",
        run: lint::run,
    },
];

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let chosen = |benchmark: &&Benchmark| {
        let filter = arguments.only.as_ref();
        filter.is_none_or(|filter| benchmark.name.contains(filter))
    };
    let chosen: Vec<&Benchmark> = BENCHMARKS.iter().filter(chosen).collect();
    if chosen.is_empty() {
        bail!("there is no such benchmark");
    }
    let Ok(python) = PEER.python() else {
        return run_with_airflow();
    };
    let mut bench = Bench {
        programs: Programs::build()?,
        airflow: Airflow::new(PEER, python),
        quick: arguments.quick,
    };
    let mut rows = Vec::new();
    for benchmark in chosen {
        say(format!("{} ...", benchmark.name));
        let measured = (benchmark.run)(&mut bench);
        rows.extend(measured.with_context(|| format!("benchmark {}", benchmark.name))?);
    }
    match arguments.format {
        Format::Text => print!("{}", report::table(&rows)),
        Format::Json => println!("{:#}", report::json(&rows)),
    }
    let kept = rows.iter().all(|row| row.met() != Some(false));
    Ok(if kept || !arguments.check {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Runs this command again, with the variable that names the peer's Python: it is looked up in the environment, which a
/// process cannot safely change for itself.
fn run_with_airflow() -> Result<ExitCode> {
    let environment = environment::prepare(PEER)?;
    let status = Command::new(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(PEER.python_variable(), environment.python)
        .status()?;
    Ok(if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
