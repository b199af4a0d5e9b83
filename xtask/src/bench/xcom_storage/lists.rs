//! Lists of 44 MB, whole and row by row.

use std::path::Path;

use anyhow::Result;

use super::super::Bench;
use super::super::numbers::Numbers;
use super::super::row::{Row, Target};
use super::{MEMORY, PYTHON, beside, ours, python};

/// What was promised: so many times as fast.
const IN: f64 = 10.0;
const OUT: f64 = 30.0;

/// What the rows of a list look like.
pub(super) struct Shape {
    name: &'static str,
    arguments: &'static [&'static str],
}

/// Nine fields, about 190 bytes.
pub(super) const WIDE: Shape = Shape {
    name: "44 MB of rows",
    arguments: &[],
};

/// Three fields, about 60 bytes.
pub(super) const NARROW: Shape = Shape {
    name: "44 MB of narrow rows",
    arguments: &["--narrow"],
};

pub(super) fn rows(bench: &Bench, path: &str, shape: &Shape) -> Result<Vec<Row>> {
    let runs = bench.repetitions(3, 9).to_string();
    let turns = bench.repetitions(1, 3).to_string();
    let ours = |what: &str, runs: &str| ours(bench, what, path, runs, shape.arguments);
    let copied = ours("copy", &runs)?;
    // The copy is the value, for Python.
    let value = Path::new(path).join("rows.json");
    std::fs::rename(Path::new(path).join("copy"), &value)?;
    let python = |what: &str, runs: &str| python(bench, what, path, runs, Some(&value));
    let (wrote, python_wrote) = (ours("write", &runs)?, python("write", &turns)?);
    let (read, python_read) = (ours("read", &runs)?, python("read", &turns)?);
    let read_rows = ours("read-rows", &runs)?;
    // A task writes or reads once.
    let (wrote_once, python_wrote_once) = (ours("write", "1")?, python("write", "1")?);
    let (read_once, python_read_once) = (ours("read", "1")?, python("read", "1")?);
    let (wrote_rows_once, read_rows_once) = (ours("write-rows", "1")?, ours("read-rows", "1")?);

    let (write, out) = ("write_mb_per_s", "read_mb_per_s");
    let name = |what: &str| format!("{} {what}", shape.name);
    let speed =
        |what, key, ours: &Numbers, peer: &Numbers| beside(&name(what), "MB/s", key, ours, peer);
    let copy = |what, ours: &Numbers, key: &str, copied_key: &str| -> Result<Row> {
        let peer = ("plain copy of the bytes", copied.get(copied_key)?);
        let ours = ours.get(&format!("storage.{key}"))?;
        Ok(Row::new(name(what), "MB/s", ours, peer))
    };
    let memory = |what, ours: &Numbers, peer: &Numbers| -> Result<Row> {
        let row = beside(&name(what), "MiB", "peak_mib", ours, peer)?;
        Ok(row.target(Target::RatioAtMost(MEMORY)))
    };
    Ok(vec![
        speed("into an object", write, &wrote, &python_wrote)?.target(Target::RatioAtLeast(IN)),
        copy(
            "into an object",
            &wrote,
            write,
            "storage.copy_write_mb_per_s",
        )?,
        speed("out of an object", out, &read, &python_read)?.target(Target::RatioAtLeast(OUT)),
        copy("out of an object", &read, out, "storage.copy_read_mb_per_s")?,
        // Python has all of them at once.
        Row::new(
            name("out of an object, row by row"),
            "MB/s",
            read_rows.get("storage.read_rows_mb_per_s")?,
            (PYTHON, python_read.get("storage.read_mb_per_s")?),
        )
        .target(Target::RatioAtLeast(OUT)),
        memory("in, most memory", &wrote_once, &python_wrote_once)?,
        memory("out, most memory", &read_once, &python_read_once)?,
        memory(
            "in, row by row, most memory",
            &wrote_rows_once,
            &python_wrote_once,
        )?,
        memory(
            "out, row by row, most memory",
            &read_rows_once,
            &python_read_once,
        )?,
    ])
}
