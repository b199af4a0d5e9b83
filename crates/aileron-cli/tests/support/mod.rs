//! Running the command on small files: shell scripts that print a manifest stand for Rust executables.
#![allow(clippy::unwrap_used)]
#![allow(dead_code)]

pub(crate) mod database;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A script that answers as an aileron program does; the manifest lies beside it.
const SCRIPT: &str =
    "#!/bin/sh\n[ \"$*\" = '--airflow-metadata --format json' ] || exit 9\ncat \"$0.json\"\n";

/// The manifest that exercises every field.
pub(crate) const SHOP: &str = include_str!("../fixtures/shop.json");

/// What a run of the command gave.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Stdout of a run that must have succeeded.
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self.stdout
    }

    /// Stderr of a run that must have ended with `code`.
    pub(crate) fn failed(self, code: i32) -> String {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self.stderr
    }

    /// Stdout as JSON, of a run that must have succeeded.
    pub(crate) fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.ok()).unwrap()
    }
}

/// A directory of its own for a test, and the command run in it.
pub(crate) struct Sandbox {
    directory: tempfile::TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Sandbox {
        Sandbox {
            directory: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_with_env(&self, arguments: &[&str], name: &str, value: &Path) -> Ran {
        ran(self.command(arguments).env(name, value).output().unwrap())
    }

    pub(crate) fn run_with(&self, arguments: &[&str], variables: &[(&str, &Path)]) -> Ran {
        ran(self
            .command(arguments)
            .envs(variables.iter().copied())
            .output()
            .unwrap())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aileron"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_remove("CLICOLOR_FORCE");
        command
    }

    /// Puts an executable script there. Written by another process: a file that this one has open for writing while
    /// another test starts a process could not be run.
    pub(crate) fn script(&self, name: &str, text: &str) {
        self.write("script.txt", text);
        let status = Command::new("install")
            .args(["-m", "755", "script.txt", name])
            .current_dir(self.directory.path())
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// Puts a stand-in for an aileron executable there.
    pub(crate) fn executable(&self, name: &str, manifest: &str) {
        self.write(&format!("{name}.json"), manifest);
        self.script(name, SCRIPT);
    }

    /// Packs `shop.json` into the bundle `bundles/shop`.
    pub(crate) fn shop(&self) -> PathBuf {
        self.executable("shop", SHOP);
        self.write("main.rs", "fn main() {}\n");
        self.run(&[
            "pack",
            "--executable",
            "shop",
            "--source",
            "main.rs",
            "--output",
            "bundles/shop",
        ])
        .ok();
        self.path("bundles/shop")
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }
}

fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
