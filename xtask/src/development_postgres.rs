//! `cargo xtask postgres up`: a PostgreSQL server to try things on, and to run the tests of the metadata store with.

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::Result;

use crate::environment;
use crate::progress::say;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Start one and keep it until standard input ends or Ctrl-C
    Up,
}

pub(crate) fn run(command: Command) -> Result<ExitCode> {
    let Command::Up = command;
    let server = environment::Postgres::prepare()?.start()?;
    println!(
        "export {}={}",
        end_to_end::POSTGRES_URL,
        server.url("postgres")
    );
    say("PostgreSQL runs until standard input ends or Ctrl-C");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(ExitCode::SUCCESS)
}
