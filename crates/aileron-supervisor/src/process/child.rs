//! Starting the process of a task, and ending it with all that it started.
//!
//! A supervisor that is killed itself cannot end its task. The task finds its sockets closed then, and an SDK ends it. Linux
//! could send it a signal (`PR_SET_PDEATHSIG`), but only at the wish of code that runs between fork and exec, which safe Rust
//! has not, and at the end of the thread that started it, not of the process.

use std::io;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, kill_process_group, test_kill_process_group};
use tokio::process::{ChildStderr, ChildStdout, Command};

pub(crate) use rustix::process::Signal;

use super::{environment::is_kept_back, memory};
use crate::{Exit, Settings, SuperviseError, TaskCommand};

/// The process of a task. Its process group is its own; dropping this kills the group.
pub(crate) struct Child {
    process: tokio::process::Child,
    group: Pid,
    started: Instant,
    exit: Option<(Exit, Instant)>,
}

impl Child {
    /// Starts the program with the two addresses it has to connect to.
    pub(crate) fn start(
        command: &TaskCommand,
        settings: &Settings,
        comm: SocketAddr,
        logs: SocketAddr,
    ) -> Result<Self, SuperviseError> {
        memory::protect();
        let mut prepared = Command::new(&command.program);
        prepared
            .args(&command.arguments)
            .arg(format!("--comm={comm}"))
            .arg(format!("--logs={logs}"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if let Some(directory) = &command.directory {
            prepared.current_dir(directory);
        }
        set_environment(&mut prepared, command, settings);
        let failed = |source| SuperviseError::Spawn {
            program: command.program.clone(),
            source,
        };
        let process = prepared.spawn().map_err(failed)?;
        let group = process
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw)
            .ok_or_else(|| failed(io::Error::other("the process has no id")))?;
        Ok(Self {
            process,
            group,
            started: Instant::now(),
            exit: None,
        })
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.group.as_raw_nonzero().get().unsigned_abs()
    }

    /// What it prints. Once.
    pub(crate) fn take_output(&mut self) -> (Option<ChildStdout>, Option<ChildStderr>) {
        (self.process.stdout.take(), self.process.stderr.take())
    }

    /// Waits until it has ended; at once when it has.
    pub(crate) async fn wait(&mut self) -> Exit {
        if let Some((exit, _)) = self.exit {
            return exit;
        }
        let exit = match self.process.wait().await {
            Ok(status) => exit_of(status),
            // Somebody else has waited for it. That it is gone is all there is to know.
            Err(_) => Exit::Signal(0),
        };
        self.exit = Some((exit, Instant::now()));
        exit
    }

    /// How long it was there.
    pub(crate) fn duration(&self) -> Duration {
        self.exit
            .map_or_else(Instant::now, |(_, ended)| ended)
            .saturating_duration_since(self.started)
    }

    /// Sends a signal to the process and all in its group.
    pub(crate) fn signal(&self, signal: Signal) {
        // Nobody is left in the group: that is what the signal is for.
        let _ = kill_process_group(self.group, signal);
    }

    /// Whether a process of the group is there, be it the first one or one that it started.
    pub(crate) fn has_group(&self) -> bool {
        test_kill_process_group(self.group).is_ok()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.exit.is_none() {
            self.signal(Signal::KILL);
        }
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    }
}

fn set_environment(prepared: &mut Command, command: &TaskCommand, settings: &Settings) {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_kept_back) {
            prepared.env_remove(name);
        }
    }
    prepared
        .env("AIRFLOW__LOGGING__LOGGING_LEVEL", &settings.logging_level)
        .env(
            "AIRFLOW__LOGGING__NAMESPACE_LEVELS",
            &settings.namespace_levels,
        );
    for (name, value) in &command.variables {
        match value {
            Some(value) => prepared.env(name, value),
            None => prepared.env_remove(name),
        };
    }
}
