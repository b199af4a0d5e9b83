//! `aileron doctor` without an Airflow. What real ones answer is in the end-to-end tests.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use std::path::Path;

use support::Sandbox;

#[test]
fn without_an_airflow_the_files_of_this_machine_are_read_and_it_says_so() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "airflow.cfg",
        "[core]\nfernet_key = sesame\n[api_auth]\njwt_secret = sesame\n[state_store]\ndefault_retention_days = 0\n",
    );
    // No `airflow` is there.
    sandbox.write("airflow.sh", "");
    let ran = sandbox.run_with(
        &["doctor"],
        &[
            ("AIRFLOW_CONFIG", &sandbox.path("airflow.cfg")),
            ("PATH", Path::new("/nowhere")),
        ],
    );
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    let text = ran.stdout;
    assert!(
        text.starts_with(
            "The settings of this machine, as Aileron reads them: no Airflow was asked"
        ),
        "{text}"
    );
    assert!(
        text.contains("[state_store] default_retention_days") && text.contains("airflow.cfg"),
        "{text}"
    );
    assert!(
        text.contains("(fernet-key-invalid)")
            && text.contains("(jwt-secret-short)")
            && text.contains("(retention-never)"),
        "{text}"
    );
    assert!(text.ends_with("1 errors, 1 warnings, 1 notes\n"), "{text}");
    assert!(!text.contains("sesame"), "{text}");
}

#[test]
fn an_airflow_that_does_not_answer_is_a_note_or_an_error() {
    let sandbox = Sandbox::new();
    sandbox.script("airflow", "#!/bin/sh\n");
    sandbox.script("python3", "#!/bin/sh\necho broken >&2\nexit 9\n");
    let path = [
        ("PATH", sandbox.root()),
        ("AIRFLOW_CONFIG", Path::new("/nowhere/airflow.cfg")),
    ];
    let ran = sandbox.run_with(&["doctor", "--format", "json"], &path);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&report["resolved_by"], &report["airflow"]),
        (&"aileron".into(), &serde_json::Value::Null)
    );
    let note = report["notes"][0].as_str().unwrap();
    assert!(
        note.contains("does not answer") && note.contains("broken"),
        "{note}"
    );
    let python = sandbox.path("python3");
    let ran = sandbox.run_with(&["doctor", "--python", python.to_str().unwrap()], &path);
    assert!(ran.failed(13).contains("broken"));
}
