//! The load generator, in a process of its own for each measurement.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::Operation;
use super::ours::JWT_SECRET;
use crate::bench::numbers::Numbers;

/// Dag runs in the database, each with one task instance that runs: as many connections can be served at most.
pub(super) const RUNS: u32 = 256;

/// Who is asked.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) processes: Vec<u32>,
}

/// How long and how hard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) connections: u32,
    /// Seconds.
    pub(super) warm_up: f64,
    pub(super) seconds: f64,
}

/// What was seen.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) requests: f64,
    pub(super) per_second: f64,
    /// Requests for each second of processor time.
    pub(super) per_core: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) resident_mb: f64,
    pub(super) peak_mb: f64,
}

/// The load generator.
pub(super) struct Load {
    program: PathBuf,
    tasks: u32,
}

impl Load {
    pub(super) fn new(program: &Path, tasks: u32) -> Self {
        Self {
            program: program.to_owned(),
            tasks,
        }
    }

    fn command(&self, operation: &str, server: &Server) -> Command {
        let mut command = Command::new(&self.program);
        command
            .arg(operation)
            .args(["--address", &server.address.to_string()])
            .env(JWT_SECRET.0, JWT_SECRET.1);
        command
    }

    /// Writes what the operations read.
    pub(super) fn prepare(&self, server: &Server) -> Result<()> {
        let mut command = self.command("prepare", server);
        command.args(["--count", "1", "--connections", &RUNS.to_string()]);
        Numbers::from(&mut command).map(|_| ())
    }

    /// Asks once, about the first task instance.
    pub(super) fn once(&self, operation: Operation, server: &Server) -> Result<()> {
        let mut command = self.command(operation.key, server);
        command.args(["--count", "1", "--connections", "1", "--first", "0"]);
        Numbers::from(&mut command).map(|_| ())
    }

    /// Asks for a while. Any answer but the right one is an error.
    pub(super) fn run(
        &self,
        operation: Operation,
        server: &Server,
        window: &Window,
    ) -> Result<Seen> {
        let mut command = self.command(operation.key, server);
        command
            .args(["--connections", &window.connections.to_string()])
            .args(["--warm-up", &window.warm_up.to_string()])
            .args(["--seconds", &window.seconds.to_string()])
            .args(["--tasks", &self.tasks.to_string()]);
        for process in &server.processes {
            command.args(["--process", &process.to_string()]);
        }
        let numbers = Numbers::from(&mut command)?;
        let requests = numbers.get("requests")?;
        Ok(Seen {
            requests,
            per_second: numbers.get("per_second")?,
            per_core: requests / numbers.get("processor_seconds")?,
            p50_ms: numbers.get("p50_ms")?,
            p99_ms: numbers.get("p99_ms")?,
            resident_mb: numbers.get("resident_mb")?,
            peak_mb: numbers.get("peak_mb")?,
        })
    }
}
