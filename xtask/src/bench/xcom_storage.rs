//! XComs in object storage, beside Airflow's `XComObjectStorageBackend`, in a directory: what is measured is the way to the store.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use end_to_end::workspace_root;

use super::Bench;
use super::numbers::Numbers;
use super::row::{Row, Target};

/// What was promised: so many times as fast, and so much of the memory.
const IN: f64 = 10.0;
const OUT: f64 = 30.0;
const MEMORY: f64 = 0.2;

const PYTHON: &str = "Airflow's XComObjectStorageBackend";

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    let path = directory
        .path()
        .to_str()
        .context("a temporary path is not UTF-8")?;
    let rows = directory.path().join("rows.json");
    let runs = bench.repetitions(3, 9).to_string();
    let values = bench.repetitions(200, 2_000).to_string();
    let ours = |what: &str, runs: &str| {
        let arguments = ["storage", what, "--directory", path, "--runs", runs];
        bench.programs.measure(&arguments)
    };
    let copied = ours("copy", &runs)?;
    // The copy is the value, for Python.
    std::fs::rename(directory.path().join("copy"), &rows)?;
    let python = |what: &str, runs: &str| python(bench, what, path, runs, &rows);
    let turns = bench.repetitions(1, 3).to_string();
    let (wrote, python_wrote) = (ours("write", &runs)?, python("write", &turns)?);
    let (read, python_read) = (ours("read", &runs)?, python("read", &turns)?);
    // A task writes or reads once.
    let (wrote_once, python_wrote_once) = (ours("write", "1")?, python("write", "1")?);
    let (read_once, python_read_once) = (ours("read", "1")?, python("read", "1")?);
    let (small, python_small) = (ours("small", &values)?, python("small", &values)?);
    let size = bench.repetitions(100, 1_000).to_string();
    let referred = bench.programs.measure(&[
        "storage",
        "reference",
        "--directory",
        path,
        "--runs",
        &turns,
        "--size",
        &size,
    ])?;
    let python_referred = python("reference", &turns)?;

    let row = |name: &str, unit, key: &str, ours: &Numbers, peer: &Numbers| -> Result<Row> {
        let key = format!("storage.{key}");
        Ok(Row::new(
            name,
            unit,
            ours.get(&key)?,
            (PYTHON, peer.get(&key)?),
        ))
    };
    let copy = |name: &str, ours: f64, key: &str| -> Result<Row> {
        let peer = ("plain copy of the bytes", copied.get(key)?);
        Ok(Row::new(name, "MB/s", ours, peer))
    };
    let (write, out) = ("write_mb_per_s", "read_mb_per_s");
    let speed = |numbers: &Numbers, key: &str| numbers.get(&format!("storage.{key}"));
    Ok(vec![
        row(
            "44 MB of rows into an object",
            "MB/s",
            write,
            &wrote,
            &python_wrote,
        )?
        .target(Target::RatioAtLeast(IN)),
        copy(
            "44 MB of rows into an object",
            speed(&wrote, write)?,
            "storage.copy_write_mb_per_s",
        )?,
        row(
            "44 MB of rows out of an object",
            "MB/s",
            out,
            &read,
            &python_read,
        )?
        .target(Target::RatioAtLeast(OUT)),
        copy(
            "44 MB of rows out of an object",
            speed(&read, out)?,
            "storage.copy_read_mb_per_s",
        )?,
        row(
            "44 MB in, most memory",
            "MiB",
            "peak_mib",
            &wrote_once,
            &python_wrote_once,
        )?
        .target(Target::RatioAtMost(MEMORY)),
        row(
            "44 MB out, most memory",
            "MiB",
            "peak_mib",
            &read_once,
            &python_read_once,
        )?
        .target(Target::RatioAtMost(MEMORY)),
        row(
            "1 KB values into objects",
            "/s",
            "small_writes_per_s",
            &small,
            &python_small,
        )?,
        row(
            "1 KB values out of objects",
            "/s",
            "small_reads_per_s",
            &small,
            &python_small,
        )?,
        row(
            "1 GB by reference, in",
            "MB/s",
            "reference_write_mb_per_s",
            &referred,
            &python_referred,
        )?,
        row(
            "1 GB by reference, out",
            "MB/s",
            "reference_read_mb_per_s",
            &referred,
            &python_referred,
        )?,
        Row::new(
            "1 GB by reference, in",
            "MB/s",
            speed(&referred, "reference_write_mb_per_s")?,
            (
                "plain copy of the file",
                referred.get("storage.reference_copy_mb_per_s")?,
            ),
        ),
        row(
            "1 GB by reference, most memory",
            "MiB",
            "peak_mib",
            &referred,
            &python_referred,
        )?
        .target(Target::RatioAtMost(MEMORY)),
    ])
}

fn python(bench: &Bench, what: &str, directory: &str, runs: &str, rows: &Path) -> Result<Numbers> {
    let script = workspace_root().join("tests/bundles/bench/python/storage.py");
    let mut command = Command::new(&bench.airflow.python);
    command.arg(script).args([what, directory, runs]).arg(rows);
    Numbers::from(&mut command)
}
