//! Development tasks, run as `cargo xtask TASK`: the demo, all tests, benchmarks, and the Airflow environments they need.

mod bench;
mod conformance;
mod demo;
mod development_airflow;
mod development_postgres;
mod environment;
mod image;
mod progress;
mod test;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Development tasks of Aileron")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run examples/orders on a real Airflow 3.3.2 and show its states, XComs and logs
    Demo(demo::Arguments),
    /// Check formatting, lints and documentation, and run all tests
    ///
    /// The last line is "N passed, N failed". It counts the tests; a check that fails counts as one failed test.
    Test(test::Arguments),
    /// Prepare the Airflow environments and print the environment variables that name them
    Env,
    /// Run the benchmarks, each beside its peer
    Bench(bench::Arguments),
    /// Print the table of what the SDK supports, made from tests/end-to-end/conformance.toml
    Conformance(conformance::Arguments),
    /// Build an image of the command and a bundle that has nothing else in it
    Image(image::Arguments),
    /// Run an Airflow for development
    #[command(subcommand)]
    Airflow(development_airflow::Command),
    /// Run a PostgreSQL for development
    #[command(subcommand)]
    Postgres(development_postgres::Command),
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Demo(arguments) => demo::run(&arguments),
        Task::Test(arguments) => test::run(&arguments),
        Task::Env => environment::print_all(),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Conformance(arguments) => conformance::run(&arguments),
        Task::Image(arguments) => image::run(&arguments),
        Task::Airflow(command) => development_airflow::run(command),
        Task::Postgres(command) => development_postgres::run(command),
    }
}
