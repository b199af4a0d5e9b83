//! `cargo xtask conformance`: what the SDK supports, and the tests that show it.

mod manifest;
mod table;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

pub(crate) use manifest::Manifest;

const BEGIN: &str = "<!-- conformance: made by `cargo xtask conformance --write` -->\n";
const END: &str = "<!-- conformance: end -->";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Write the table into the README instead of printing it
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let table = table::markdown(&Manifest::read()?);
    if arguments.write {
        let text = fs::read_to_string(readme())?;
        fs::write(readme(), with_table(&text, &table)?)?;
    } else {
        print!("{table}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Fails when the README holds another table than the manifest gives.
pub(crate) fn check_readme() -> Result<()> {
    let text = fs::read_to_string(readme())?;
    if with_table(&text, &table::markdown(&Manifest::read()?))? != text {
        bail!(
            "the conformance table of README.md is out of date: run `cargo xtask conformance --write`"
        );
    }
    Ok(())
}

fn readme() -> PathBuf {
    end_to_end::workspace_root().join("README.md")
}

/// The text with what lies between the two marks replaced.
fn with_table(text: &str, table: &str) -> Result<String> {
    let (before, rest) = text
        .split_once(BEGIN)
        .context("README.md has no mark where the conformance table begins")?;
    let (_, after) = rest
        .split_once(END)
        .context("README.md has no mark where the conformance table ends")?;
    Ok(format!("{before}{BEGIN}\n{table}\n{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_the_marks_is_replaced() {
        let text = format!("a\n{BEGIN}old{END}\nz");
        let new = with_table(&text, "new\n").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}\nnew\n\n{END}\nz"));
        assert_eq!(with_table(&new, "new\n").unwrap(), new);
        assert!(with_table("no marks", "new").is_err());
    }
}
