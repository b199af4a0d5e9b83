//! Getting a token out of the arguments of this process.
//!
//! Every process of the machine can read `/proc/PID/cmdline`, the task among them. So this program starts itself again, in the
//! same process, and gets the workload through a file in memory that has no name.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, anyhow};

/// Starts this program again with the workload on standard input. Returns only when that fails.
pub(super) fn start_again(json: &str, bundles: &[PathBuf]) -> anyhow::Error {
    match prepared(json, bundles) {
        Ok(mut command) => anyhow!(command.exec()).context("cannot start this program again"),
        Err(error) => error,
    }
}

fn prepared(json: &str, bundles: &[PathBuf]) -> anyhow::Result<Command> {
    let program = std::env::current_exe().context("cannot find this program; is /proc mounted?")?;
    let file = rustix::fs::memfd_create("workload", rustix::fs::MemfdFlags::CLOEXEC)
        .context("cannot make a file in memory")?;
    let mut file = File::from(file);
    file.write_all(json.as_bytes())?;
    file.rewind()?;
    let mut command = Command::new(program);
    command.args(["execute-workload", "--json-path", "-"]);
    for directory in bundles {
        command.arg("--bundles").arg(directory);
    }
    command.stdin(Stdio::from(file));
    Ok(command)
}

/// Reads the workload from standard input, and leaves nothing there.
pub(super) fn take() -> anyhow::Result<String> {
    let mut json = String::new();
    let mut stdin = std::io::stdin().lock();
    stdin
        .read_to_string(&mut json)
        .context("cannot read the workload on standard input")?;
    // Only a file can be emptied; of a pipe nothing is left.
    let _ = rustix::fs::ftruncate(stdin.as_fd(), 0);
    Ok(json)
}
