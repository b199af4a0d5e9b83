//! Programs that need no library of the system they run on.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::DAG;
use crate::environment::Packages;
use crate::progress::say;

/// Rust links it statically.
const TARGET: &str = "x86_64-unknown-linux-musl";

/// The programs of the image.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) aileron: PathBuf,
    pub(super) bundle: PathBuf,
}

/// Builds the command and examples/orders.
pub(super) fn programs(debug: bool) -> Result<Programs> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "the image is tried where it is made, and that works on Linux with x86-64 only"
    );
    // Parts of the command are C, which Rust's own linker cannot compile.
    let python = Packages::ZIG.prepare()?;
    let tools = python
        .parent()
        .context("a Python environment has a directory bin")?;
    say(format!("building for {TARGET} ..."));
    let mut command = Command::new(tools.join("cargo-zigbuild"));
    command
        .arg("zigbuild")
        .args(["--quiet", "--target", TARGET])
        .args(["--package", "aileron-cli", "--package", DAG, "--bins"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(end_to_end::workspace_root())
        .env("PATH", path_with(tools)?)
        .env("CARGO_ZIGBUILD_PYTHON_PATH", &python)
        .stderr(Stdio::inherit());
    if !debug {
        command.arg("--release");
    }
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        output.status.success(),
        "it does not compile for {TARGET}; when the standard library is what is missing: rustup target add {TARGET}"
    );
    let messages: Vec<Value> = String::from_utf8(output.stdout)?
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    let executable = |name: &str| {
        messages
            .iter()
            .filter(|message| message["target"]["name"] == name)
            .find_map(|message| message["executable"].as_str())
            .map(PathBuf::from)
            .with_context(|| format!("cargo built no executable {name}"))
    };
    Ok(Programs {
        aileron: executable("aileron")?,
        bundle: executable(DAG)?,
    })
}

/// `PATH` with a directory in front.
fn path_with(directory: &Path) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = std::iter::once(directory.to_owned()).chain(env::split_paths(&path));
    Ok(env::join_paths(directories)?)
}
