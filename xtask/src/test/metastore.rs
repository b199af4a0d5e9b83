//! The tests of the metadata store once more, on PostgreSQL.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::counts::Counts;
use super::phase::Phase;
use super::{ALL_TESTS, REAL_AIRFLOW, cargo};
use crate::environment::Postgres;

const PACKAGE: &str = "aileron-metastore";

/// The test programs whose databases are SQLite files, or else clones on the server that the environment names. Those that
/// are about one of the two only are left out.
const PROGRAMS: [&str; 4] = ["aileron_metastore", "dag_runs", "run", "task_instance"];

/// Runs the test programs, which are built already, with a server.
pub(super) fn on_postgres(postgres: &Postgres, filter: Option<&str>) -> Result<Counts> {
    let programs = programs()?;
    ensure!(
        programs.len() == PROGRAMS.len(),
        "not every one of the test programs {PROGRAMS:?} of {PACKAGE} was built: {programs:?}"
    );
    let server = postgres.start()?;
    let mut counts = Counts::default();
    for program in programs {
        let mut command = Command::new(program);
        command
            .args(filter)
            .env(end_to_end::POSTGRES_URL, server.url("postgres"));
        counts.add(Phase::tests("metadata store on PostgreSQL", command).run()?);
    }
    Ok(counts)
}

/// Asks cargo where it has put them: with the same words, so that nothing is built a second time.
fn programs() -> Result<Vec<PathBuf>> {
    let mut command = cargo(ALL_TESTS);
    command.args(["--features", REAL_AIRFLOW]);
    let output = command
        .args(["--no-run", "--message-format", "json"])
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    ensure!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    let messages = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    Ok(messages.filter_map(|message| program(&message)).collect())
}

fn program(message: &Value) -> Option<PathBuf> {
    let target = &message["target"];
    let wanted = message["package_id"].as_str()?.contains(PACKAGE)
        && message["profile"]["test"] == true
        && PROGRAMS.contains(&target["name"].as_str()?);
    wanted
        .then(|| message["executable"].as_str().map(PathBuf::from))
        .flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_test_programs_of_the_store_are_taken() {
        let message = |package: &str, name: &str, test: bool| {
            json!({
                "package_id": format!("path+file:///w/crates/{package}#0.1.0"),
                "target": {"name": name}, "profile": {"test": test}, "executable": "/t/x",
            })
        };
        assert_eq!(
            program(&message(PACKAGE, "run", true)),
            Some(PathBuf::from("/t/x"))
        );
        for other in [
            message(PACKAGE, "run", false),
            message(PACKAGE, "schema", true),
            message("aileron-local", "run", true),
            json!({"reason": "build-finished"}),
        ] {
            assert_eq!(program(&other), None);
        }
    }
}
