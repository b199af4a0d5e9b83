//! A project made by `aileron new` tests, builds and packs, and Airflow takes what comes out.
#![allow(clippy::unwrap_used)]

mod bundle_support;

use std::path::Path;
use std::process::Command;

use aileron_bundle::Bundle;
use bundle_support::{aileron, aileron_command, coordinator, dags, run};
use end_to_end::bundle::cargo;
use end_to_end::{AirflowVersion, build_like_the_workspace, workspace_root};
use serde_json::{Value, json};

/// Makes the project, with the versions of dependencies that this workspace uses.
fn project(directory: &Path) {
    let aileron_crate = workspace_root().join("crates/aileron");
    let arguments = ["new", "my-sales", "--aileron-path"];
    let mut arguments: Vec<_> = arguments.iter().map(AsRef::as_ref).collect();
    arguments.push(aileron_crate.as_os_str());
    aileron(directory, &arguments);
    std::fs::copy(
        workspace_root().join("Cargo.lock"),
        directory.join("my-sales/Cargo.lock"),
    )
    .unwrap();
}

#[test]
fn a_new_project_tests_packs_and_is_accepted_by_airflow() {
    let dir = tempfile::tempdir().unwrap();
    project(dir.path());
    let project = dir.path().join("my-sales");
    let target = build_like_the_workspace(dir.path()).unwrap();

    let tested = run(cargo()
        .arg("test")
        .current_dir(&project)
        .env("CARGO_TARGET_DIR", &target));
    assert!(tested.contains("1 passed"), "{tested}");

    let report = aileron_pack(dir.path(), &target);
    let bundle_path = target.join("bundles/my-sales");
    assert_eq!(report["path"], json!(bundle_path));
    let bundle = Bundle::open(&bundle_path).unwrap();
    bundle.verify().unwrap();
    assert_eq!(
        bundle.source().unwrap(),
        std::fs::read_to_string(project.join("src/main.rs")).unwrap()
    );
    run(Command::new(&bundle_path).arg("--airflow-metadata"));

    aileron(dir.path(), &["stub".as_ref(), bundle_path.as_os_str()]);
    for airflow in AirflowVersion::ALL {
        assert!(
            coordinator(airflow, &bundle_path, "my_sales")["found"].is_object(),
            "Airflow {airflow}"
        );
        let found = dags(airflow, &dir.path().join("dags/my-sales.py"));
        assert_eq!(found["import_errors"], json!({}), "Airflow {airflow}");
        let total = &found["dags"]["my_sales"]["tasks"]["total_per_shop"];
        assert_eq!(
            (&total["upstream"], &total["retries"]),
            (&json!(["read_sales"]), &json!(3)),
            "Airflow {airflow}"
        );
    }
}

fn aileron_pack(directory: &Path, target: &Path) -> Value {
    let arguments = ["pack", "my-sales", "--format", "json"];
    let mut pack = aileron_command();
    let report = run(pack
        .args(arguments)
        .current_dir(directory)
        .env("CARGO_TARGET_DIR", target));
    serde_json::from_str(&report).unwrap()
}
