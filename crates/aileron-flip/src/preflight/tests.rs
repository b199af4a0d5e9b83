use serde_json::json;

use super::*;

/// What a healthy Airflow says, with one fact replaced.
fn facts(changed: serde_json::Value) -> Vec<Fact> {
    let option = |option: &str, value: &str| {
        json!({"fact": "option", "section": "common.io", "option": option, "source": "the environment variable X",
               "variable": value, "value": value, "server_value": value})
    };
    let step = |step: &str| json!({"fact": "store", "step": step, "took_ms": 3, "detail": null});
    let well = vec![
        json!({"fact": "python", "version": "3.11.7", "executable": "/bin/python"}),
        json!({"fact": "airflow", "version": "3.3.2", "config_file": null}),
        json!({"fact": "provider", "version": "1.11.0"}),
        json!({"fact": "near-misses", "variables": [], "sections": []}),
        option("xcom_backend", BACKEND),
        option("xcom_objectstorage_path", "s3://aws@b/x"),
        option("xcom_objectstorage_threshold", "2048"),
        option("xcom_objectstorage_compression", ""),
        json!({"fact": "pickling", "value": null}),
        json!({"fact": "backend", "class": BACKEND, "bases": []}),
        json!({"fact": "packages", "scheme": "s3", "packages": {"s3fs": "1"}}),
        json!({"fact": "compression", "name": null, "suffix": ""}),
        step("open"),
        step("put"),
        step("get"),
        step("list"),
        step("delete"),
        json!({"fact": "lifecycle", "scheme": "s3", "bucket": "b", "prefix": "x",
               "rules": [{"id": "r", "enabled": true, "prefix": "x/", "days": 30}]}),
        json!({"fact": "size", "dag_id": "d", "task_id": "t", "key": "k", "bytes": 100, "count": 1000}),
        json!({"fact": "sizes-read"}),
    ];
    let same = |fact: &serde_json::Value| {
        ["fact", "option", "step"]
            .iter()
            .all(|key| fact[*key] == changed[*key])
    };
    let facts = well.into_iter().map(|fact| match same(&fact) {
        true => changed.clone(),
        false => fact,
    });
    facts
        .map(|fact| serde_json::from_value(fact).unwrap())
        .collect()
}

const BACKEND: &str = "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend";

/// The checks that did not pass.
fn not_passed(changed: serde_json::Value) -> Vec<(&'static str, Status, String)> {
    judge(&facts(changed), 8192)
        .into_iter()
        .filter(|check| check.status != Status::Pass)
        .map(|check| (check.name, check.status, check.evidence))
        .collect()
}

#[test]
fn all_checks_pass_for_a_healthy_airflow() {
    assert_eq!(not_passed(json!({})), []);
}

#[test]
fn each_fault_fails_its_check_and_says_what_was_seen() {
    let option = |option: &str, value: &str, variable: &str| {
        json!({"fact": "option", "option": option, "section": "common.io", "source": "s", "variable": variable,
               "value": value, "server_value": value})
    };
    for (changed, name, part) in [
        (
            json!({"fact": "provider", "version": null}),
            "provider",
            "is not installed",
        ),
        (
            json!({"fact": "provider", "version": "1.2.9"}),
            "provider",
            "has no such backend",
        ),
        (
            json!({"fact": "near-misses", "sections": [], "variables": [
                {"found": "AIRFLOW__COMMON.IO__XCOM_OBJECTSTORAGE_PATH", "meant": "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH"}]}),
            "names",
            "AIRFLOW__COMMON.IO__XCOM_OBJECTSTORAGE_PATH is read by nobody",
        ),
        (
            json!({"fact": "near-misses", "variables": [], "sections": ["common_io"]}),
            "names",
            "[common_io]",
        ),
        (
            json!({"fact": "backend", "class": "airflow.sdk.bases.xcom.BaseXCom", "bases": []}),
            "backend",
            "BaseXCom",
        ),
        (
            json!({"fact": "backend", "problem": "ImportError: x"}),
            "backend",
            "ImportError",
        ),
        (
            option("xcom_objectstorage_path", "", ""),
            "base path",
            "it is empty",
        ),
        (
            option("xcom_objectstorage_path", "/tmp/x", "/tmp/x"),
            "base path",
            "/tmp/x",
        ),
        (
            option("xcom_objectstorage_path", "s3://a@b", "s3://other@b"),
            "base path",
            "did not take",
        ),
        (
            option("xcom_objectstorage_threshold", "-1", "-1"),
            "threshold",
            "nothing is offloaded",
        ),
        (
            option("xcom_objectstorage_threshold", "2kB", "2kB"),
            "threshold",
            "2kB",
        ),
        (
            json!({"fact": "compression", "name": "gz", "suffix": null, "known": ["gzip"]}),
            "compression",
            "\"gz\"",
        ),
        (
            json!({"fact": "pickling", "value": "True"}),
            "pickling",
            "True",
        ),
        (
            json!({"fact": "packages", "scheme": "s3", "packages": {"s3fs": null}}),
            "store packages",
            "s3fs",
        ),
        (
            json!({"fact": "store", "step": "list", "problem": "AccessDenied"}),
            "store",
            "list failed, after open, put 3 ms",
        ),
        (
            json!({"fact": "lifecycle", "scheme": "s3", "prefix": "x", "rules": []}),
            "lifecycle",
            "none of the bucket's 0 rules",
        ),
        (
            json!({"fact": "size", "dag_id": "d", "task_id": "t", "key": "k", "bytes": 4000, "count": 1000}),
            "sizes",
            "the threshold is 2048",
        ),
    ] {
        let found = not_passed(changed.clone());
        let check = found.iter().find(|(found, ..)| *found == name);
        let Some((_, status, evidence)) = check else {
            panic!("{changed} did not fail {name}: {found:?}");
        };
        assert_eq!(*status, Status::Fail, "{changed}");
        assert!(evidence.contains(part), "{name}: {evidence}");
    }
}

#[test]
fn what_is_not_known_is_not_passed() {
    for (changed, name) in [
        (json!({"fact": "lifecycle", "scheme": "file"}), "lifecycle"),
        (
            json!({"fact": "lifecycle", "scheme": "s3", "problem": "AccessDenied"}),
            "lifecycle",
        ),
        (json!({"fact": "sizes-read", "x": 1}), ""),
        (
            json!({"fact": "size", "dag_id": "d", "task_id": "t", "key": "k", "bytes": 1, "count": 0}),
            "sizes",
        ),
    ] {
        let unknown: Vec<_> = not_passed(changed)
            .into_iter()
            .map(|(name, status, _)| (name, status))
            .collect();
        match name {
            "" => assert_eq!(unknown, []),
            name => assert_eq!(unknown, [(name, Status::Unknown)]),
        }
    }
    let nothing = judge(&[], 8192);
    assert!(nothing.iter().all(|check| check.status == Status::Unknown));
}
