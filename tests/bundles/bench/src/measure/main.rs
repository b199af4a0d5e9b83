//! Measures the bundle of the benchmarks and prints the numbers as one JSON object, `{"name": number}`.
//!
//! `cargo xtask bench` runs it and sets its numbers beside those of their peers.

mod answers;
mod memory;
mod percentile;
mod round_trip;
mod stand_in;
mod start;
mod storage;
mod xcom;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

/// Numbers by name; the end of a name is its unit.
type Numbers = BTreeMap<String, f64>;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Process start to acknowledged end
    Start {
        /// How many processes of each program
        #[arg(long, default_value_t = 200)]
        runs: usize,
    },
    /// Comm round trips
    RoundTrip {
        /// How many turns of 200 round trips
        #[arg(long, default_value_t = 50)]
        turns: usize,
    },
    /// Encoding and decoding an XCom of 10 MB
    Xcom {
        /// How often
        #[arg(long, default_value_t = 15)]
        runs: usize,
        /// Writes the value there as JSON, for the peers
        #[arg(long)]
        write: Option<PathBuf>,
    },
    /// XComs in object storage
    Storage(storage::Storage),
    /// Memory of a task that waits
    Memory {
        /// How many processes
        #[arg(long, default_value_t = 5)]
        runs: usize,
    },
}

fn main() -> Result<()> {
    let numbers = match Arguments::parse().what {
        What::Start { runs } => start::measure(runs)?,
        What::RoundTrip { turns } => round_trip::measure(turns)?,
        What::Xcom { runs, write } => xcom::measure(runs, write.as_deref())?,
        What::Storage(arguments) => storage::measure(&arguments)?,
        What::Memory { runs } => memory::measure(runs)?,
    };
    println!("{}", serde_json::to_string(&numbers)?);
    Ok(())
}

/// An executable beside this one.
fn sibling(name: &str) -> Result<PathBuf> {
    let mut path = std::env::current_exe().context("where is this program?")?;
    path.set_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    Ok(path)
}
