//! The programs that cargo has made of the tests.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::cargo;
use super::side_by_side::Job;

/// A program with tests in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Program {
    pub(super) package: String,
    /// The name of the crate, or of the file in its `tests`.
    pub(super) name: String,
    file: PathBuf,
    /// The directory of the package.
    directory: PathBuf,
}

/// Compiles all tests, and says what came of it. What is wrong with them goes to standard error.
///
/// # Errors
///
/// When they do not compile.
pub(super) fn build(arguments: &[&str]) -> Result<Vec<Program>> {
    let mut command = cargo(arguments);
    command
        .args(["--tests", "--no-run"])
        .arg("--message-format=json-render-diagnostics")
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = command
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(output.status.success(), "the tests do not compile");
    let text = String::from_utf8(output.stdout)?;
    let messages = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    Ok(messages.filter_map(|message| program(&message)).collect())
}

fn program(message: &Value) -> Option<Program> {
    if message["profile"]["test"] != true {
        return None;
    }
    Some(Program {
        package: package(message["package_id"].as_str()?),
        name: message["target"]["name"].as_str()?.to_owned(),
        file: message["executable"].as_str()?.into(),
        directory: Path::new(message["manifest_path"].as_str()?)
            .parent()?
            .to_owned(),
    })
}

/// `path+file:///w/crates/x#0.1.0` or `path+file:///w/crates/y#x@0.1.0`.
fn package(id: &str) -> String {
    let (place, version) = id.split_once('#').unwrap_or((id, ""));
    let name = match version.split_once('@') {
        Some((name, _)) => name,
        None => place.rsplit('/').next().unwrap_or(place),
    };
    name.to_owned()
}

/// Where the dynamic libraries of the toolchain are, which the tests of a macro crate are linked with.
///
/// # Errors
///
/// When the compiler does not say where it is.
pub(super) fn toolchain_libraries() -> Result<PathBuf> {
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(&compiler)
        .args(["--print", "sysroot"])
        .current_dir(end_to_end::workspace_root())
        .output()
        .with_context(|| format!("cannot run {compiler:?}"))?;
    ensure!(output.status.success(), "{compiler:?} names no sysroot");
    Ok(Path::new(String::from_utf8(output.stdout)?.trim()).join("lib"))
}

impl Program {
    /// Runs it as `cargo test` would.
    pub(super) fn job(&self, toolchain_libraries: &Path) -> Job {
        const LIBRARIES: &str = "LD_LIBRARY_PATH";
        let mut command = Command::new(&self.file);
        let more = std::env::var_os(LIBRARIES);
        let paths = [toolchain_libraries.to_owned()].into_iter();
        let paths = paths.chain(more.iter().flat_map(std::env::split_paths));
        if let Ok(libraries) = std::env::join_paths(paths) {
            command.env(LIBRARIES, libraries);
        }
        command
            .current_dir(&self.directory)
            .env("CARGO_MANIFEST_DIR", &self.directory)
            .env("CARGO_PKG_NAME", &self.package);
        Job {
            name: format!("{} {}", self.package, self.name),
            command,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_programs_with_tests_are_taken() {
        let message = |test: bool, executable: Value| {
            json!({
                "package_id": "path+file:///w/crates/x#0.1.0", "manifest_path": "/w/crates/x/Cargo.toml",
                "target": {"name": "run"}, "profile": {"test": test}, "executable": executable,
            })
        };
        let expected = Program {
            package: "x".to_owned(),
            name: "run".to_owned(),
            file: "/t/run-1".into(),
            directory: "/w/crates/x".into(),
        };
        assert_eq!(program(&message(true, json!("/t/run-1"))), Some(expected));
        for other in [
            message(false, json!("/t/run")),
            message(true, Value::Null),
            json!({"reason": "build-finished"}),
        ] {
            assert_eq!(program(&other), None);
        }
    }

    #[test]
    fn the_name_of_a_package_stands_in_its_id() {
        assert_eq!(package("path+file:///w/crates/x#0.1.0"), "x");
        assert_eq!(package("path+file:///w/y#x@0.1.0"), "x");
    }
}
