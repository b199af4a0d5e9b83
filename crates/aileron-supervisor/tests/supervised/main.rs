//! Whole lives of tasks: real processes, real sockets, an Execution API in memory.
//!
//! This program is the task as well. Started with `--comm` it either serves a bundle, or plays a task that does not behave
//! (see `player`).

#![allow(missing_docs, clippy::unwrap_used)]

mod bundle;
mod player;
mod stage;

mod ending;
mod go;
mod logging;
mod requests;
mod safety;
mod starting;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(name) = arguments.iter().find_map(|a| a.strip_prefix("play=")) {
        return player::play(name, &arguments);
    }
    if arguments.iter().any(|a| a.starts_with("--comm=")) {
        return bundle::serve();
    }
    let arguments = libtest_mimic::Arguments::from_args();
    let trials = [
        starting::trials(),
        requests::trials(),
        ending::trials(),
        logging::trials(),
        safety::trials(),
        go::trials(),
    ];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit_code()
}
