//! Processes of tasks whose supervisor is gone.

use std::fs;
use std::path::PathBuf;

/// Whether the process of a task, of this number and started by a supervisor, is still there.
///
/// A number is used again once its process is gone. So this looks for the flag that every supervisor starts a task with, and
/// does not take a stranger for it.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    let proc = PathBuf::from(format!("/proc/{pid}"));
    let Ok(command) = fs::read(proc.join("cmdline")) else {
        return false;
    };
    // A process that has ended and that nobody has waited for has no command line.
    command
        .split(|byte| *byte == 0)
        .any(|argument| argument.starts_with(b"--comm="))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_stranger_with_the_number_of_a_task_is_not_taken_for_it() {
        assert!(!is_alive(std::process::id()));
        // A shell that waits to be told, with the flag of a task.
        let mut task = Command::new("sh")
            .args(["-c", "echo up; read line", "sh", "--comm=127.0.0.1:1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut up = [0; 3];
        std::io::Read::read_exact(task.stdout.as_mut().unwrap(), &mut up).unwrap();
        assert!(is_alive(task.id()));
        drop(task.stdin.take());
        task.wait().unwrap();
        assert!(!is_alive(task.id()));
    }
}
