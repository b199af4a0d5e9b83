//! Manifests and files for the tests of this crate.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use aileron_bundle::manifest::*;
use aileron_bundle::{BundleWriter, Packed};

/// A manifest with every field in use.
pub(crate) fn manifest() -> Manifest {
    let extract = TaskOutline {
        task_id: "extract".into(),
        returns: Some("Vec<Order>".into()),
        ..Default::default()
    };
    let summarise = TaskOutline {
        task_id: "summarise".into(),
        args: vec![
            ArgOutline {
                name: "country".into(),
                r#type: "String".into(),
                source: ArgSource::Literal {
                    value: serde_json::json!("no"),
                },
            },
            ArgOutline {
                name: "orders".into(),
                r#type: "Vec<Order>".into(),
                source: ArgSource::Xcom {
                    task_id: "extract".into(),
                },
            },
        ],
        upstream: vec!["extract".into()],
        retries: Some(3),
        retry_delay: Some(30.0),
        doc_md: Some("Counts.\n\n- per country\n".into()),
        ..Default::default()
    };
    let dag = DagOutline {
        dag_id: "orders".into(),
        schedule: Some("@daily".into()),
        start_date: Some("2026-01-01T00:00:00Z".into()),
        tags: vec!["yes".into(), "1.0".into(), "2026-06-16".into()],
        params: [
            ("limit".to_owned(), serde_json::json!(3)),
            ("note".to_owned(), serde_json::Value::Null),
            (
                "ratios".to_owned(),
                serde_json::json!({"no": [0.5, "1.0", true]}),
            ),
        ]
        .into_iter()
        .collect(),
        tasks: vec![extract, summarise],
        ..Default::default()
    };
    Manifest {
        airflow_bundle_metadata_version: METADATA_VERSION.into(),
        sdk: Sdk {
            language: "rust".into(),
            version: "0.1.0".into(),
            supervisor_schema_version: "2026-06-16".into(),
        },
        source: None,
        dags: [(
            "orders".to_owned(),
            DagEntry {
                tasks: vec!["extract".into(), "summarise".into()],
            },
        )]
        .into(),
        digests: None,
        aileron: Some(Outline { dags: vec![dag] }),
    }
}

/// Writes an executable stand-in.
pub(crate) fn executable(directory: &Path, content: &[u8]) -> PathBuf {
    let path = directory.join("executable");
    std::fs::write(&path, content).unwrap();
    path
}

/// Packs `content` into `directory/bundle`.
pub(crate) fn packed(directory: &Path, content: &[u8], source: &str) -> (PathBuf, Packed) {
    let output = directory.join("bundle");
    let executable = executable(directory, content);
    let packed = BundleWriter::new(executable, manifest())
        .source("main.rs", source)
        .write(&output)
        .unwrap();
    (output, packed)
}
