//! The commands that move XComs to object storage, and back.

use super::{calibrate, lifecycle, preflight, rollback, roundtrip, sweep};
use crate::outcome::Outcome;
use crate::stored::DatabaseArguments;

/// What to do with the XComs of a whole Airflow.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    Preflight(preflight::Arguments),
    Calibrate(calibrate::Arguments),
    Roundtrip(roundtrip::Arguments),
    Rollback(rollback::Arguments),
    Sweep(sweep::Arguments),
    Lifecycle(lifecycle::Arguments),
}

pub(super) async fn run(
    command: &Command,
    database: &DatabaseArguments,
) -> anyhow::Result<Outcome> {
    match command {
        Command::Preflight(arguments) => preflight::run(arguments).await,
        Command::Roundtrip(arguments) => roundtrip::run(arguments, database).await,
        Command::Calibrate(arguments) => calibrate::run(arguments, database).await,
        Command::Rollback(arguments) => rollback::run(arguments, database).await,
        Command::Sweep(arguments) => sweep::run(arguments, database).await,
        Command::Lifecycle(arguments) => lifecycle::run(arguments, database).await,
    }
}
