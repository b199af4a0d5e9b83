//! The manifest as text and its rules.
#![allow(clippy::unwrap_used)]

mod support;

use aileron_bundle::ManifestError;
use aileron_bundle::manifest::{ArgSource, DagEntry, Manifest, TaskOutline};
use proptest::prelude::*;

#[test]
fn strings_that_yaml_1_1_reads_as_something_else_are_quoted() {
    let mut manifest = support::manifest();
    manifest.sdk.version = "1.0".into();
    manifest.dags.insert(
        "on".into(),
        DagEntry {
            tasks: vec!["1_000".into(), "1:30".into()],
        },
    );
    let yaml = manifest.to_yaml().unwrap();
    for quoted in [
        "\"2026-06-16\"",
        "\"1.0\"",
        "\"yes\"",
        "\"no\"",
        "\"on\":",
        "\"1_000\"",
        "\"1:30\"",
    ] {
        assert!(yaml.contains(quoted), "{quoted} is missing in\n{yaml}");
    }
}

#[test]
fn json_and_yaml_carry_the_same_manifest() {
    let manifest = support::manifest();
    assert_eq!(
        Manifest::from_json(&manifest.to_json().unwrap()).unwrap(),
        manifest
    );
    assert_eq!(
        Manifest::from_yaml(manifest.to_yaml().unwrap().as_bytes()).unwrap(),
        manifest
    );
    assert_eq!(
        Manifest::from_yaml(manifest.to_json().unwrap().as_bytes()).unwrap(),
        manifest,
        "JSON is YAML"
    );
}

#[test]
fn keys_of_other_sdks_and_later_versions_are_ignored() {
    let text = "{airflow_bundle_metadata_version: '1.0', later: {a: [1]}, dags: {d: {tasks: [t], more: 1}}, \
                sdk: {language: go, version: v1, supervisor_schema_version: '2026-06-16', x: y}}";
    let manifest = Manifest::from_yaml(text.as_bytes()).unwrap();
    manifest.validate().unwrap();
    assert_eq!(
        (manifest.sdk.language.as_str(), manifest.aileron),
        ("go", None)
    );
}

#[test]
fn a_large_program_has_a_readable_manifest() {
    let mut manifest = support::manifest();
    let dag = &mut manifest.aileron.as_mut().unwrap().dags[0];
    for number in 0..5_000 {
        let task_id = format!("task_{number}");
        manifest.dags["orders"].tasks.push(task_id.clone());
        dag.tasks.push(TaskOutline {
            task_id,
            upstream: vec!["extract".into()],
            ..Default::default()
        });
    }
    let read = Manifest::from_yaml(manifest.to_yaml().unwrap().as_bytes()).unwrap();
    read.validate().unwrap();
    assert_eq!(read, manifest);
}

#[test]
fn json_that_is_not_a_manifest_is_refused_with_the_place() {
    assert!(matches!(
        Manifest::from_json("[1]"),
        Err(ManifestError::NotAMapping { found: "a list" })
    ));
    assert!(matches!(
        Manifest::from_json("null"),
        Err(ManifestError::NotAMapping { found: "null" })
    ));
    let error = Manifest::from_json("{\"dags\": {}}")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("airflow_bundle_metadata_version") && error.contains("line 1"),
        "{error}"
    );
    let error = Manifest::from_json("hello world").unwrap_err().to_string();
    assert!(error.contains("line 1 column 1"), "{error}");
}

/// The field named by the rule that `change` breaks.
fn broken(change: impl FnOnce(&mut Manifest)) -> String {
    let mut manifest = support::manifest();
    manifest.validate().unwrap();
    change(&mut manifest);
    match manifest.validate() {
        Err(ManifestError::Invalid { field, .. }) => field,
        other => panic!("expected a broken rule, got {other:?}"),
    }
}

fn task(manifest: &mut Manifest, at: usize) -> &mut TaskOutline {
    &mut manifest.aileron.as_mut().unwrap().dags[0].tasks[at]
}

#[test]
fn each_broken_rule_names_its_field() {
    let version = "sdk.supervisor_schema_version";
    assert_eq!(
        broken(|m| m.airflow_bundle_metadata_version = "2.0".into()),
        "airflow_bundle_metadata_version"
    );
    assert_eq!(broken(|m| m.sdk.language.clear()), "sdk.language");
    assert_eq!(
        broken(|m| m.sdk.supervisor_schema_version = "3.3".into()),
        version
    );
    assert_eq!(
        broken(|m| m.sdk.supervisor_schema_version = "2026-6-016".into()),
        version
    );
    assert_eq!(broken(|m| m.source = Some("../main.rs".into())), "source");
    assert_eq!(broken(|m| m.dags.clear()), "dags");
    assert_eq!(
        broken(|m| m.dags["orders"].tasks.push("extract".into())),
        "dags.orders.tasks"
    );
    assert_eq!(
        broken(|m| m.dags["orders"].tasks.push("a b".into())),
        "dags.orders.tasks"
    );
    assert_eq!(
        broken(|m| m.dags["orders"].tasks.push("x".repeat(251))),
        "dags.orders.tasks"
    );
    assert_eq!(
        broken(|m| m.dags["orders"].tasks.push("publish".into())),
        "aileron.dags.orders"
    );
    assert_eq!(
        broken(|m| task(m, 0).task_id = "summarise".into()),
        "aileron.dags.orders.summarise.orders"
    );
    assert_eq!(
        broken(|m| task(m, 0).upstream.push("summarise".into())),
        "aileron.dags.orders.extract"
    );
    assert_eq!(
        broken(|m| task(m, 1).retry_delay = Some(f64::NAN)),
        "aileron.dags.orders.summarise.retry_delay"
    );
    assert_eq!(
        broken(|m| task(m, 1).execution_timeout = Some(-1.0)),
        "aileron.dags.orders.summarise.execution_timeout"
    );
    let absent = ArgSource::Xcom {
        task_id: "absent".into(),
    };
    assert_eq!(
        broken(|m| task(m, 1).args[1].source = absent),
        "aileron.dags.orders.summarise.orders"
    );
    assert_eq!(
        broken(|m| m.aileron.as_mut().unwrap().dags[0].dag_id = "other".into()),
        "aileron.dags.other"
    );
}

#[test]
fn an_edge_may_point_at_a_task_that_was_added_later_but_not_in_a_circle() {
    let mut manifest = support::manifest();
    task(&mut manifest, 1).args.clear();
    task(&mut manifest, 1).upstream.clear();
    task(&mut manifest, 0).upstream.push("summarise".into());
    manifest.validate().unwrap();
    task(&mut manifest, 1).upstream.push("extract".into());
    assert!(
        manifest
            .validate()
            .unwrap_err()
            .to_string()
            .contains("waits, directly or not, for itself")
    );
}

#[test]
fn ids_may_use_every_script_as_in_airflow() {
    let mut manifest = support::manifest();
    manifest.dags.insert(
        "bestellungen_für.日本-1".into(),
        DagEntry {
            tasks: vec!["täglich".into()],
        },
    );
    manifest.validate().unwrap();
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>()
            .prop_filter("JSON has no other numbers", |x| x.is_finite())
            .prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn every_text_and_literal_survives_yaml(text: String, tag in "[-0-9a-zA-Z_.:+~=< ]{0,12}", value in any_json()) {
        let mut manifest = support::manifest();
        manifest.sdk.version = text.clone();
        let dag = &mut manifest.aileron.as_mut().unwrap().dags[0];
        dag.doc_md = Some(text);
        dag.tags = vec![tag];
        dag.tasks[1].args[0].source = ArgSource::Literal { value };
        let yaml = manifest.to_yaml().unwrap();
        prop_assert_eq!(Manifest::from_yaml(yaml.as_bytes()).unwrap(), manifest);
    }
}
