//! `aileron xcom preflight`: proofs before the flip.

use std::fmt::Write as _;

use aileron_deployment::Probe;
use aileron_flip::preflight::{Check, Fact, PROBE, Status, judge};
use serde_json::json;

use super::context::{Context, limits};
use super::progress::progress;
use crate::format::{Format, print_json, print_text};
use crate::outcome::{Outcome, UsageError};
use crate::style::{self, paint};

/// Prove, where tasks run, that XComs can go to object storage.
///
/// Runs a probe with the Python of a worker or scheduler, which asks Airflow itself: what is installed, what it is configured with
/// in effect, and whether an object below the base path can be put, read, listed and deleted. Each check passes, fails or is unknown,
/// with what was seen. Exits with 1 unless all pass. Run it for every kind of component, with the configuration
/// that the flip will give it.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    context: Context,
    /// Leave out this check: its name as it is printed. Repeat it for more.
    #[arg(long, value_name = "CHECK")]
    skip: Vec<String>,
    /// The seconds that the store may take for the probe object.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u32,
    /// The median, in bytes, from which the values of a key are taken for data, as for `calibrate`.
    #[arg(long, value_name = "BYTES", default_value_t = 8192)]
    data_from: u64,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) async fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let exec = arguments.context.exec()?;
    let place = exec.place().to_owned();
    let request = json!({
        "timeout": arguments.timeout,
        "sizes": !arguments.skip.iter().any(|name| name == "sizes"),
    });
    let bar = progress("facts", None);
    let mut rows = exec.run(&Probe::new(PROBE), &request, &limits()).await?;
    let mut facts: Vec<Fact> = Vec::new();
    while let Some(row) = rows.next().await? {
        bar.inc(1);
        facts.push(row.read()?);
    }
    bar.finish_and_clear();
    let mut checks = judge(&facts, arguments.data_from);
    for name in &arguments.skip {
        let before = checks.len();
        checks.retain(|check| check.name != name.as_str());
        if checks.len() == before {
            let names: Vec<&str> = checks.iter().map(|check| check.name).collect();
            let problem = format!(
                "--skip {name:?}: there is no such check; there are {}",
                names.join(", ")
            );
            return Err(UsageError(problem).into());
        }
    }
    let well = checks.iter().all(|check| check.status == Status::Pass);
    match arguments.format {
        Format::Json => print_json(
            &json!({"place": place, "ok": well, "checks": checks, "skipped": arguments.skip}),
        )?,
        Format::Text => print_text(&text(&place, &checks))?,
    }
    Ok(match well {
        true => Outcome::Done,
        false => Outcome::ChecksFailed,
    })
}

fn text(place: &str, checks: &[Check]) -> String {
    let mut text = format!("{}\n", paint(style::NAME, place));
    for check in checks {
        let (style, word) = match check.status {
            Status::Pass => (style::OK, "pass"),
            Status::Fail => (style::FAILED, "FAIL"),
            Status::Unknown => (style::NOTE, "unknown"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "  {} {:<15} {}",
            paint(style, format!("{word:<7}")),
            check.name,
            check.evidence
        );
        if let Some(advice) = &check.advice {
            let _ = writeln!(text, "{:26}{}", "", paint(style::DIM, advice));
        }
    }
    text
}
