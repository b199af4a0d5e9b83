//! `--format`: text for people, JSON for scripts.

use std::io::Write as _;

use clap::ValueEnum;
use serde::Serialize;

/// How to print the result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people; may change between versions.
    #[default]
    Text,
    /// One JSON document on stdout; keys are only added, never renamed.
    Json,
}

/// Prints text that may carry colours.
pub(crate) fn print_text(text: &str) -> anyhow::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

/// Prints one JSON document.
pub(crate) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    print_text(&text)
}
