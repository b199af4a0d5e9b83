//! Processes of tasks whose supervisor is gone.
//!
//! The number of a process is used again once it is gone. So processes are known by a variable that every task of a run gets
//! and hands down to what it starts: the lock of the run, which only one `aileron run` can have. What carries it while nobody
//! but us has the lock was left behind.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The variable that names the lock of the run a process belongs to.
pub const RUN_LOCK: &str = "AILERON_RUN_LOCK";

/// A process of a task, or one that a task has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orphan {
    /// Its number.
    pub pid: u32,
    /// The number of its process group. A task leads a group of its own, and what it starts is in it unless it leaves it.
    pub group: u32,
    /// Whether a supervisor started it, to run a task.
    pub is_task: bool,
}

/// The processes that carry this lock. Empty where there is no `/proc`.
///
/// A process of another user cannot be looked into, and is not among them.
#[must_use]
pub fn of_run(lock: &Path) -> Vec<Orphan> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .flatten()
        .filter_map(|process| {
            let pid = process.file_name().to_str()?.parse().ok()?;
            orphan(&process.path(), pid, lock)
        })
        .collect()
}

/// Whether the process of a task, of this number and started by a supervisor, is there and cannot be looked into.
#[must_use]
pub fn is_hidden(pid: u32) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    let hidden = fs::read(process.join("environ"))
        .is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
    hidden && is_task(&process)
}

/// Nothing for a process that has ended, even if nobody has waited for it: that has no variables any more.
fn orphan(process: &Path, pid: u32, lock: &Path) -> Option<Orphan> {
    let variables = fs::read(process.join("environ")).ok()?;
    variables
        .split(|byte| *byte == 0)
        .any(|variable| is_lock(variable, lock))
        .then_some(())?;
    Some(Orphan {
        pid,
        group: group(process)?,
        is_task: is_task(process),
    })
}

fn is_lock(variable: &[u8], lock: &Path) -> bool {
    variable
        .strip_prefix(RUN_LOCK.as_bytes())
        .and_then(|rest| rest.strip_prefix(b"="))
        .is_some_and(|value| OsStr::from_bytes(value) == lock)
}

/// Every supervisor starts a task with this flag.
fn is_task(process: &Path) -> bool {
    fs::read(process.join("cmdline")).is_ok_and(|command| {
        command
            .split(|byte| *byte == 0)
            .any(|argument| argument.starts_with(b"--comm="))
    })
}

fn group(process: &Path) -> Option<u32> {
    let stat = fs::read(process.join("stat")).ok()?;
    // The name in parentheses may hold anything. Behind it: state, parent, group.
    let behind = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let text = std::str::from_utf8(&stat[behind..]).ok()?;
    text.split_ascii_whitespace().nth(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A shell that waits to be told.
    fn shell(lock: &Path, flag: &str) -> Child {
        let mut shell = Command::new("sh")
            .args(["-c", "echo up; read line", "sh", flag])
            .env(RUN_LOCK, lock)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut up = [0; 3];
        shell.stdout.as_mut().unwrap().read_exact(&mut up).unwrap();
        shell
    }

    #[test]
    fn only_what_carries_the_lock_of_the_run_was_left_behind_by_it() {
        let directory = tempfile::tempdir().unwrap();
        let lock = directory.path().join("a.lock");
        let mut task = shell(&lock, "--comm=127.0.0.1:1");
        let mut started = shell(&lock, "--other");
        let mut stranger = shell(&directory.path().join("a.lock2"), "--comm=127.0.0.1:1");
        let mut found = of_run(&lock);
        found.sort_by_key(|orphan| !orphan.is_task);
        let expected = |pid, is_task| Orphan {
            pid,
            group: pid,
            is_task,
        };
        assert_eq!(
            found,
            [expected(task.id(), true), expected(started.id(), false)]
        );
        assert!(!is_hidden(task.id()));
        for shell in [&mut task, &mut started] {
            drop(shell.stdin.take());
            // Ended, and not waited for: nothing of it can do any harm.
            let mut rest = String::new();
            let _ = shell.stdout.take().unwrap().read_to_string(&mut rest);
        }
        task.wait().unwrap();
        started.wait().unwrap();
        assert_eq!(of_run(&lock), []);
        drop(stranger.stdin.take());
        stranger.wait().unwrap();
    }
}
