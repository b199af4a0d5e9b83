//! Running Airflow's own code on bundles, and the `aileron` command of this workspace.
#![allow(dead_code, clippy::unwrap_used)]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use aileron_bundle::manifest::Manifest;
use end_to_end::bundle::executable;
use end_to_end::{AirflowVersion, workspace_root};
use serde_json::Value;

/// A manifest that uses every field.
pub(crate) const SHOP: &str =
    include_str!("../../../../crates/aileron-cli/tests/fixtures/shop.json");

/// Texts that YAML readers take for something else, or that readers of YAML or Python stumble over.
pub(crate) const TRICKY: &[&str] = &[
    "yes",
    "No",
    "on",
    "Off",
    "y",
    "null",
    "~",
    "",
    "1",
    "1.0",
    "1e3",
    "0x1f",
    "017",
    "0o17",
    "1_000",
    "1:30",
    "2026-06-16",
    "2026-06-16T00:00:00Z",
    "=",
    "<<",
    ".inf",
    ".nan",
    "-",
    "- a",
    "a: b",
    "a #b",
    "#",
    "&a",
    "*a",
    "!t",
    "%d",
    "@daily",
    "`",
    "'q'",
    "\"q\"",
    "a\\b",
    "a\tb",
    "a\nb",
    "a\n\n",
    "\na",
    "a\r\nb",
    "\0",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "日本",
    "😀",
    " a",
    "a ",
    "{a",
    "[a",
    "]",
    ",",
    "?",
    "|",
    ">",
    "---",
    "...",
    "true",
];

/// The manifest of [`SHOP`].
pub(crate) fn shop() -> Manifest {
    Manifest::from_json(SHOP).unwrap()
}

/// Runs a script of `python/` in an Airflow environment and reads the last line it prints as JSON.
pub(crate) fn python(airflow: AirflowVersion, script: &str, arguments: &[&OsStr]) -> Value {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(airflow.python().unwrap());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AIRFLOW_") {
            command.env_remove(name);
        }
    }
    let output = command
        .arg(
            workspace_root()
                .join("tests/end-to-end/python")
                .join(script),
        )
        .args(arguments)
        .env("AIRFLOW_HOME", home.path())
        .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{script} on Airflow {airflow}: {stderr}"
    );
    serde_json::from_str(stdout.lines().last().unwrap()).unwrap()
}

/// What Airflow's coordinator makes of a file.
pub(crate) fn coordinator(airflow: AirflowVersion, file: &Path, dag_id: &str) -> Value {
    coordinator_of_all(airflow, &[file.to_path_buf()], dag_id).remove(0)
}

/// What Airflow's coordinator makes of each file; the files lie in directories of their own.
pub(crate) fn coordinator_of_all(
    airflow: AirflowVersion,
    files: &[PathBuf],
    dag_id: &str,
) -> Vec<Value> {
    let mut arguments = vec![OsStr::new(dag_id)];
    arguments.extend(files.iter().map(|file| file.as_os_str()));
    match python(airflow, "bundle_coordinator.py", &arguments) {
        Value::Array(answers) if answers.len() == files.len() => answers,
        other => panic!("one answer for each file was expected: {other}"),
    }
}

/// The Dags of a Python file as Airflow understands them.
pub(crate) fn dags(airflow: AirflowVersion, file: &Path) -> Value {
    python(airflow, "bundle_dags.py", &[file.as_os_str()])
}

/// Runs the `aileron` command; it must succeed. Returns what it prints.
pub(crate) fn aileron(directory: &Path, arguments: &[&OsStr]) -> String {
    run(aileron_command().args(arguments).current_dir(directory))
}

/// The `aileron` command of this workspace.
pub(crate) fn aileron_command() -> Command {
    Command::new(built_aileron())
}

/// Runs a command that must succeed; its stderr passes through.
pub(crate) fn run(command: &mut Command) -> String {
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{stdout}",
        output.status
    );
    stdout
}

/// Where that command is; built once.
fn built_aileron() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| executable("aileron-cli", "aileron").expect("it compiles"))
}
