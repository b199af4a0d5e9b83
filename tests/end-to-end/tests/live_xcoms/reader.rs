//! The command.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use end_to_end::bundle::executable;
use serde_json::Value;

/// What a call gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Standard output of a call that must have succeeded.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// Its JSON lines.
    pub(crate) fn lines(self) -> Vec<Value> {
        self.ok()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

/// The `aileron` command, with nothing in its environment that names a deployment.
pub(crate) fn aileron() -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let mut command =
        Command::new(BUILT.get_or_init(|| executable("aileron-cli", "aileron").unwrap()));
    let ours = std::env::vars_os().map(|(name, _)| name).filter(|name| {
        let name = name.to_string_lossy();
        name.starts_with("AIRFLOW") || name.starts_with("AILERON")
    });
    for name in ours {
        command.env_remove(name);
    }
    command.current_dir(std::env::temp_dir());
    command
}

/// Runs it.
pub(crate) fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
