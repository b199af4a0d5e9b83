//! Log lines and the secrets in them.

use anyhow::{Context, Result};
use end_to_end::{Airflow, Api};
use serde_json::json;

use super::{log_file, run_to_success};

const PASSWORD: &str = "correct-horse-battery";
const TOKEN: &str = "registered-and-not-to-be-seen";

/// The connection and the Variable whose values the task tries to log.
pub(super) fn create_secrets(api: &Api) -> Result<()> {
    let fields = json!({"host": "localhost", "login": "user", "password": PASSWORD});
    api.create_connection("scenario_database", "generic", &fields)?;
    // A name that Airflow does not take for a secret by itself.
    api.create_variable("scenario_token_text", TOKEN)
}

pub(super) fn lines_keep_their_level(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "logging")?;
    let log = log_file(airflow, &run, "write_lines", 1)?;
    for (event, level) in [
        ("an info line", "info"),
        ("a warning line", "warning"),
        ("an error line", "error"),
    ] {
        let line = log
            .find(event)
            .with_context(|| format!("no {event:?} in:\n{log}"))?;
        assert_eq!(line.level(), level, "{line:?}");
        assert_eq!(line.logger(), "scenarios.logging", "{line:?}");
    }
    let info = log.find("an info line").context("no info line")?;
    assert_eq!(
        (&info.0["rows"], &info.0["table.name"]),
        (&json!(3), &json!("orders"))
    );
    assert!(
        log.find("a debug line").is_none(),
        "the level is INFO:\n{log}"
    );
    for event in ["a line on standard output", "a line on standard error"] {
        assert!(log.find(event).is_some(), "no {event:?} in:\n{log}");
    }
    Ok(())
}

pub(super) fn secrets_are_masked(airflow: &Airflow) -> Result<()> {
    let run = run_to_success(airflow, "logging")?;
    let path = airflow.task_log_path(&run.dag_id, &run.dag_run_id, "write_lines", 1);
    let text = std::fs::read_to_string(path)?;
    for secret in [PASSWORD, TOKEN] {
        assert!(
            !text.contains(secret),
            "{secret} stands in the log:\n{text}"
        );
    }
    let log = log_file(airflow, &run, "write_lines", 1)?;
    let line = log
        .find("connecting with ***")
        .with_context(|| format!("not in:\n{log}"))?;
    assert_eq!(line.0["url"], "db://user:***@host");
    assert!(log.find("the registered value is ***").is_some(), "{log}");
    Ok(())
}
