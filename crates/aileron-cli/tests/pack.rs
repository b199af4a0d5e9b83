//! `aileron pack` with ready executables. Building a project is tested end to end.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use aileron_bundle::Bundle;
use aileron_bundle::manifest::Manifest;
use support::{SHOP, Sandbox};

#[test]
fn an_executable_is_asked_for_its_dags_and_packed() {
    let sandbox = Sandbox::new();
    let bundle = Bundle::open(sandbox.shop()).unwrap();
    bundle.verify().unwrap();
    assert_eq!(bundle.source().unwrap(), "fn main() {}\n");
    let expected = Manifest::from_json(SHOP).unwrap();
    let found = bundle.manifest().unwrap();
    assert_eq!(
        (found.dags, found.aileron),
        (expected.dags, expected.aileron)
    );
    assert_eq!(found.source.as_deref(), Some("main.rs"));
}

#[test]
fn the_report_says_what_was_made_and_what_to_do_next() {
    let sandbox = Sandbox::new();
    sandbox.executable("shop", SHOP);
    let text = sandbox
        .run(&["pack", "--executable", "shop", "--output", "out/shop"])
        .ok();
    for part in [
        "Packed out/shop",
        "shop, yes",
        "2026-06-16: Airflow 3.3 and 3.4",
        "aileron stub out/shop",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let json = sandbox
        .run(&[
            "pack",
            "--executable",
            "shop",
            "--output",
            "out/shop",
            "--format",
            "json",
        ])
        .json();
    assert_eq!(json["path"], "out/shop");
    assert_eq!(
        json["size"],
        std::fs::metadata(sandbox.path("out/shop")).unwrap().len()
    );
    assert_eq!(
        json["manifest"]["digests"]["integrity"],
        format!("sha256:{}", json["sha256"].as_str().unwrap())
    );
}

#[test]
fn an_extension_that_airflow_3_4_would_overlook_is_mentioned() {
    let sandbox = Sandbox::new();
    sandbox.executable("shop", SHOP);
    let text = sandbox
        .run(&["pack", "--executable", "shop", "--output", "shop.bundle"])
        .ok();
    assert!(text.contains("no dot"), "{text}");
}

#[test]
fn the_schema_version_can_be_chosen_by_date_or_by_release() {
    let sandbox = Sandbox::new();
    sandbox.executable("shop", SHOP);
    for (flag, value, version) in [
        ("--supervisor-schema", "2026-10-30", "2026-10-30"),
        ("--supervisor-schema", "2026-06-16", "2026-06-16"),
        ("--airflow", "3.4", "2026-10-30"),
        ("--airflow", "3.3", "2026-06-16"),
    ] {
        sandbox
            .run(&[
                "pack",
                "--executable",
                "shop",
                "--output",
                "out",
                flag,
                value,
            ])
            .ok();
        let manifest = Bundle::open(sandbox.path("out"))
            .unwrap()
            .manifest()
            .unwrap();
        assert_eq!(
            manifest.sdk.supervisor_schema_version, version,
            "{flag} {value}"
        );
    }
}

#[test]
fn a_manifest_file_replaces_asking_the_executable() {
    let sandbox = Sandbox::new();
    sandbox.script("shop", "#!/bin/sh\nexit 7\n");
    let manifest = Manifest::from_json(SHOP).unwrap();
    sandbox.write("manifest.json", SHOP);
    sandbox.write("manifest.yaml", &manifest.to_yaml().unwrap());
    for file in ["manifest.json", "manifest.yaml"] {
        let output = format!("from-{}", &file[9..]);
        sandbox
            .run(&[
                "pack",
                "--executable",
                "shop",
                "--airflow-metadata",
                file,
                "--output",
                &output,
            ])
            .ok();
    }
    let bytes = |name| std::fs::read(sandbox.path(name)).unwrap();
    assert_eq!(bytes("from-json"), bytes("from-yaml"));
}

#[test]
fn an_executable_that_gives_no_manifest_is_an_error_that_says_why() {
    let sandbox = Sandbox::new();
    let error = |script: &str| {
        sandbox.script("program", script);
        let error = sandbox
            .run(&["pack", "--executable", "program", "--output", "out"])
            .failed(1);
        assert!(
            error.contains("program --airflow-metadata --format json")
                && !sandbox.path("out").exists(),
            "{error}"
        );
        error
    };
    assert!(error("#!/bin/sh\nexit 3\n").contains("exit status: 3"));
    assert!(error("#!/bin/sh\necho hello\n").contains("line 1 column 1"));
    assert!(error("#!/bin/sh\nprintf '\\377'\n").contains("not UTF-8"));
}

#[test]
fn an_executable_for_another_machine_leads_to_airflow_metadata() {
    let sandbox = Sandbox::new();
    sandbox.script("foreign", "\x7fELF and nothing this machine can run");
    let error = sandbox
        .run(&["pack", "--executable", "foreign", "--output", "out"])
        .failed(1);
    assert!(
        error.contains("made for another machine") && error.contains("--airflow-metadata FILE"),
        "{error}"
    );
}

#[test]
fn a_manifest_that_breaks_a_rule_is_refused_naming_the_field() {
    let sandbox = Sandbox::new();
    sandbox.executable("shop", &SHOP.replace("2026-06-16\"}", "3.3\"}"));
    let error = sandbox
        .run(&["pack", "--executable", "shop", "--output", "out"])
        .failed(1);
    assert!(
        error.contains("sdk.supervisor_schema_version") && error.contains("3.3"),
        "{error}"
    );
}

#[test]
fn a_bundle_a_directory_and_a_missing_file_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.shop();
    let pack = |file: &str| sandbox.run(&["pack", "--executable", file, "--output", "again"]);
    assert!(
        pack("bundles/shop")
            .failed(1)
            .contains("is a bundle already")
    );
    assert!(pack("bundles").failed(2).contains("is a directory"));
    assert!(pack("absent").failed(1).contains("cannot open absent"));
}

#[test]
fn a_source_that_is_missing_or_no_text_is_refused_naming_the_flag() {
    let sandbox = Sandbox::new();
    sandbox.executable("shop", SHOP);
    std::fs::write(sandbox.path("binary.rs"), b"\xff").unwrap();
    for (source, problem) in [("absent.rs", "cannot read"), ("binary.rs", "not UTF-8")] {
        let error = sandbox
            .run(&[
                "pack",
                "--executable",
                "shop",
                "--output",
                "out",
                "--source",
                source,
            ])
            .failed(1);
        assert!(
            error.contains("--source") && error.contains(source) && error.contains(problem),
            "{error}"
        );
    }
}
