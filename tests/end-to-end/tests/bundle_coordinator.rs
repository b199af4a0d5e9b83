//! Bundles and Airflow's own coordinator code agree: what one writes the other reads, what one refuses the other refuses.
#![allow(clippy::unwrap_used)]

mod bundle_support;

use std::path::{Path, PathBuf};

use aileron_bundle::manifest::{ArgSource, DagEntry, Manifest};
use aileron_bundle::{Bundle, BundleWriter};
use bundle_support::{TRICKY, coordinator, coordinator_of_all, python, shop};
use end_to_end::AirflowVersion;
use serde_json::{Value, json};

fn executable(directory: &Path) -> PathBuf {
    let path = directory.join("executable.sh");
    std::fs::write(&path, "#!/bin/sh\nexit 0\n").unwrap();
    path
}

fn packed(directory: &Path, manifest: Manifest) -> PathBuf {
    let bundles = directory.join("bundles");
    std::fs::create_dir_all(&bundles).unwrap();
    let path = bundles.join("shop");
    BundleWriter::new(executable(directory), manifest)
        .source("main.rs", "fn main() { /* é */ }\n")
        .write(&path)
        .unwrap();
    path
}

#[test]
fn airflow_finds_and_verifies_our_bundles() {
    for airflow in AirflowVersion::ALL {
        let dir = tempfile::tempdir().unwrap();
        let path = packed(dir.path(), shop());
        for dag_id in ["shop", "yes"] {
            let answer = coordinator(airflow, &path, dag_id);
            assert_eq!(
                answer["found"]["schema_version"], "2026-06-16",
                "Airflow {airflow}: {answer}"
            );
            assert_eq!(answer["found"]["path"], json!(path.canonicalize().unwrap()));
        }
        let answer = coordinator(airflow, &path, "absent");
        assert!(
            answer["not_found"].as_str().unwrap().contains("absent"),
            "Airflow {airflow}: {answer}"
        );
    }
}

#[test]
fn airflow_reads_the_manifest_as_we_wrote_it_whatever_the_texts_are() {
    for airflow in AirflowVersion::ALL {
        let dir = tempfile::tempdir().unwrap();
        let mut manifest = shop();
        manifest.dags.insert(
            "2026-06-16".into(),
            DagEntry {
                tasks: vec!["1.0".into(), "no".into(), "1_000".into()],
            },
        );
        let outline = &mut manifest.aileron.as_mut().unwrap().dags[0];
        outline.tags = TRICKY.iter().map(|text| (*text).to_owned()).collect();
        let numbers =
            json!([0, -1, i64::MIN, u64::MAX, 0.1, 1e300, 1e-7, -0.0, 1e16, {"a": {}, "b": []}]);
        outline.tasks[0].args[0].source = ArgSource::Literal { value: numbers };
        let keys = TRICKY
            .iter()
            .map(|text| ((*text).to_owned(), Value::from(*text)))
            .collect();
        outline.tasks[2].args[0].source = ArgSource::Literal {
            value: Value::Object(keys),
        };

        let path = packed(dir.path(), manifest);
        let answer = coordinator(airflow, &path, "2026-06-16");
        let bundle = Bundle::open(&path).unwrap();
        let mut expected = serde_json::to_value(bundle.manifest().unwrap()).unwrap();
        let sources = serde_json::to_value(bundle.source_index().unwrap()).unwrap();
        expected
            .as_object_mut()
            .unwrap()
            .extend(sources.as_object().unwrap().clone());
        assert_eq!(answer["metadata"], expected, "Airflow {airflow}");
        assert!(answer["found"].is_object(), "Airflow {airflow}: {answer}");
    }
}

#[test]
fn airflow_3_4_claims_our_bundles_and_shows_their_source() {
    let dir = tempfile::tempdir().unwrap();
    let path = packed(dir.path(), shop());
    let native = &coordinator(AirflowVersion::V3_4_0b2, &path, "shop")["native"];
    assert_eq!(
        *native,
        json!({"claimed": true, "source": "fn main() { /* é */ }\n", "language": "rust"})
    );
}

#[test]
fn airflow_3_3_refuses_a_schema_version_it_does_not_know() {
    let dir = tempfile::tempdir().unwrap();
    let mut manifest = shop();
    manifest.sdk.supervisor_schema_version = "2026-10-30".into();
    let path = packed(dir.path(), manifest);
    let answer = coordinator(AirflowVersion::V3_3_2, &path, "shop");
    assert!(
        answer["not_found"].as_str().unwrap().contains("2026-10-30"),
        "{answer}"
    );
    let answer = coordinator(AirflowVersion::V3_4_0b2, &path, "shop");
    assert_eq!(answer["found"]["schema_version"], "2026-10-30", "{answer}");
}

#[test]
fn bundles_made_elsewhere_are_read_and_broken_ones_refused_by_both_sides() {
    for airflow in AirflowVersion::ALL {
        let dir = tempfile::tempdir().unwrap();
        let made = python(airflow, "bundle_assemble.py", &[dir.path().as_os_str()]);

        let good = dir.path().join("good/bundle");
        assert!(
            coordinator(airflow, &good, "by_hand")["found"].is_object(),
            "Airflow {airflow} finds it"
        );
        let bundle = Bundle::open(&good).unwrap();
        bundle.verify().unwrap();
        assert_eq!(bundle.source().unwrap(), made["source"].as_str().unwrap());
        let read = serde_json::to_value(bundle.manifest().unwrap()).unwrap();
        for key in ["airflow_bundle_metadata_version", "sdk", "source", "dags"] {
            assert_eq!(read[key], made["good"][key]);
        }

        let broken = made["broken"].as_array().unwrap();
        assert!(broken.len() > 10);
        let files: Vec<_> = broken
            .iter()
            .map(|name| dir.path().join(name.as_str().unwrap()).join("bundle"))
            .collect();
        for (path, theirs) in files
            .iter()
            .zip(coordinator_of_all(airflow, &files, "by_hand"))
        {
            let name = path.display();
            assert!(
                theirs["metadata"].is_null() && theirs["found"].is_null(),
                "Airflow {airflow} reads {name}: {theirs}"
            );
            let ours = Bundle::open(path).and_then(|bundle| bundle.verify());
            assert!(ours.is_err(), "{name} passes");
        }
    }
}

#[test]
fn an_unquoted_schema_version_is_refused_by_both_sides() {
    let dir = tempfile::tempdir().unwrap();
    let path = packed(dir.path(), shop());
    let text = Bundle::open(&path).unwrap().manifest_text().unwrap();
    let quoted = "\"2026-06-16\"";
    let at = text
        .find(&format!("supervisor_schema_version: {quoted}"))
        .unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let start = Bundle::open(&path).unwrap().regions().metadata_start as usize
        + at
        + "supervisor_schema_version: ".len();
    // Blanks for quotes keep every length and digest of the trailer.
    let unquoted = [
        &bytes[..start],
        b" 2026-06-16 ",
        &bytes[start + quoted.len()..],
    ]
    .concat();
    std::fs::write(&path, unquoted).unwrap();
    for airflow in AirflowVersion::ALL {
        let answer = coordinator(airflow, &path, "shop");
        assert!(answer["found"].is_null(), "Airflow {airflow}: {answer}");
    }
    let error = Bundle::open(&path)
        .unwrap()
        .verify()
        .unwrap_err()
        .to_string();
    assert!(error.contains("must be quoted"), "{error}");
}
