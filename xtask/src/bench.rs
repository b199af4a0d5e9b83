//! `cargo xtask bench`: each benchmark beside its peer.

use std::process::ExitCode;

use anyhow::{Result, bail};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Run only the benchmarks whose name holds FILTER
    #[arg(long, value_name = "FILTER")]
    only: Option<String>,
}

/// A benchmark: it measures Aileron and the peer in the same way, and gives both.
struct Benchmark {
    name: &'static str,
    run: fn() -> Result<Comparison>,
}

/// Two measurements of the same thing.
struct Comparison {
    /// What was measured, with its unit: `start to acknowledged end, median, ms`.
    quantity: &'static str,
    aileron: f64,
    /// What Aileron is compared with, and its value; absent when the limit is absolute.
    peer: Option<(&'static str, f64)>,
    /// The promise: the largest `aileron` value that holds.
    limit: f64,
}

/// The benchmarks, in the order they run.
const BENCHMARKS: &[Benchmark] = &[];

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let chosen = |benchmark: &&Benchmark| {
        arguments
            .only
            .as_ref()
            .is_none_or(|filter| benchmark.name.contains(filter))
    };
    let chosen: Vec<&Benchmark> = BENCHMARKS.iter().filter(chosen).collect();
    if chosen.is_empty() {
        bail!("there is no such benchmark");
    }
    let mut kept = true;
    for benchmark in chosen {
        let comparison = (benchmark.run)()?;
        println!("{}", line(benchmark.name, &comparison));
        kept &= comparison.aileron <= comparison.limit;
    }
    Ok(if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn line(name: &str, comparison: &Comparison) -> String {
    let Comparison {
        quantity,
        aileron,
        peer,
        limit,
    } = comparison;
    let beside = peer.map_or_else(String::new, |(name, value)| {
        format!(", {name} {value:.3}, ratio {:.2}", aileron / value)
    });
    format!("{name}: {quantity}: {aileron:.3}{beside} (limit {limit:.3})")
}
