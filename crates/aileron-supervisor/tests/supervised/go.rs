//! Bundles of another language: Go. Without a Go toolchain, or without the modules, a test is ignored, and says why: it has not
//! passed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::{Completion, Trial};
use serde_json::{Value, json};

use crate::stage::Stage;

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name, test: fn() -> Result<(), NotHere>| {
        Trial::ignorable_test(name, move || {
            Ok(match test() {
                Ok(()) => Completion::Completed,
                Err(NotHere(reason)) => Completion::ignored_with(reason),
            })
        })
    };
    vec![
        trial(
            "a_program_that_speaks_the_protocol_by_hand_in_go_runs",
            a_program_that_speaks_the_protocol_by_hand_in_go_runs,
        ),
        trial(
            "the_example_of_airflows_go_sdk_runs",
            the_example_of_airflows_go_sdk_runs,
        ),
    ]
}

/// What this machine does not have, and cannot get.
struct NotHere(String);

/// The version of the Go SDK whose example is built.
const GO_SDK: &str = "github.com/apache/airflow/go-sdk@v1.0.0-beta3";
const EXAMPLE: &str = "github.com/apache/airflow/go-sdk/example/bundle";

fn go(directory: &Path, arguments: &[&str]) -> Result<Output, String> {
    let output = Command::new("go")
        .current_dir(directory)
        .args(arguments)
        .output()
        .map_err(|error| format!("there is no Go toolchain ({error})"))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "go {} failed: {}",
        arguments.join(" "),
        said.trim()
    ))
}

/// A step that needs the world outside.
fn get(directory: &Path, arguments: &[&str]) -> Result<(), NotHere> {
    go(directory, arguments).map(|_| ()).map_err(NotHere)
}

fn build(directory: &Path, package: &str, program: &Path) {
    let output = [
        "build",
        "-trimpath",
        "-o",
        program.to_str().unwrap(),
        package,
    ];
    if let Err(problem) = go(directory, &output) {
        panic!("{problem}");
    }
}

fn stage(program: PathBuf, dag_id: &str, task_id: &str) -> Stage {
    let mut stage = Stage::bundle(task_id);
    stage.ti.dag_id = dag_id.to_owned();
    stage.command.program = program;
    stage
}

fn a_program_that_speaks_the_protocol_by_hand_in_go_runs() -> Result<(), NotHere> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go");
    get(&sources, &["mod", "download"])?;
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("by-hand");
    build(&sources, ".", &program);
    let stage = stage(program, "d", "in_go");
    stage.api.state().variables = [("country".to_owned(), "uk".to_owned())].into();
    assert_eq!(stage.finished().state.to_string(), "success");
    let stored: Value =
        serde_json::from_str(&stage.api.state().xcoms["in_go/return_value"]).unwrap();
    assert_eq!(
        stored,
        json!({"country": "uk", "small": -3, "big": 1_u64 << 63})
    );
    let lines = stage.log.lines();
    let hello = lines
        .iter()
        .find(|line| line["event"] == "hello from Go")
        .unwrap();
    assert_eq!(
        (&hello["logger"], &hello["task_id"]),
        (&json!("by.hand"), &json!("in_go"))
    );
    Ok(())
}

fn the_example_of_airflows_go_sdk_runs() -> Result<(), NotHere> {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    get(here, &["mod", "init", "example.test/bundle"])?;
    get(here, &["get", GO_SDK, EXAMPLE])?;
    let program = here.join("example-bundle");
    build(here, EXAMPLE, &program);

    let transform = stage(program.clone(), "simple_dag", "transform");
    transform.api.state().variables = [("my_variable".to_owned(), "its value".to_owned())].into();
    assert_eq!(transform.finished().state.to_string(), "success");
    assert!(transform.log.text().contains("its value"));

    let mut load = stage(program, "simple_dag", "load");
    load.api.state().context.should_retry = true;
    assert_eq!(load.finished().state.to_string(), "up_for_retry");
    load.ti.try_number = 2;
    assert_eq!(load.finished().state.to_string(), "success");
    Ok(())
}
