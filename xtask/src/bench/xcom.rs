//! Encoding and decoding an XCom of 10 MB.

use std::process::Command;

use anyhow::{Context, Result};
use end_to_end::workspace_root;

use super::Bench;
use super::numbers::Numbers;
use super::row::Row;

pub(super) fn run(bench: &mut Bench) -> Result<Vec<Row>> {
    let directory = tempfile::tempdir()?;
    let rows = directory.path().join("rows.json");
    let path = rows.to_str().context("a temporary path is not UTF-8")?;
    let runs = bench.repetitions(7, 25).to_string();
    let ours = bench
        .programs
        .measure(&["xcom", "--runs", &runs, "--write", path])?;
    let script = workspace_root().join("tests/bundles/bench/python/xcom.py");
    let mut python = Command::new(&bench.airflow.python);
    python
        .arg(script)
        .arg(path)
        .arg(bench.repetitions(3, 7).to_string());
    let python = Numbers::from(&mut python)?;
    let mut table = Vec::new();
    for direction in ["encode", "decode"] {
        let key = |who: &str| format!("xcom.{who}.{direction}_mb_per_s");
        let aileron = ours.get(&key("aileron"))?;
        let peers = [
            ("Airflow's task runner", python.get(&key("airflow"))?),
            ("Python msgspec alone", python.get(&key("msgspec"))?),
            ("serde_json", ours.get(&key("serde_json"))?),
        ];
        let name = format!("10 MB XCom, {direction}");
        table.extend(peers.map(|peer| Row::new(&name, "MB/s", aileron, peer)));
    }
    Ok(table)
}
