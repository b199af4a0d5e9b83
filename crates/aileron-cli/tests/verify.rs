//! `aileron verify`.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use std::os::unix::fs::PermissionsExt as _;

use support::{SHOP, Sandbox};

/// Status of each check of the only file, by name.
fn statuses(sandbox: &Sandbox, file: &str, code: i32) -> Vec<(String, String)> {
    let ran = sandbox.run(&["verify", file, "--format", "json"]);
    assert_eq!(ran.code, code, "{}", ran.stdout);
    let reports: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(reports[0]["ok"], code == 0);
    let checks = reports[0]["checks"].as_array().unwrap();
    let text = |check: &serde_json::Value, key: &str| check[key].as_str().unwrap().to_owned();
    checks
        .iter()
        .map(|check| (text(check, "name"), text(check, "status")))
        .collect()
}

fn failed(sandbox: &Sandbox, file: &str) -> Vec<String> {
    let statuses = statuses(sandbox, file, 1);
    statuses
        .into_iter()
        .filter(|(_, status)| status == "failed")
        .map(|(name, _)| name)
        .collect()
}

fn change(sandbox: &Sandbox, change: impl FnOnce(&mut Vec<u8>)) {
    let path = sandbox.path("bundles/shop");
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn every_check_of_a_good_bundle_is_named() {
    let sandbox = Sandbox::new();
    sandbox.shop();
    let expected = [
        ("trailer", "ok"),
        ("digest", "ok"),
        ("manifest", "ok"),
        ("manifest digests", "ok"),
        ("schema version", "ok"),
        ("run bit", "ok"),
        ("target", "note"),
    ];
    let expected = expected.map(|(name, status)| (name.to_owned(), status.to_owned()));
    assert_eq!(statuses(&sandbox, "bundles/shop", 0), expected);
}

#[test]
fn a_real_executable_is_recognised_as_made_for_this_machine() {
    let sandbox = Sandbox::new();
    sandbox.write("manifest.json", SHOP);
    let executable = env!("CARGO_BIN_EXE_aileron");
    let arguments = [
        "pack",
        "--executable",
        executable,
        "--airflow-metadata",
        "manifest.json",
        "--output",
        "out",
    ];
    sandbox.run(&arguments).ok();
    let text = sandbox.run(&["verify", "out"]).ok();
    assert!(
        text.contains(&format!("for {}, as this machine", std::env::consts::ARCH)),
        "{text}"
    );
}

#[test]
fn what_is_broken_fails_under_its_name() {
    let sandbox = Sandbox::new();
    sandbox.shop();
    change(&sandbox, |bytes| bytes[0] = b'%');
    assert_eq!(failed(&sandbox, "bundles/shop"), ["digest"]);

    sandbox.shop();
    change(&sandbox, |bytes| {
        let at = bytes
            .windows(6)
            .position(|window| window == b"@daily")
            .unwrap();
        bytes[at + 1] = b'D';
    });
    assert_eq!(failed(&sandbox, "bundles/shop"), ["manifest digests"]);

    sandbox.shop();
    change(&sandbox, |bytes| bytes.truncate(bytes.len() - 1));
    assert_eq!(failed(&sandbox, "bundles/shop"), ["trailer"]);

    sandbox.shop();
    std::fs::set_permissions(
        sandbox.path("bundles/shop"),
        std::fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    assert_eq!(failed(&sandbox, "bundles/shop"), ["run bit"]);

    sandbox.executable("next", &SHOP.replace("2026-06-16\"}", "2027-01-01\"}"));
    sandbox
        .run(&["pack", "--executable", "next", "--output", "next-bundle"])
        .ok();
    assert_eq!(failed(&sandbox, "next-bundle"), ["schema version"]);
}

#[test]
fn one_bad_file_among_good_ones_fails_the_whole() {
    let sandbox = Sandbox::new();
    sandbox.shop();
    let ran = sandbox.run(&["verify", "bundles/shop", "absent"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("cannot open absent"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ok      digest"), "{}", ran.stdout);
}
