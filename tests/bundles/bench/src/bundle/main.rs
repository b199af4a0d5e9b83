//! The bundle that the benchmarks run: a task that does nothing, one that waits, and one that counts round trips.

mod bare;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use aileron::prelude::*;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

/// The Variable that is asked for, over and over.
const KEY: &str = "bench_variable";

/// Does nothing: what is left is the cost of the process.
#[task]
async fn empty() -> Result<()> {
    Ok(())
}

/// Waits to be measured. The Variable tells the stand-in supervisor that the body runs.
#[task]
async fn wait(cx: &Context) -> Result<()> {
    cx.variables().get(KEY).await?;
    tokio::time::sleep(Duration::from_secs(60)).await;
    Ok(())
}

/// How much is measured, and against which server.
#[derive(Debug, Deserialize)]
struct Plan {
    /// A server that answers frames as the stand-in supervisor does.
    echo: String,
    /// The clients take turns so often: what else the machine does then meets all of them.
    turns: usize,
    /// Round trips of a client in one turn.
    round_trips: usize,
    /// Bursts of a client in one turn.
    bursts: usize,
    /// Requests in flight in a burst.
    burst_size: usize,
}

/// Every round trip and every burst, in nanoseconds.
#[derive(Debug, Default, Serialize)]
struct Timings {
    sdk: Vec<u64>,
    bare_tokio: Vec<u64>,
    bare_blocking: Vec<u64>,
    sdk_burst: Vec<u64>,
    bare_tokio_burst: Vec<u64>,
}

/// Times the SDK's requests and bare sockets, in the same process and on the same async runtime.
#[task]
async fn round_trips(cx: &Context) -> Result<Timings> {
    let plan: Plan = cx.param("plan")?;
    let mut bare_tokio = bare::Tokio::connect(&plan.echo, KEY).await?;
    let mut bare_blocking = bare::Blocking::connect(&plan.echo, KEY)?;
    let variables = cx.variables();
    let mut timings = Timings::default();
    // The first turn warms up.
    for turn in 0..=plan.turns {
        if turn == 1 {
            timings = Timings::default();
        }
        for _ in 0..plan.round_trips {
            let start = Instant::now();
            variables.get(KEY).await?;
            timings.sdk.push(nanoseconds(start));
        }
        for _ in 0..plan.round_trips {
            let start = Instant::now();
            bare_tokio.round_trip().await?;
            timings.bare_tokio.push(nanoseconds(start));
        }
        for _ in 0..plan.round_trips {
            let start = Instant::now();
            bare_blocking.round_trip()?;
            timings.bare_blocking.push(nanoseconds(start));
        }
        for _ in 0..plan.bursts {
            let start = Instant::now();
            try_join_all((0..plan.burst_size).map(|_| variables.get(KEY))).await?;
            timings.sdk_burst.push(nanoseconds(start));
        }
        for _ in 0..plan.bursts {
            let start = Instant::now();
            bare_tokio.burst(plan.burst_size).await?;
            timings.bare_tokio_burst.push(nanoseconds(start));
        }
    }
    Ok(timings)
}

fn nanoseconds(start: Instant) -> u64 {
    start.elapsed().as_nanos() as u64
}

#[dag]
fn bench(dag: &mut Dag) {
    dag.add(empty());
    dag.add(wait());
    dag.add(round_trips());
}

/// As many tasks that do nothing as `aileron run` is measured with.
#[dag]
fn thousand(dag: &mut Dag) {
    for number in 0..1000 {
        dag.add(empty().task_id(format!("empty_{number}")));
    }
}

fn main() -> ExitCode {
    aileron::serve(bundle![bench, thousand])
}
