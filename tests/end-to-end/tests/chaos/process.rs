//! Processes, found by the variable that all of a test have in their environment.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A process that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) id: u32,
    pub(crate) arguments: Vec<String>,
}

impl Process {
    /// Whether a supervisor started it to run a task.
    pub(crate) fn is_task(&self) -> bool {
        self.arguments.iter().any(|it| it.starts_with("--comm="))
    }
}

/// All processes with `CHAOS_RECORD=record` in their environment.
pub(crate) fn all(record: &Path) -> Vec<Process> {
    let mark = format!("CHAOS_RECORD={}", record.display());
    fs::read_dir("/proc")
        .expect("this test needs /proc")
        .flatten()
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            // A process that ends meanwhile cannot be read.
            let environment = fs::read(entry.path().join("environ")).ok()?;
            environment
                .split(|byte| *byte == 0)
                .any(|variable| variable == mark.as_bytes())
                .then_some(())?;
            let arguments = fs::read(entry.path().join("cmdline")).ok()?;
            let arguments = arguments
                .split(|byte| *byte == 0)
                .map(|it| String::from_utf8_lossy(it).into_owned())
                .collect();
            Some(Process { id, arguments })
        })
        .collect()
}

/// Sends a signal. Says whether there was a process.
pub(crate) fn signal(id: u32, name: &str) -> bool {
    Command::new("kill")
        .arg(format!("-{name}"))
        .arg(id.to_string())
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
