//! Comm round trips of the SDK beside bare sockets.

use anyhow::Result;

use super::Bench;
use super::row::{Row, Target};

/// What was promised: times a bare socket on the same async runtime.
const LIMIT: f64 = 1.5;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let turns = bench.repetitions(20, 100).to_string();
    let numbers = bench.programs.measure(&["round-trip", "--turns", &turns])?;
    let row = |percentile: &str, peer: &'static str, key: &str| -> Result<Row> {
        Ok(Row::new(
            format!("comm round trip, {percentile}"),
            "us",
            numbers.get(&format!("round_trip.sdk.{percentile}_us"))?,
            (
                peer,
                numbers.get(&format!("round_trip.{key}.{percentile}_us"))?,
            ),
        ))
    };
    Ok(vec![
        row("p50", "bare TCP, tokio", "bare_tokio")?.target(Target::RatioAtMost(LIMIT)),
        row("p99", "bare TCP, tokio", "bare_tokio")?,
        row("p50", "bare TCP, blocking", "bare_blocking")?,
        row("p99", "bare TCP, blocking", "bare_blocking")?,
        Row::new(
            "comm, 64 requests in flight",
            "requests/s",
            numbers.get("round_trip.sdk.burst_per_s")?,
            (
                "bare TCP, tokio",
                numbers.get("round_trip.bare_tokio.burst_per_s")?,
            ),
        ),
    ])
}
