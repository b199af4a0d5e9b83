//! Help, completion, colours, exit codes.
#![allow(clippy::unwrap_used)]

mod support;

use support::Sandbox;

#[test]
fn help_lists_the_commands_and_the_exit_codes() {
    let help = Sandbox::new().run(&["help"]).ok();
    for part in [
        "new",
        "run",
        "pack",
        "inspect",
        "verify",
        "stub",
        "serve",
        "completion",
        "Exit codes:",
        "  2    the command line is wrong",
    ] {
        assert!(help.contains(part), "{part} is missing in\n{help}");
    }
}

#[test]
fn every_command_explains_itself_before_its_usage() {
    for command in [
        "new",
        "run",
        "pack",
        "inspect",
        "verify",
        "stub",
        "serve",
        "completion",
    ] {
        let help = Sandbox::new().run(&[command, "--help"]).ok();
        let (explanation, _) = help
            .split_once(&format!("Usage: aileron {command}"))
            .unwrap();
        assert!(explanation.trim().len() > 20, "{help}");
    }
}

#[test]
fn completion_scripts_name_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = Sandbox::new().run(&["completion", shell]).ok();
        assert!(
            script.contains("inspect") && script.contains("supervisor-schema"),
            "{shell}"
        );
    }
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_wrong() {
    let sandbox = Sandbox::new();
    let wrong = |arguments: &[&str]| sandbox.run(arguments).failed(2);
    assert!(wrong(&[]).contains("Usage"));
    assert!(wrong(&["inspct", "x"]).contains("inspect"));
    assert!(wrong(&["verify"]).contains("<FILE>"));
    assert!(wrong(&["pack", "--executable", "x"]).contains("--output"));
    assert!(wrong(&["pack", "--airflow", "2.11"]).contains("3.3"));
    assert!(
        wrong(&[
            "pack",
            "--airflow",
            "3.3",
            "--supervisor-schema",
            "2026-06-16"
        ])
        .contains("--supervisor-schema")
    );
    assert!(
        wrong(&[
            "pack",
            "--executable",
            "x",
            "--output",
            "y",
            "--",
            "--locked"
        ])
        .contains("--executable")
    );
    assert!(wrong(&["stub", "x", "--external-module", "a b"]).contains("Python module"));
    assert!(wrong(&["pack", "."]).contains("there is no Cargo.toml"));
}

#[test]
fn colours_appear_only_when_asked_for_where_there_is_no_terminal() {
    let sandbox = Sandbox::new();
    sandbox.shop();
    assert!(
        !sandbox
            .run(&["inspect", "bundles/shop"])
            .ok()
            .contains('\x1b')
    );
    assert!(
        !sandbox
            .run(&["inspect", "absent"])
            .failed(1)
            .contains('\x1b')
    );
    assert!(
        sandbox
            .run(&["inspect", "bundles/shop", "--color", "always"])
            .ok()
            .contains('\x1b')
    );
}
