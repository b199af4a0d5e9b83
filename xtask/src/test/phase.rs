//! One check of the test run.

use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use super::counts::Counts;
use crate::progress::say;

/// A command that only succeeds or fails.
#[derive(Debug)]
pub(super) struct Phase {
    name: &'static str,
    command: Command,
}

impl Phase {
    pub(super) fn new(name: &'static str, command: Command) -> Self {
        Self { name, command }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the command. A failure is one failed test.
    pub(super) fn run(&mut self) -> Result<Counts> {
        let start = Instant::now();
        say(format!("{} ...", self.name));
        let command = &mut self.command;
        let status = command
            .stdin(Stdio::null())
            .status()
            .with_context(|| format!("cannot run {command:?}"))?;
        let (counts, outcome) = match status.success() {
            true => (Counts::default(), "ok"),
            false => (Counts::one_failed(), "FAILED"),
        };
        say(format!(
            "{}: {outcome} after {:.0} s",
            self.name,
            start.elapsed().as_secs_f64()
        ));
        Ok(counts)
    }
}
