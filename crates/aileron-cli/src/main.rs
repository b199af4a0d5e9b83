//! The `aileron` command.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod arguments;
mod completion;
mod dag_ids;
mod deployment;
mod doctor;
mod executable;
mod execute_workload;
mod format;
mod inspect;
mod lint;
mod new;
mod outcome;
mod pack;
mod project;
mod run;
mod schema;
mod serve;
mod size;
mod skill;
mod state;
mod stored;
mod stub;
mod style;
mod verify;
mod xcom;

use std::process::ExitCode;

use clap::Parser as _;

use crate::arguments::{Cli, Command};
use crate::outcome::Outcome;

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli.color.write_global();
    outcome::exit_code(execute(cli.command))
}

fn execute(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::New(arguments) => new::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Pack(arguments) => pack::run(&arguments),
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Stub(arguments) => stub::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Xcom(arguments) => xcom::run(&arguments),
        Command::State(arguments) => state::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Lint(arguments) => lint::run(&arguments),
        Command::Skill(arguments) => skill::run(&arguments),
        Command::ExecuteWorkload(arguments) => execute_workload::run(&arguments),
        Command::Completion(arguments) => completion::run(&arguments),
    }
}
