//! `cargo xtask test`: formatting, lints, documentation, and all tests.

mod counts;
mod metastore;
mod phase;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::conformance::{self, Manifest};
use crate::environment::{self, Environment, Packages, Postgres};
use crate::progress::say;
use counts::Counts;
use phase::Phase;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Leave out the tests that run against a real Airflow
    #[arg(long)]
    fast: bool,
    /// Run only the tests whose name holds FILTER, without the checks
    #[arg(long, value_name = "FILTER")]
    only: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    // Installing Airflow waits for the network, the checks for the processor.
    let environments = (!arguments.fast).then(|| thread::spawn(prepare));
    let mut results = Results::default();
    if arguments.only.is_none() {
        for mut check in checks() {
            results.record(check.name(), check.run());
        }
    }
    if arguments.only.is_none() {
        results.record(
            "conformance table",
            conformance::check_readme().map(|()| Counts::default()),
        );
    }
    let environments = environments.map(join).transpose();
    let environments = environments.unwrap_or_else(|error| {
        results.record("Airflow environments", Err(error));
        None
    });
    let mut tests = tests(arguments, environments.as_ref());
    results.record(tests.name(), tests.run());
    if let Some(prepared) = &environments {
        let filter = arguments.only.as_deref();
        results.record(
            "metadata store on PostgreSQL",
            metastore::on_postgres(&prepared.postgres, filter),
        );
    }
    if environments.is_some() && arguments.only.is_none() {
        results.record("conformance", proofs(&results.counts.passed_names));
    }
    Ok(results.report())
}

/// Every tick of the conformance table has tests behind it that passed in this very run.
fn proofs(passed: &[String]) -> Result<Counts> {
    let unproved = Manifest::read()?.unproved(passed);
    for problem in &unproved {
        eprintln!("error: {problem}");
    }
    Ok(Counts {
        failed: unproved.len() as u64,
        failed_names: unproved,
        ..Counts::default()
    })
}

/// What the tests on a real Airflow need.
#[derive(Debug)]
struct Prepared {
    airflows: Vec<Environment>,
    /// Pythons, each with the variable that tells the tests of it.
    packages: Vec<(&'static str, PathBuf)>,
    postgres: Postgres,
}

fn prepare() -> Result<Prepared> {
    let airflows = environment::prepare_all()?;
    Ok(Prepared {
        postgres: Postgres::prepare(&airflows)?,
        airflows,
        packages: Packages::prepare_all()?,
    })
}

fn join(preparing: thread::JoinHandle<Result<Prepared>>) -> Result<Prepared> {
    preparing
        .join()
        .map_err(|_| anyhow!("preparing the Airflow environments panicked"))?
        .context("no real Airflow")
}

/// Every check looks at all targets and features, so that nothing is built twice.
fn checks() -> [Phase; 3] {
    let mut documentation = cargo("doc --workspace --no-deps --lib --all-features");
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    [
        Phase::check("cargo fmt", cargo("fmt --all --check")),
        Phase::check(
            "cargo clippy",
            cargo("clippy --workspace --all-targets --all-features -- -D warnings"),
        ),
        Phase::check("cargo doc", documentation),
    ]
}

/// The bundles of the end-to-end tests are built without these features: they are what people run.
const ALL_TESTS: &str = "test --workspace --no-fail-fast --features aileron/otel";

/// The feature of the tests on a real Airflow.
const REAL_AIRFLOW: &str = "end-to-end/real-airflow";

/// One run of cargo for all tests: one set of features, one build.
fn tests(arguments: &Arguments, environments: Option<&Prepared>) -> Phase {
    let mut command = cargo(ALL_TESTS);
    if let Some(prepared) = environments {
        command.args(["--features", REAL_AIRFLOW]);
        for airflow in &prepared.airflows {
            command.env(airflow.version.python_variable(), &airflow.python);
        }
        for (variable, python) in &prepared.packages {
            command.env(variable, python);
        }
        command.envs(prepared.postgres.variables());
    }
    if let Some(filter) = &arguments.only {
        command.args(["--", filter]);
    }
    Phase::tests("tests", command)
}

fn cargo(arguments: &str) -> Command {
    let mut command = end_to_end::bundle::cargo();
    command
        .args(arguments.split(' '))
        .current_dir(end_to_end::workspace_root());
    command
}

/// What the phases gave together.
#[derive(Debug, Default)]
struct Results {
    counts: Counts,
    failed_phases: Vec<&'static str>,
}

impl Results {
    fn record(&mut self, phase: &'static str, result: Result<Counts>) {
        let counts = result.unwrap_or_else(|error| {
            eprintln!("error: {phase}: {error:#}");
            Counts::one_failed()
        });
        if counts.failed > 0 {
            self.failed_phases.push(phase);
        }
        self.counts.add(counts);
    }

    /// Prints the summary; its last line is the one that scripts read.
    fn report(&self) -> ExitCode {
        let counts = &self.counts;
        for name in &counts.failed_names {
            println!("FAILED: {name}");
        }
        if !self.failed_phases.is_empty() {
            say(format!("failed: {}", self.failed_phases.join(", ")));
        }
        if counts.ignored > 0 {
            println!("{} ignored", counts.ignored);
        }
        println!("{} passed, {} failed", counts.passed, counts.failed);
        if counts.failed == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}
