//! One command of the test run.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};

use super::counts::Counts;
use crate::progress::say;

#[derive(Debug)]
pub(super) struct Phase {
    name: &'static str,
    command: Command,
    counts_tests: bool,
}

impl Phase {
    /// A command that only succeeds or fails.
    pub(super) fn check(name: &'static str, command: Command) -> Self {
        Self {
            name,
            command,
            counts_tests: false,
        }
    }

    /// A command that prints the results of tests.
    pub(super) fn tests(name: &'static str, command: Command) -> Self {
        Self {
            name,
            command,
            counts_tests: true,
        }
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Runs the command, shows what it prints, and counts its tests.
    ///
    /// A failure without a failed test in the output (a compile error, a lint) is one failed test.
    pub(super) fn run(&mut self) -> Result<Counts> {
        let start = Instant::now();
        say(format!("{} ...", self.name));
        let command = &mut self.command;
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot run {command:?}"))?;
        let mut counts = Counts::default();
        if let Some(stdout) = child.stdout.take() {
            let mut shown = std::io::stdout().lock();
            for line in BufReader::new(stdout).split(b'\n') {
                let line = line?;
                shown.write_all(&line)?;
                shown.write_all(b"\n")?;
                if self.counts_tests {
                    counts.read_line(&String::from_utf8_lossy(&line));
                }
            }
        }
        let status = child.wait()?;
        if !status.success() && counts.failed == 0 {
            counts.add(Counts::one_failed());
        }
        let outcome = if counts.failed == 0 { "ok" } else { "FAILED" };
        say(format!(
            "{}: {outcome} after {:.0} s",
            self.name,
            start.elapsed().as_secs_f64()
        ));
        Ok(counts)
    }
}
