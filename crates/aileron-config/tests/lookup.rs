//! Where an option is found, and what is said when it cannot be.

#![allow(clippy::unwrap_used)]

use aileron_config::{Config, ConfigError};

fn home(cfg: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("airflow.cfg"), cfg).unwrap();
    let path = directory.path().to_str().unwrap().to_owned();
    (directory, path)
}

#[test]
fn the_environment_goes_before_the_file() {
    let (_directory, home) = home("[common.io]\nbase = from_file\nother = kept\n");
    let config = Config::with_environment([
        ("AIRFLOW_HOME", home.as_str()),
        ("AIRFLOW__COMMON_IO__BASE", "from_env"),
    ]);
    let get = |key| config.get("common.io", key).unwrap();
    assert_eq!(get("base").as_deref(), Some("from_env"));
    assert_eq!(get("other").as_deref(), Some("kept"));
    assert_eq!(get("absent"), None);
}

#[test]
fn the_file_may_be_named_directly_and_values_are_expanded() {
    let (_directory, home) = home("[a]\nb = ${STAGE}/x\n");
    let config = Config::with_environment([
        ("AIRFLOW_CONFIG", "$AIRFLOW_HOME/airflow.cfg"),
        ("AIRFLOW_HOME", home.as_str()),
        ("STAGE", "~/prod"),
        ("HOME", "/home/ada"),
    ]);
    let value = config.get("a", "b").unwrap();
    assert_eq!(value.as_deref(), Some("/home/ada/prod/x"));
}

#[test]
fn without_a_file_nothing_is_set() {
    let config = Config::with_environment([("AIRFLOW_HOME", "/nowhere/at/all")]);
    assert_eq!(config.get("core", "fernet_key"), Ok(None));
    assert_eq!(
        Config::with_environment([("", ""); 0]).get("core", "x"),
        Ok(None)
    );
}

#[test]
fn a_command_or_a_secret_is_refused_and_says_what_to_do() {
    for variable in [
        "AIRFLOW__CORE__FERNET_KEY_CMD",
        "AIRFLOW__CORE__FERNET_KEY_SECRET",
    ] {
        let config = Config::with_environment([(variable, "cat /secret")]);
        let error = config.get("core", "fernet_key").unwrap_err().to_string();
        assert!(error.contains(variable), "{error}");
        assert!(
            error.contains("set AIRFLOW__CORE__FERNET_KEY itself"),
            "{error}"
        );
        assert!(!error.contains("/secret"), "{error}");
    }
    let (_directory, home) = home("[core]\nfernet_key_cmd = cat /secret\n");
    let config = Config::with_environment([("AIRFLOW_HOME", home.as_str())]);
    let error = config.get("core", "fernet_key").unwrap_err().to_string();
    assert!(error.contains("[core] fernet_key_cmd in "), "{error}");
}

#[test]
fn a_plain_value_beside_a_command_is_taken() {
    let config = Config::with_environment([
        ("AIRFLOW__CORE__FERNET_KEY_CMD", "cat /secret"),
        ("AIRFLOW__CORE__FERNET_KEY", "plain"),
    ]);
    let value = config.get("core", "fernet_key").unwrap();
    assert_eq!(value.as_deref(), Some("plain"));
}

#[test]
fn numbers_and_booleans_are_read_as_airflow_reads_them() {
    let config = Config::with_environment([
        ("AIRFLOW__A__INT", " 30 "),
        ("AIRFLOW__A__FLOAT", "30.0"),
        ("AIRFLOW__A__HALF", "0.5"),
        ("AIRFLOW__A__YES", "True # really"),
        ("AIRFLOW__A__NO", "f"),
    ]);
    assert_eq!(config.integer("a", "int"), Ok(Some(30)));
    assert_eq!(config.integer("a", "float"), Ok(Some(30)));
    assert_eq!(config.integer("a", "absent"), Ok(None));
    assert_eq!(config.boolean("a", "yes"), Ok(Some(true)));
    assert_eq!(config.boolean("a", "no"), Ok(Some(false)));
    let error = config.integer("a", "half").unwrap_err();
    assert!(matches!(error, ConfigError::Invalid { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        r#"[a] half is "0.5", which is not a whole number"#
    );
    assert!(config.boolean("a", "int").is_err());
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_no_default() {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::with_environment([("AIRFLOW_CONFIG", directory.path().to_str().unwrap())]);
    let error = config.get("core", "x").unwrap_err();
    assert!(matches!(error, ConfigError::File { .. }), "{error}");
}
