use std::time::Duration;

use aileron_metastore::inventory::TaskRetries;

use super::facts::{DagFacts, Facts, Resolved, Secret, Source};
use super::finding::{Severity, findings};
use super::setting::SETTINGS;

/// An Airflow of that version with good keys and nothing else set.
fn healthy(version: &str) -> Facts {
    let mut facts = Facts::new(Source::Airflow("here".to_owned()));
    facts.airflow = Some(version.to_owned());
    for setting in SETTINGS {
        let value = setting.default(facts.version()).map(str::to_owned);
        let secret = setting.secret.then_some(Secret {
            bytes: 88,
            fernet: (setting.key == "fernet_key").then_some(true),
        });
        let resolved = Resolved {
            value,
            secret,
            ..Resolved::default()
        };
        facts
            .settings
            .insert((setting.section, setting.key), resolved);
    }
    facts
}

/// The codes of what is found when these are set.
fn codes(version: &str, set: &[(&str, &str)]) -> Vec<(Severity, &'static str)> {
    let mut facts = healthy(version);
    for (key, value) in set {
        let mut known = facts
            .settings
            .iter_mut()
            .filter(|((_, name), _)| name == key);
        let (_, resolved) = known.next().unwrap();
        match (&mut resolved.secret, *value) {
            (secret @ Some(_), "") => *secret = None,
            (Some(secret), bytes) => {
                (secret.bytes, secret.fernet) = (bytes.parse().unwrap(), Some(false))
            }
            (None, value) => resolved.value = Some(value.to_owned()),
        }
    }
    let found = findings(&facts);
    found
        .iter()
        .map(|finding| (finding.severity, finding.code))
        .collect()
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    for version in ["3.3.2", "3.4.0b2"] {
        assert_eq!(codes(version, &[]), []);
    }
}

#[test]
fn every_setting_that_bites_is_found() {
    use Severity::{Error, Note, Warning};
    const XCOM: (&str, &str) = (
        "xcom_backend",
        "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend",
    );
    const STATE: (&str, &str) = (
        "state_store_backend",
        "airflow.providers.common.io.state_store.backend.StateStoreObjectStorageBackend",
    );
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [(Severity, &'a str)]);
    let cases: &[Case<'_>] = &[
        (
            &[("default_retention_days", "-1")],
            &[(Error, "retention-negative")],
        ),
        (
            &[("default_retention_days", "0")],
            &[(Note, "retention-never")],
        ),
        (
            &[
                ("default_task_retries", "3"),
                ("default_task_retry_delay", "864001"),
            ],
            &[(Warning, "retention-shorter-than-default-retries")],
        ),
        (
            &[("backend", "mine.Backend")],
            &[(Warning, "state-store-backend")],
        ),
        (
            &[("clear_on_success", "True")],
            &[(Note, "clear-on-success")],
        ),
        (
            &[STATE],
            &[
                (Error, "state-path-missing"),
                (Warning, "worker-state-backend"),
            ],
        ),
        (
            &[STATE, ("state_store_objectstorage_path", "s3://b")],
            &[(Warning, "worker-state-backend")],
        ),
        (
            &[("state_store_objectstorage_path", "s3://b")],
            &[(Warning, "state-path-without-backend")],
        ),
        (
            &[XCOM, ("xcom_objectstorage_path", "s3://b")],
            &[(Warning, "xcom-threshold-off")],
        ),
        (
            &[
                XCOM,
                ("xcom_objectstorage_path", "s3://b"),
                ("xcom_objectstorage_threshold", "0"),
            ],
            &[],
        ),
        (
            &[XCOM, ("xcom_objectstorage_threshold", "1000")],
            &[(Error, "xcom-path-missing")],
        ),
        (
            &[("xcom_objectstorage_path", "s3://b")],
            &[(Warning, "xcom-path-without-backend")],
        ),
        (
            &[("enable_xcom_pickling", "True")],
            &[(Warning, "pickling")],
        ),
        (&[("enable_xcom_pickling", "False")], &[]),
        (
            &[("min_heartbeat_interval", "300")],
            &[
                (Error, "heartbeat-interval-too-long"),
                (Warning, "heartbeat-late-end"),
            ],
        ),
        (
            &[("min_heartbeat_interval", "101")],
            &[
                (Warning, "heartbeat-interval-long"),
                (Warning, "heartbeat-late-end"),
            ],
        ),
        (&[("min_heartbeat_interval", "100")], &[]),
        (
            &[("max_failed_heartbeats", "0")],
            &[(Warning, "heartbeat-no-failure")],
        ),
        (
            &[("max_failed_heartbeats", "61")],
            &[(Warning, "heartbeat-late-end")],
        ),
        (&[("fernet_key", "")], &[(Warning, "fernet-key-missing")]),
        (&[("fernet_key", "12")], &[(Error, "fernet-key-invalid")]),
        (&[("jwt_secret", "")], &[(Warning, "jwt-secret-missing")]),
        (
            &[("jwt_secret", ""), ("jwt_private_key_path", "/key.pem")],
            &[],
        ),
        (&[("jwt_secret", "63")], &[(Warning, "jwt-secret-short")]),
        (&[("jwt_secret", "64")], &[]),
        (&[("jwt_secret", "32"), ("jwt_algorithm", "HS256")], &[]),
    ];
    for (set, expected) in cases {
        assert_eq!(codes("3.3.2", set), *expected, "{set:?}");
    }
}

#[test]
fn an_older_airflow_is_told_that_state_needs_3_3() {
    let facts = healthy("2.11.0");
    let found = findings(&facts);
    assert_eq!(
        (found[0].severity, found[0].code),
        (Severity::Error, "state-store-needs-3.3")
    );
    assert!(
        found[0]
            .text
            .contains("need Airflow 3.3, and this is 2.11.0"),
        "{}",
        found[0].text
    );
    assert_eq!(codes("3.10.0", &[]), []);
}

#[test]
fn a_task_whose_retries_outlive_its_keys_is_named() {
    let mut facts = healthy("3.3.2");
    let task = |task_id: &str, days: u64| TaskRetries {
        task_id: task_id.to_owned(),
        retries: 3,
        longest_wait: jiff::SignedDuration::try_from(Duration::from_secs(days * 86_400)).unwrap(),
    };
    facts.dags = Some(vec![DagFacts {
        dag_id: "slow".to_owned(),
        tasks: vec![task("patient", 45), task("quick", 30)],
    }]);
    let found = findings(&facts);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .text
            .starts_with("Dag slow, task patient: its 3 retries may wait for 45d together"),
        "{}",
        found[0].text
    );
}
