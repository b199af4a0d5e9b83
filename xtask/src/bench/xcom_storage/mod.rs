//! XComs in object storage, beside Airflow's `XComObjectStorageBackend`, in a directory: what is measured is the way to the store.

mod lists;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use end_to_end::workspace_root;

use super::Bench;
use super::numbers::Numbers;
use super::row::{Row, Target};

/// What was promised of memory: so much of Python's.
const MEMORY: f64 = 0.2;

const PYTHON: &str = "Airflow's XComObjectStorageBackend";

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    let path = directory
        .path()
        .to_str()
        .context("a temporary path is not UTF-8")?;
    let mut rows = lists::rows(bench, path, &lists::WIDE)?;
    rows.extend(lists::rows(bench, path, &lists::NARROW)?);
    rows.extend(small(bench, path)?);
    rows.extend(by_reference(bench, path)?);
    Ok(rows)
}

fn small(bench: &Bench, path: &str) -> Result<Vec<Row>> {
    let values = bench.repetitions(200, 2_000).to_string();
    let ours = ours(bench, "small", path, &values, &[])?;
    let python = python(bench, "small", path, &values, None)?;
    Ok(vec![
        beside(
            "1 KB values into objects",
            "/s",
            "small_writes_per_s",
            &ours,
            &python,
        )?,
        beside(
            "1 KB values out of objects",
            "/s",
            "small_reads_per_s",
            &ours,
            &python,
        )?,
    ])
}

fn by_reference(bench: &Bench, path: &str) -> Result<Vec<Row>> {
    let turns = bench.repetitions(1, 3).to_string();
    let size = bench.repetitions(100, 1_000).to_string();
    let ours = ours(bench, "reference", path, &turns, &["--size", &size])?;
    let python = python(bench, "reference", path, &turns, None)?;
    Ok(vec![
        beside(
            "1 GB by reference, in",
            "MB/s",
            "reference_write_mb_per_s",
            &ours,
            &python,
        )?,
        beside(
            "1 GB by reference, out",
            "MB/s",
            "reference_read_mb_per_s",
            &ours,
            &python,
        )?,
        Row::new(
            "1 GB by reference, in",
            "MB/s",
            ours.get("storage.reference_write_mb_per_s")?,
            (
                "plain copy of the file",
                ours.get("storage.reference_copy_mb_per_s")?,
            ),
        ),
        beside(
            "1 GB by reference, most memory",
            "MiB",
            "peak_mib",
            &ours,
            &python,
        )?
        .target(Target::RatioAtMost(MEMORY)),
    ])
}

/// What both have measured under the same key.
fn beside(
    name: &str,
    unit: &'static str,
    key: &str,
    ours: &Numbers,
    peer: &Numbers,
) -> Result<Row> {
    let key = format!("storage.{key}");
    let peer = (PYTHON, peer.get(&key)?);
    Ok(Row::new(name, unit, ours.get(&key)?, peer))
}

fn ours(bench: &Bench, what: &str, path: &str, runs: &str, more: &[&str]) -> Result<Numbers> {
    let arguments = ["storage", what, "--directory", path, "--runs", runs];
    bench.programs.measure(&[&arguments, more].concat())
}

fn python(
    bench: &Bench,
    what: &str,
    directory: &str,
    runs: &str,
    rows: Option<&Path>,
) -> Result<Numbers> {
    let script = workspace_root().join("tests/bundles/bench/python/storage.py");
    let mut command = Command::new(&bench.airflow.python);
    command.arg(script).args([what, directory, runs]).args(rows);
    Numbers::from(&mut command)
}
