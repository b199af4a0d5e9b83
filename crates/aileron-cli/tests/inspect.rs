//! `aileron inspect`.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use support::{SHOP, Sandbox};

#[test]
fn dags_are_shown_as_trees_with_arguments_and_edges() {
    let sandbox = Sandbox::new();
    sandbox.shop();
    let text = sandbox.run(&["inspect", "bundles/shop"]).ok();
    let tree = &text[text.find("\nDag shop").unwrap()..];
    snapbox::assert_data_eq!(
        tree.to_owned(),
        snapbox::file!["snapshots/shop.tree.txt"].raw()
    );
    assert!(
        text.contains("script #!/bin/sh, SHA-256 ") && text.contains("source      main.rs"),
        "{text}"
    );
}

#[test]
fn json_has_the_regions_and_the_manifest() {
    let sandbox = Sandbox::new();
    let len = std::fs::metadata(sandbox.shop()).unwrap().len();
    let json = sandbox
        .run(&["inspect", "bundles/shop", "--format", "json"])
        .json();
    assert_eq!(json["size"], len);
    let number = |pointer: &str| json.pointer(pointer).unwrap().as_u64().unwrap();
    assert_eq!(
        number("/regions/source/offset"),
        number("/regions/binary/length")
    );
    assert_eq!(number("/regions/source/length"), 13);
    assert_eq!(
        number("/regions/manifest/offset") + number("/regions/manifest/length") + 64,
        len
    );
    let expected: serde_json::Value = serde_json::from_str(SHOP).unwrap();
    assert_eq!(json["manifest"]["dags"], expected["dags"]);
}

#[test]
fn the_embedded_source_is_printed_as_it_is() {
    let sandbox = Sandbox::new();
    sandbox.shop();
    assert_eq!(
        sandbox.run(&["inspect", "bundles/shop", "--source"]).ok(),
        "fn main() {}\n"
    );
}

#[test]
fn a_bundle_without_an_outline_shows_its_task_ids() {
    let sandbox = Sandbox::new();
    let manifest = r#"{"airflow_bundle_metadata_version": "1.0", "dags": {"d": {"tasks": ["a", "b"]}},
        "sdk": {"language": "go", "version": "v1", "supervisor_schema_version": "2026-06-16"}}"#;
    sandbox.executable("go", manifest);
    sandbox
        .run(&["pack", "--executable", "go", "--output", "bundle"])
        .ok();
    let text = sandbox.run(&["inspect", "bundle"]).ok();
    assert!(text.contains("├── a\n└── b\n"), "{text}");
}

#[test]
fn a_file_that_is_no_bundle_is_an_error_that_says_how_to_make_one() {
    let sandbox = Sandbox::new();
    sandbox.write("plain", "hello");
    let error = sandbox.run(&["inspect", "plain"]).failed(1);
    assert!(
        error.starts_with("error: plain is not a usable bundle") && error.contains("aileron pack"),
        "{error}"
    );
}
