//! `aileron pack` with cargo projects: small ones without dependencies that print a manifest as an aileron program does.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use aileron_bundle::Bundle;
use support::{Ran, SHOP, Sandbox};

const MAIN: &str = "fn main() { print!(\"{}\", include_str!(\"../manifest.json\")) }\n";

/// A project in `shop/` with the given sources.
fn project(sources: &[(&str, &str)]) -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::create_dir_all(sandbox.path("shop/src/bin")).unwrap();
    sandbox.write(
        "shop/Cargo.toml",
        "[package]\nname = \"shop\"\nedition = \"2024\"\n\n[workspace]\n",
    );
    sandbox.write("shop/manifest.json", SHOP);
    for (path, text) in sources {
        sandbox.write(&format!("shop/{path}"), text);
    }
    sandbox
}

/// Runs `aileron pack shop` with the target directory inside the sandbox, whatever the tests' own is.
fn pack(sandbox: &Sandbox, more: &[&str]) -> Ran {
    sandbox.run_with_env(
        &[&["pack", "shop"], more].concat(),
        "CARGO_TARGET_DIR",
        &sandbox.path("target"),
    )
}

#[test]
fn a_project_is_built_asked_and_packed_with_its_main_file() {
    let sandbox = project(&[("src/main.rs", MAIN)]);
    let ran = pack(&sandbox, &[]);
    assert!(
        ran.stderr.contains("Finished `release` profile"),
        "cargo's progress passes through: {}",
        ran.stderr
    );
    ran.ok();
    let bundle = Bundle::open(sandbox.path("target/bundles/shop")).unwrap();
    bundle.verify().unwrap();
    assert_eq!(bundle.source().unwrap(), MAIN);
    assert_eq!(
        bundle.manifest().unwrap().source.as_deref(),
        Some("main.rs")
    );
}

#[test]
fn another_profile_and_another_place_can_be_chosen() {
    let sandbox = project(&[("src/main.rs", MAIN)]);
    pack(&sandbox, &["--output", "here", "--", "--profile", "dev"]).ok();
    Bundle::open(sandbox.path("here"))
        .unwrap()
        .verify()
        .unwrap();
    assert!(!sandbox.path("target/release").exists());
}

#[test]
fn among_several_binaries_one_has_to_be_chosen() {
    let sandbox = project(&[
        ("src/main.rs", MAIN),
        ("src/bin/other.rs", "fn main() {}\n"),
    ]);
    let error = pack(&sandbox, &[]).failed(2);
    assert!(
        error.contains("--bin") && error.contains("shop") && error.contains("other"),
        "{error}"
    );
    pack(&sandbox, &["--bin", "shop"]).ok();
    assert!(sandbox.path("target/bundles/shop").exists());
}

#[test]
fn a_project_that_does_not_compile_or_has_no_binary_gives_no_bundle() {
    let sandbox = project(&[("src/main.rs", "fn main() { nonsense }\n")]);
    let error = pack(&sandbox, &[]).failed(1);
    assert!(
        error.contains("cannot find value `nonsense`") && error.contains("`cargo build` failed"),
        "{error}"
    );
    let sandbox = project(&[("src/lib.rs", "")]);
    let error = pack(&sandbox, &[]).failed(1);
    assert!(error.contains("has no binary"), "{error}");
}
