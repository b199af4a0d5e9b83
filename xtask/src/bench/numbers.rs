//! What a measuring program prints: one JSON object of numbers.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use end_to_end::Deadline;

/// No measurement takes so long; one that does hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// Numbers by name.
#[derive(Debug)]
pub(super) struct Numbers(BTreeMap<String, f64>);

impl Numbers {
    /// Runs a measuring program to its end.
    pub(super) fn from(command: &mut Command) -> Result<Self> {
        let what = format!("{command:?}");
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {what}"))?;
        // The few numbers fit into the pipe.
        let ended = Deadline::after(LIMIT).wait_for(&what, || Ok(child.try_wait()?));
        if ended.is_err() {
            child.kill()?;
        }
        let output = child.wait_with_output()?;
        if !ended?.success() {
            bail!("{what} failed");
        }
        let numbers = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("what {what} printed is not an object of numbers"))?;
        Ok(Self(numbers))
    }

    /// The number of this name.
    pub(super) fn get(&self, name: &str) -> Result<f64> {
        self.0
            .get(name)
            .copied()
            .with_context(|| format!("{name} was not measured"))
    }
}

/// The median of some numbers.
pub(super) fn median(mut numbers: Vec<f64>) -> Result<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers
        .get(numbers.len().saturating_sub(1) / 2)
        .copied()
        .context("nothing was measured")
}
