//! The commands that pages show: those that are not run, and those that must be shown.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use end_to_end::bundle::{cargo, executable};
use end_to_end::workspace_root;

use super::page::Page;

/// What begins like this is not run, and why. This is the whole list.
const NOT_RUN: [(&str, &str); 2] = [
    (
        "cargo xtask ",
        "it runs this test, or starts Airflows of its own; its flags are compared with its help",
    ),
    (
        "cargo install ",
        "the `aileron` on the path is built from the same sources; installing would change the machine",
    ),
];

/// Where the reference of the command is.
const REFERENCE: &str = "docs/cli.md";

/// Whether a command line is one of those that are not run.
pub(super) fn is_not_run(line: &str) -> bool {
    NOT_RUN.iter().any(|(begin, _)| line.starts_with(begin))
}

/// The subcommand and the flags of a `cargo xtask` line exist.
pub(super) fn check_xtask(line: &str) -> Result<()> {
    let Some(arguments) = line.strip_prefix("cargo xtask ") else {
        return Ok(());
    };
    let words: Vec<&str> = arguments.split_whitespace().collect();
    let names: Vec<&str> = words
        .iter()
        .copied()
        .take_while(|word| word.chars().all(|c| c.is_ascii_lowercase()))
        .take(if words.first() == Some(&"airflow") {
            2
        } else {
            1
        })
        .collect();
    let output = cargo()
        .args(["xtask"])
        .args(&names)
        .arg("--help")
        .current_dir(workspace_root())
        .output()?;
    let help = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success() && !names.is_empty(),
        "there is no `{line}`: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    for flag in words.iter().filter(|word| word.starts_with("--")) {
        ensure!(help.contains(flag), "`{line}`: no {flag} in\n{help}");
    }
    Ok(())
}

/// The reference shows the help of every command.
pub(crate) fn check_reference(pages: &[Page]) -> Result<()> {
    let page = pages
        .iter()
        .find(|page| page.path == Path::new(REFERENCE))
        .with_context(|| format!("there is no {REFERENCE}"))?;
    let output = Command::new(aileron()?).arg("help").output()?;
    let help = String::from_utf8(output.stdout)?;
    let commands = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // A description that goes on in the next line is indented further.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help");
    let mut seen = 0;
    for name in commands {
        seen += 1;
        ensure!(
            page.text.contains(&format!("$ aileron {name} --help\n")),
            "{REFERENCE} does not show the help of `aileron {name}`"
        );
    }
    ensure!(seen > 0, "`aileron help` lists no commands:\n{help}");
    Ok(())
}

/// The `aileron` command of this workspace; built once.
pub(super) fn aileron() -> Result<&'static Path> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT
        .get_or_init(|| executable("aileron-cli", "aileron").map_err(|error| format!("{error:?}")));
    built.as_deref().map_err(|error| anyhow::anyhow!("{error}"))
}
