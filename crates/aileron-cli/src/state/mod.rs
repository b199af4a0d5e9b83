//! `aileron state`: the state stores of tasks and assets in the metadata database.

mod asset;
mod task;

use crate::outcome::Outcome;
use crate::stored::{DatabaseArguments, block_on};

/// Values longer than this are not loaded for a list.
const SHORT: i64 = 1000;

/// Show and change what tasks and assets remember.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    database: DatabaseArguments,
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
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    block_on(async {
        let store = arguments.database.open().await?;
        match &arguments.command {
            Command::Task(command) => task::run(&store, command).await?,
            Command::Asset(command) => asset::run(&store, command).await?,
        }
        Ok(Outcome::Done)
    })
}
