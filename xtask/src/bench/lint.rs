//! `aileron lint` on a whole tree: the packages of both Airflows, beside Ruff's rules for Airflow.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use end_to_end::AirflowVersion;
use serde_json::Value;

use super::Bench;
use super::numbers::median;
use super::row::{Row, Target};
use crate::environment::{self, Packages};

/// What was promised.
const RATIO: f64 = 2.0;

/// The least number of files that counts as a whole tree.
const FILES: u64 = 5000;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let trees = [AirflowVersion::V3_3_2, AirflowVersion::V3_4_0b2]
        .into_iter()
        .map(packages)
        .collect::<Result<Vec<PathBuf>>>()?;
    let ruff = Packages::RUFF.prepare()?.with_file_name("ruff");
    let place = tempfile::tempdir()?;
    let settings = place.path().join("aileron.toml");
    // An environment ignores itself, and Ruff is told the same.
    fs::write(&settings, "[lint]\nrespect-ignore-files = false\n")?;

    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    // They take turns: what else the machine does then meets both. The first turn fills the cache of files.
    for turn in 0..=bench.repetitions(2, 5) {
        let times = [
            aileron(&bench.programs.aileron, &settings, &trees)?,
            checked_by(&ruff, &trees)?,
        ];
        if turn > 0 {
            ours.push(times[0]);
            peer.push(times[1]);
        }
    }
    let row = Row::new(
        "aileron lint, the packages of two Airflows",
        "s",
        median(ours)?,
        ("ruff check --select AIR", median(peer)?),
    );
    Ok(vec![row.target(Target::RatioAtMost(RATIO))])
}

/// Where the packages of an Airflow are.
fn packages(version: AirflowVersion) -> Result<PathBuf> {
    let python = environment::prepare(version)?.python;
    let output = Command::new(python)
        .args([
            "-c",
            "import sysconfig; print(sysconfig.get_path('purelib'))",
        ])
        .output()
        .context("cannot start Python")?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// Seconds.
fn aileron(aileron: &Path, settings: &Path, trees: &[PathBuf]) -> Result<f64> {
    let started = Instant::now();
    let output = Command::new(aileron)
        .args([
            "lint",
            "--target-version",
            "3.3.2",
            "--fail-on",
            "never",
            "--format",
            "json",
            "--config",
        ])
        .arg(settings)
        .args(trees)
        .output()
        .context("cannot start aileron")?;
    let elapsed = started.elapsed();
    ensure!(
        output.status.success(),
        "aileron lint failed: {}",
        words(&output)
    );
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let files = report["files"].as_u64().unwrap_or(0);
    ensure!(files >= FILES, "it has checked {files} files only");
    Ok(elapsed.as_secs_f64())
}

/// Seconds.
fn checked_by(ruff: &Path, trees: &[PathBuf]) -> Result<f64> {
    let started = Instant::now();
    let output = Command::new(ruff)
        .args([
            "check",
            "--isolated",
            "--no-cache",
            "--no-respect-gitignore",
            "--quiet",
        ])
        .args([
            "--preview",
            "--select",
            "AIR",
            "--output-format",
            "json",
            "--config",
            "exclude = []",
        ])
        .args(trees)
        .output()
        .context("cannot start ruff")?;
    let elapsed = started.elapsed();
    // 1 is what it says when it finds something.
    if !matches!(output.status.code(), Some(0 | 1)) {
        bail!("ruff failed: {}", words(&output));
    }
    Ok(elapsed.as_secs_f64())
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
