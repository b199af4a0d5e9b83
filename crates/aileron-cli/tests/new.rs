//! `aileron new`. That the project builds is tested end to end.
#![allow(clippy::unwrap_used)]

mod support;

use support::Sandbox;

#[test]
fn a_project_has_its_files_with_names_filled_in() {
    let sandbox = Sandbox::new();
    let report = sandbox.run(&["new", "my-sales"]).ok();
    assert!(report.contains("cd my-sales"), "{report}");
    assert!(
        sandbox
            .read("my-sales/Cargo.toml")
            .contains("name = \"my-sales\"")
    );
    assert!(
        sandbox
            .read("my-sales/Cargo.toml")
            .contains(&format!("aileron = \"{}\"", env!("CARGO_PKG_VERSION")))
    );
    assert!(
        sandbox
            .read("my-sales/src/main.rs")
            .contains("fn my_sales(dag: &mut Dag)")
    );
    assert!(
        sandbox
            .read("my-sales/README.md")
            .contains("target/bundles/my-sales")
    );
    assert_eq!(sandbox.read("my-sales/.gitignore"), "/target\n");
}

#[test]
fn a_local_checkout_becomes_an_absolute_path_dependency() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("check \"out\"")).unwrap();
    sandbox.write("check \"out\"/Cargo.toml", "");
    sandbox
        .run(&[
            "new",
            "sales",
            "--path",
            "work/here",
            "--aileron-path",
            "check \"out\"",
        ])
        .ok();
    let root = sandbox.root().canonicalize().unwrap();
    let expected = format!(
        "aileron = {{ path = \"{}/check \\\"out\\\"\" }}",
        root.display()
    );
    let manifest = sandbox.read("work/here/Cargo.toml");
    assert!(
        manifest.contains(&expected),
        "{expected} is missing in\n{manifest}"
    );
    let error = sandbox
        .run(&["new", "other", "--aileron-path", "absent"])
        .failed(2);
    assert!(
        error.contains("--aileron-path") && !sandbox.path("other").exists(),
        "{error}"
    );
}

#[test]
fn a_directory_in_use_is_left_alone() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("sales")).unwrap();
    sandbox.run(&["new", "sales"]).ok();
    let error = sandbox.run(&["new", "sales"]).failed(1);
    assert!(
        error.contains("sales is not empty") && error.contains("--path"),
        "{error}"
    );
    sandbox.write("file", "x");
    assert!(
        sandbox
            .run(&["new", "sales", "--path", "file"])
            .failed(1)
            .contains("cannot use file")
    );
}

#[test]
fn a_name_that_cannot_be_a_package_is_a_usage_error() {
    let error = Sandbox::new().run(&["new", "My Sales"]).failed(2);
    assert!(error.contains("lower-case letters"), "{error}");
}
