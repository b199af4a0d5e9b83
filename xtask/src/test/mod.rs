//! `cargo xtask test`: formatting, lints, documentation, and all tests.

mod counts;
mod metastore;
mod phase;
mod programs;
mod side_by_side;
mod space;

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::conformance::{self, Manifest};
use crate::environment::{self, Environment, Packages, Postgres};
use crate::progress::say;
use counts::Counts;
use end_to_end::bundle::EXECUTABLES_FILE;
use phase::Phase;
use side_by_side::Job;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Leave out the tests that run against a real Airflow
    #[arg(long)]
    fast: bool,
    /// Run only the tests whose name holds FILTER, without the checks
    #[arg(long, value_name = "FILTER")]
    only: Option<String>,
    /// How many test programs run at the same time [default: the number of processors]
    #[arg(long, value_name = "N")]
    at_once: Option<NonZeroUsize>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    space::check()?;
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
    results.record("tests", tests(arguments, environments.as_ref()));
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
    /// Pythons, each with the variable that names it.
    packages: Vec<(&'static str, PathBuf)>,
    postgres: Postgres,
}

impl Prepared {
    /// The environment variables that tell the tests of it.
    fn variables(&self) -> Vec<(&'static str, PathBuf)> {
        let airflows = self.airflows.iter();
        airflows
            .map(|airflow| (airflow.version.python_variable(), airflow.python.clone()))
            .chain(self.packages.iter().cloned())
            .chain(self.postgres.variables())
            .collect()
    }
}

fn prepare() -> Result<Prepared> {
    let airflows = environment::prepare_all()?;
    Ok(Prepared {
        postgres: Postgres::prepare()?,
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

/// Every check looks at all targets and features, so that nothing is built twice. No crate has examples: asked for them, cargo chooses the
/// features of dependencies for documentation as it does for clippy.
fn checks() -> [Phase; 3] {
    let words = |text: &'static str| text.split(' ').collect::<Vec<_>>();
    let mut documentation = cargo(&words(
        "doc --workspace --no-deps --lib --examples --all-features",
    ));
    documentation.env("RUSTDOCFLAGS", "-D warnings");
    let clippy = words("clippy --workspace --all-targets --all-features -- -D warnings");
    [
        Phase::new("cargo fmt", cargo(&["fmt", "--all", "--check"])),
        Phase::new("cargo clippy", cargo(&clippy)),
        Phase::new("cargo doc", documentation),
    ]
}

/// One set of features for all tests: one build.
const ALL_TESTS: [&str; 5] = [
    "test",
    "--workspace",
    "--no-fail-fast",
    "--features",
    "aileron/otel",
];

/// The feature of the tests on a real Airflow.
const REAL_AIRFLOW: [&str; 2] = ["--features", "end-to-end/real-airflow"];

/// Test programs that take long. They begin first, so that no processor is idle at the end while the last one runs.
const LONG: [&str; 18] = [
    "docs_commands",
    "airflow_332_postgres",
    "xcom_flip",
    "airflow_340",
    "serve_scheduler",
    "airflow_332",
    "airflow_332_pods",
    "chaos",
    "server_airflow",
    "compile_fail",
    "bundle_new_project",
    "live_xcoms",
    "storage_python",
    "execute_workload",
    "airflow_storage",
    "xcom_flip_upgraded",
    "state_live",
    "local_outcomes",
];

/// Builds all tests once, then runs the programs, as many at a time as there are processors.
fn tests(arguments: &Arguments, environments: Option<&Prepared>) -> Result<Counts> {
    let mut words = ALL_TESTS.to_vec();
    if environments.is_some() {
        words.extend(REAL_AIRFLOW);
    }
    say("building the tests ...");
    let mut programs = programs::build(&words)?;
    // Before anything runs: a program that tests start is not replaced under them.
    let executables = end_to_end::bundle::build_all()?;
    programs.sort_by_cached_key(|program| {
        let place = LONG.iter().position(|name| *name == program.name);
        let (package, name) = (program.package.clone(), program.name.clone());
        (place.unwrap_or(LONG.len()), package, name)
    });
    let libraries = programs::toolchain_libraries()?;
    let postgres = environments
        .map(|prepared| prepared.postgres.start())
        .transpose()?;
    let mut jobs: Vec<Job> = programs
        .iter()
        .map(|program| program.job(&libraries))
        .collect();
    if let Some(server) = &postgres {
        jobs.extend(metastore::on_postgres(&programs, &libraries, server)?);
    }
    let filter = arguments.only.as_deref();
    for job in &mut jobs {
        job.command.env(EXECUTABLES_FILE, &executables).args(filter);
    }
    let mut examples = cargo(&words);
    examples.arg("--doc");
    if let Some(filter) = filter {
        examples.args(["--", filter]);
    }
    // They keep all processors busy, so they begin while others wait.
    jobs.insert(
        LONG.len().min(jobs.len()),
        Job {
            name: "examples in the documentation".to_owned(),
            command: examples,
        },
    );
    if let Some(prepared) = environments {
        for job in &mut jobs {
            job.command.envs(prepared.variables());
        }
    }
    let processors = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    side_by_side::run(jobs, arguments.at_once.unwrap_or_else(processors).get())
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = end_to_end::bundle::cargo();
    command
        .args(arguments)
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
