//! What a task must not find.

use rustix::process::{DumpableBehavior, dumpable_behavior, getuid};

use crate::stage::{Stage, trials};

trials![a_task_finds_no_secret_of_its_supervisor];

const SECRET: &str = "the-key-that-signs-all-tokens";

/// The environment of this process is set by starting it again: a test must not change it while others run.
fn a_task_finds_no_secret_of_its_supervisor() {
    if std::env::var_os("AIRFLOW__API_AUTH__JWT_SECRET").is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_task_finds_no_secret_of_its_supervisor"])
            .env("AIRFLOW__API_AUTH__JWT_SECRET", SECRET)
            .env(
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
                format!("postgresql://airflow:{SECRET}@db/"),
            )
            .env("AIRFLOW__CORE__FERNET_KEY", SECRET)
            .env("AIRFLOW__CORE__DAGS_FOLDER", "/dags")
            .output()
            .unwrap();
        assert!(
            status.status.success(),
            "{}",
            String::from_utf8_lossy(&status.stdout)
        );
        return;
    }
    // A file that is open here must not be open there.
    let open = tempfile::NamedTempFile::new().unwrap();
    let stage = Stage::player("tells-itself");
    stage.finished();
    let lines = stage.log.lines();
    let seen = &lines.iter().find(|line| line["event"] == "seen").unwrap()["seen"];
    assert!(!seen.to_string().contains(SECRET), "{seen}");
    assert!(
        seen["environment"]
            .to_string()
            .contains("AIRFLOW__CORE__DAGS_FOLDER=/dags")
    );
    assert!(
        seen["environment"]
            .to_string()
            .contains("AIRFLOW__LOGGING__LOGGING_LEVEL=INFO")
    );
    assert!(
        !seen["inherited"]
            .to_string()
            .contains(open.path().to_str().unwrap())
    );
    assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    // Nothing is hidden from root.
    if !getuid().is_root() {
        assert_eq!(
            (&seen["memory"], &seen["parent_environment"]),
            (&false.into(), &false.into())
        );
    }
}
