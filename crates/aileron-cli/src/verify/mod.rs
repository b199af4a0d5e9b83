//! `aileron verify`: is a bundle fit to be given to Airflow?

mod checks;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::format::{Format, print_json, print_text};
use crate::outcome::Outcome;
use crate::style::{self, paint};

/// Check bundles as Airflow does before it runs them, and more.
///
/// Every check is named: trailer, digest, manifest, manifest digests, schema version, run bit; and as notes, which never
/// fail: target machine and file name. Exits with 1 when a check of any file fails.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The bundles.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to print the result.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// The checks of a file.
#[derive(Debug, Serialize)]
struct Report {
    path: PathBuf,
    ok: bool,
    checks: Vec<Check>,
}

/// One check and what came out.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    detail: String,
}

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    Failed,
    /// Something to know that may be right or wrong.
    Note,
    /// Not possible because an earlier check failed.
    Skipped,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let reports: Vec<_> = arguments.files.iter().map(|path| report(path)).collect();
    match arguments.format {
        Format::Json => print_json(&reports)?,
        Format::Text => print_text(&text(&reports)?)?,
    }
    Ok(if reports.iter().all(|report| report.ok) {
        Outcome::Done
    } else {
        Outcome::ChecksFailed
    })
}

fn report(path: &Path) -> Report {
    let checks = checks::all(path);
    let ok = checks.iter().all(|check| check.status != Status::Failed);
    Report {
        path: path.to_path_buf(),
        ok,
        checks,
    }
}

fn text(reports: &[Report]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for report in reports {
        writeln!(text, "{}", paint(style::NAME, report.path.display()))?;
        for check in &report.checks {
            let (style, word) = match check.status {
                Status::Ok => (style::OK, "ok"),
                Status::Failed => (style::FAILED, "FAILED"),
                Status::Note => (style::NOTE, "note"),
                Status::Skipped => (style::DIM, "skipped"),
            };
            writeln!(
                text,
                "  {} {:<16} {}",
                paint(style, format!("{word:<7}")),
                check.name,
                check.detail
            )?;
        }
    }
    Ok(text)
}
