//! `aileron stub`. That Airflow reads the files is tested end to end.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use support::{SHOP, Sandbox};

#[test]
fn the_dag_file_has_every_task_edge_and_option() {
    let sandbox = Sandbox::new();
    sandbox.shop();
    let report = sandbox.run(&["stub", "bundles/shop"]).ok();
    assert!(
        report.contains("Wrote dags/shop.py (shop, yes)") && report.contains("placeholders"),
        "{report}"
    );
    snapbox::assert_data_eq!(
        sandbox.read("dags/shop.py"),
        snapbox::file!["snapshots/shop.py"].raw()
    );
}

#[test]
fn the_same_bundle_gives_the_same_file_wherever_it_lies() {
    let (one, two) = (Sandbox::new(), Sandbox::new());
    one.shop();
    two.shop();
    std::fs::create_dir(two.path("elsewhere")).unwrap();
    std::fs::rename(two.path("bundles/shop"), two.path("elsewhere/shop")).unwrap();
    let first = one.run(&["stub", "bundles/shop", "--output", "-"]).ok();
    assert_eq!(
        first,
        two.run(&["stub", "elsewhere/shop", "--output", "-"]).ok()
    );
}

#[test]
fn one_dag_can_be_chosen_and_the_queue_named() {
    let sandbox = Sandbox::new();
    sandbox.shop();
    let text = sandbox
        .run(&[
            "stub",
            "bundles/shop",
            "--dag",
            "yes",
            "--queue",
            "north",
            "--output",
            "-",
        ])
        .ok();
    assert!(
        text.contains("queue=\"north\"")
            && text.contains("dag_id=\"yes\"")
            && !text.contains("summarise"),
        "{text}"
    );
    assert!(
        text.contains("# Make it again with: aileron stub shop --queue north --dag yes\n"),
        "{text}"
    );
    let error = sandbox
        .run(&["stub", "bundles/shop", "--dag", "no"])
        .failed(2);
    assert!(error.contains("shop, yes"), "{error}");
}

#[test]
fn external_tasks_can_come_from_a_module() {
    let sandbox = Sandbox::new();
    sandbox.shop();
    let text = sandbox
        .run(&[
            "stub",
            "bundles/shop",
            "--external-module",
            "shop_python",
            "--output",
            "-",
        ])
        .ok();
    assert!(text.contains("from shop_python import enrich\n"), "{text}");
    assert!(
        text.contains("enrich_task = enrich.override(task_id=\"enrich\")(extract_task)\n"),
        "{text}"
    );
    assert!(!text.contains("NotImplementedError"), "{text}");
}

/// Airflow 3.4 does not let a stub take the combined output of a mapped task.
#[test]
fn the_output_of_a_mapped_task_is_an_edge_and_no_argument() {
    let sandbox = Sandbox::new();
    sandbox.executable("lines", include_str!("fixtures/mapped.json"));
    sandbox
        .run(&["pack", "--executable", "lines", "--output", "bundle"])
        .ok();
    let text = sandbox.run(&["stub", "bundle", "--output", "-"]).ok();
    for line in [
        "    def count(item):\n",
        "    def total(unit: str, counts: list[int] = None, times: int = None): ...\n",
        "    def last(counts: list[int] = None): ...\n",
        "    count_task = count.expand(item=[])\n",
        "    total_task = total(\"lines\", times=2)\n",
        "    last_task = last()\n",
        "    count_task >> total_task\n",
        "    count_task >> last_task\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let imported = [
        "stub",
        "bundle",
        "--external-module",
        "lines_python",
        "--output",
        "-",
    ];
    let text = sandbox.run(&imported).ok();
    assert!(text.contains("    count_task = count()\n"), "{text}");
}

#[test]
fn a_generated_file_is_replaced_and_any_other_is_kept() {
    let sandbox = Sandbox::new();
    sandbox.shop();
    let stub = |more: &[&str]| {
        sandbox.run(&[&["stub", "bundles/shop", "--output", "dag.py"], more].concat())
    };
    stub(&[]).ok();
    stub(&["--queue", "other"]).ok();
    assert!(sandbox.read("dag.py").contains("queue=\"other\""));

    let edited = sandbox.read("dag.py").replace("retries=3", "retries=4");
    sandbox.write("dag.py", &edited);
    assert!(stub(&[]).failed(1).contains("was edited after"));
    sandbox.write("dag.py", "print('mine')\n");
    assert!(stub(&[]).failed(1).contains("--force"));
    assert_eq!(sandbox.read("dag.py"), "print('mine')\n");
    stub(&["--force"]).ok();
    assert!(sandbox.read("dag.py").contains("queue=\"rust\""));
}

#[test]
fn a_bundle_without_an_outline_is_refused_with_its_sdk() {
    let sandbox = Sandbox::new();
    let manifest = r#"{"airflow_bundle_metadata_version": "1.0", "dags": {"d": {"tasks": ["a"]}},
        "sdk": {"language": "go", "version": "v1", "supervisor_schema_version": "2026-06-16"}}"#;
    sandbox.executable("go", manifest);
    sandbox
        .run(&["pack", "--executable", "go", "--output", "bundle"])
        .ok();
    let error = sandbox.run(&["stub", "bundle"]).failed(1);
    assert!(
        error.contains("does not outline its Dags (its SDK is go v1)"),
        "{error}"
    );
}

#[test]
fn a_start_date_that_is_no_date_is_refused_naming_the_dag() {
    let sandbox = Sandbox::new();
    sandbox.executable(
        "shop",
        &SHOP.replace("2026-01-01T06:30:00+02:00", "yesterday"),
    );
    sandbox
        .run(&["pack", "--executable", "shop", "--output", "bundle"])
        .ok();
    let error = sandbox.run(&["stub", "bundle"]).failed(1);
    assert!(
        error.contains("\"shop\"") && error.contains("start_date \"yesterday\""),
        "{error}"
    );
}
