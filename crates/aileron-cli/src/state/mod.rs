//! `aileron state`: the state stores of tasks and assets in the metadata database.

mod asset;
mod clean;
mod export;
mod import;
mod rest;
mod task;
mod too_short;

use crate::outcome::Outcome;
use crate::stored::{Access, DatabaseArguments, WriteArguments, block_on};

/// Values longer than this are not loaded for a list.
const SHORT: i64 = 1000;

/// Show and change what tasks and assets remember.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    database: DatabaseArguments,
    #[command(flatten)]
    rest: rest::RestArguments,
    #[command(subcommand)]
    command: Command,
}

/// Whose state.
#[derive(Debug, clap::Subcommand)]
enum Command {
    /// The task state store: what a task instance keeps from try to try.
    #[command(subcommand)]
    Task(task::Command),
    /// The asset state store: what is kept for an asset from run to run.
    #[command(subcommand)]
    Asset(asset::Command),
    Clean(clean::Arguments),
    Export(export::Arguments),
    Import(import::Arguments),
}

impl Command {
    /// Whether it may change something; `None` when it never does.
    fn writes(&self) -> Option<WriteArguments> {
        match self {
            Self::Task(command) => command.writes(),
            Self::Asset(command) => command.writes(),
            Self::Clean(arguments) => arguments.writes(),
            Self::Export(_) => None,
            Self::Import(arguments) => arguments.writes(),
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    block_on(async {
        if let Some(api) = arguments.rest.api()? {
            rest::run(&api, &arguments.command).await?;
            return Ok(Outcome::Done);
        }
        let opened = match arguments.command.writes() {
            Some(write) => write.open(&arguments.database).await?,
            None => arguments.database.open(Access::Read).await?,
        };
        match &arguments.command {
            Command::Task(command) => task::run(&opened, command).await?,
            Command::Asset(command) => asset::run(&opened, command).await?,
            Command::Clean(arguments) => clean::run(&opened, arguments).await?,
            Command::Export(arguments) => export::run(&opened, arguments).await?,
            Command::Import(arguments) => return import::run(&opened, arguments).await,
        }
        Ok(Outcome::Done)
    })
}
