//! The release builds of the programs that measure and are measured.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::numbers::Numbers;
use crate::progress::say;

/// Where the programs of `tests/bundles/bench` lie.
#[derive(Debug)]
pub(super) struct Programs {
    /// The bundle under test.
    pub(super) bundle: PathBuf,
    /// The program without the SDK.
    pub(super) floor: PathBuf,
    /// Aileron's supervisor by itself.
    pub(super) supervise: PathBuf,
    measure: PathBuf,
    /// The load generator.
    pub(super) load: PathBuf,
    /// The command.
    pub(super) aileron: PathBuf,
}

impl Programs {
    /// Builds them.
    pub(super) fn build() -> Result<Self> {
        say("building with optimisation ...");
        let output = end_to_end::bundle::cargo()
            .current_dir(end_to_end::workspace_root())
            .args(["build", "--quiet", "--release", "--package", "bench"])
            .args(["--package", "aileron-cli"])
            .arg("--message-format=json-render-diagnostics")
            .stderr(Stdio::inherit())
            .output()
            .context("cannot run cargo")?;
        ensure!(output.status.success(), "the benchmarks do not compile");
        let messages: Vec<Value> = String::from_utf8(output.stdout)?
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        let executable = |name: &str| {
            messages
                .iter()
                .filter(|message| message["target"]["name"] == name)
                .find_map(|message| message["executable"].as_str())
                .map(PathBuf::from)
                .with_context(|| format!("cargo built no executable {name}"))
        };
        Ok(Self {
            bundle: executable("bench-bundle")?,
            floor: executable("bench-floor")?,
            supervise: executable("bench-supervise")?,
            measure: executable("bench-measure")?,
            load: executable("bench-load")?,
            aileron: executable("aileron")?,
        })
    }

    /// Runs the measuring program with these arguments.
    pub(super) fn measure(&self, arguments: &[&str]) -> Result<Numbers> {
        Numbers::from(Command::new(&self.measure).args(arguments))
    }
}
