//! `cargo xtask image`: the files of an image without Python, Debian or anything else, and a trial of them.

mod build;
mod root;
mod trial;

use std::process::ExitCode;

use anyhow::Result;

use crate::progress::say;
use root::Root;

/// The Dag of examples/orders.
const DAG: &str = "orders";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Build without optimisation: sooner done, and several times as large
    #[arg(long)]
    debug: bool,
    /// Run the Dag orders on a real Airflow 3.3.2 whose pods see nothing but the image
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let programs = build::programs(arguments.debug)?;
    let root = Root::assemble(&programs)?;
    for (path, bytes) in root.files()? {
        println!("{:>8.1} MB  {path}", bytes as f64 / 1e6);
    }
    println!("{:>8.1} MB  together", root.bytes()? as f64 / 1e6);
    if arguments.check {
        trial::run(&root)?;
        say("orders ran in pods that had nothing but these files");
    }
    println!("{}", root.path().display());
    Ok(ExitCode::SUCCESS)
}
