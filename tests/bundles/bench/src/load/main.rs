//! Drives an Execution API from many connections, each with the token of a task of its own, and prints how it answered as
//! one JSON object of numbers.
//!
//! A connection is kept open and asks again as soon as it has its answer. Any answer but the expected one ends the program
//! with an error.

mod answer;
mod connection;
mod operation;
mod processes;
mod run;
mod task;

use std::net::SocketAddr;

use aileron_server::auth::{Auth, AuthSettings};
use anyhow::{Context as _, Result};
use clap::Parser;

use operation::Operation;

/// The variable with the secret of the tokens: the one that both servers have it from.
const SECRET: &str = "AIRFLOW__API_AUTH__JWT_SECRET";

#[derive(Debug, Parser)]
struct Arguments {
    /// What is asked
    operation: Operation,
    /// The server
    #[arg(long)]
    address: SocketAddr,
    /// How many connections, at most as many as there are runs
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// How long the server is asked before anything counts, in seconds
    #[arg(long, default_value_t = 0.0)]
    warm_up: f64,
    /// How long the answers count, in seconds
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Ask so often on each connection, instead of for a time
    #[arg(long)]
    count: Option<u64>,
    /// The first task instance that is queued
    #[arg(long, default_value_t = task::RUNS)]
    first: u32,
    /// How many task instances there are
    #[arg(long, default_value_t = task::RUNS)]
    tasks: u32,
    /// A process of the server, for its processor time and memory; may be repeated
    #[arg(long = "process")]
    processes: Vec<u32>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let secret = std::env::var(SECRET).with_context(|| format!("{SECRET} is not set"))?;
    let auth = Auth::new(&AuthSettings::with_secret(secret))?;
    // One thread: the server and the database want the processors too.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let numbers = runtime.block_on(run::run(&arguments, auth))?;
    println!("{}", serde_json::to_string(&numbers)?);
    Ok(())
}
