//! `aileron completion`: a completion script for a shell.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::arguments::Cli;
use crate::format::print_text;
use crate::outcome::Outcome;

/// Print a completion script for a shell.
///
/// For bash: `aileron completion bash > ~/.local/share/bash-completion/completions/aileron`
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The shell the script is for.
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "aileron", &mut script);
    print_text(&String::from_utf8(script)?)?;
    Ok(Outcome::Done)
}
