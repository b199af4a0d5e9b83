//! `aileron doctor` asks real Airflows.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output};

use end_to_end::{AirflowVersion, bundle, workspace_root};
use serde_json::Value;

/// A deployment of a version with these variables and nothing else set.
fn doctor(
    version: AirflowVersion,
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> (Output, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(bundle::executable("aileron-cli", "aileron").unwrap());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AIRFLOW_") {
            command.env_remove(name);
        }
    }
    let output = command
        .arg("doctor")
        .arg("--python")
        .arg(version.python().unwrap())
        .args(arguments)
        .args(["--format", "json"])
        .current_dir(home.path())
        .env("AIRFLOW_HOME", home.path())
        .env("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (output, home)
}

fn json(output: &Output) -> Value {
    let stderr = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {stderr}"))
}

fn codes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect()
}

/// Where nothing is set, what Airflow resolves is the default that the doctor prints.
fn defaults_are_those_of(version: AirflowVersion) {
    let (output, home) = doctor(version, &[], &[]);
    let report = json(&output);
    assert_eq!(
        (&report["airflow"], &report["resolved_by"]),
        (&Value::from(version.as_str()), &Value::from("airflow"))
    );
    let settings = report["settings"].as_array().unwrap();
    assert!(settings.len() > 25);
    for setting in settings
        .iter()
        .filter(|setting| setting.get("value").is_some())
    {
        let name = format!("[{}] {}", setting["section"], setting["key"]);
        assert_eq!(setting["source"], Value::Null, "{name}");
        assert_eq!(setting["value"], setting["default"], "{name}");
    }
    assert_eq!(codes(&report), ["fernet-key-missing", "jwt-secret-missing"]);
    assert_eq!(output.status.code(), Some(3), "warnings");
    assert!(
        !home.path().join("airflow.cfg").exists(),
        "asking an Airflow leaves nothing behind"
    );
}

#[test]
fn the_defaults_are_those_of_airflow_3_3_2() {
    defaults_are_those_of(AirflowVersion::V3_3_2);
}

#[test]
fn the_defaults_are_those_of_airflow_3_4_0b2() {
    defaults_are_those_of(AirflowVersion::V3_4_0b2);
}

#[test]
fn what_is_set_is_found_and_secrets_stay_where_they_are() {
    let directory = tempfile::tempdir().unwrap();
    let python = AirflowVersion::V3_3_2.python().unwrap();
    let migrated = python.ancestors().nth(2).unwrap().join("metadata.db");
    let path = directory.path().join("airflow.db");
    std::fs::copy(migrated, &path).unwrap();
    let url = format!("sqlite:///{}", path.display());
    let rows = Command::new(&python)
        .arg(workspace_root().join("tests/end-to-end/python/state_rows.py"))
        .arg("write")
        .env("AIRFLOW_HOME", directory.path())
        .env("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", &url)
        .output()
        .unwrap();
    assert!(
        rows.status.success(),
        "{}",
        String::from_utf8_lossy(&rows.stderr)
    );
    let variables = [
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url.as_str()),
        ("AIRFLOW__CORE__FERNET_KEY", "sesame-fernet"),
        // A command's output is what Airflow resolves.
        ("AIRFLOW__API_AUTH__JWT_SECRET_CMD", "echo sesame-secret"),
        ("AIRFLOW__STATE_STORE__DEFAULT_RETENTION_DAYS", "30"),
        ("AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL", "400"),
        (
            "AIRFLOW__CORE__XCOM_BACKEND",
            "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
        ),
        (
            "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH",
            "file:///tmp/x",
        ),
    ];
    let (output, _home) = doctor(AirflowVersion::V3_3_2, &variables, &["--dags"]);
    assert_eq!(output.status.code(), Some(1), "errors");
    let report = json(&output);
    assert_eq!(
        codes(&report),
        [
            "heartbeat-interval-too-long",
            "fernet-key-invalid",
            "retention-shorter-than-retries",
            "xcom-threshold-off",
            "heartbeat-late-end",
            "jwt-secret-short",
        ]
    );
    let text = report.to_string();
    assert!(!text.contains("sesame"), "{text}");
    assert!(
        text.contains("Dag slow, task patient: its 3 retries may wait for 60d together"),
        "{text}"
    );
    let mut settings = report["settings"].as_array().unwrap().iter();
    let secret = settings
        .find(|setting| setting["key"] == "jwt_secret")
        .unwrap();
    assert_eq!(
        (&secret["bytes"], &secret["source"]),
        (
            // The line break of `echo` belongs to it: Airflow takes the output as it is.
            &Value::from(14),
            &Value::from("AIRFLOW__API_AUTH__JWT_SECRET_CMD")
        )
    );
}
