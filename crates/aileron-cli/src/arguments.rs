//! The command line: global options and the list of commands.

use clap::{Parser, Subcommand, ValueEnum};

use crate::{
    completion, doctor, execute_workload, inspect, lint, new, outcome, pack, run, serve, skill,
    state, stub, verify, xcom,
};

/// Build, run, pack and check Airflow tasks written in Rust.
#[derive(Debug, Parser)]
#[command(name = "aileron", version, after_help = outcome::EXIT_CODES, after_long_help = outcome::EXIT_CODES)]
pub(crate) struct Cli {
    /// When to use colours; `auto` means on a terminal, and never when NO_COLOR is set.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: Color,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    pub(crate) fn write_global(self) {
        match self {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(new::Arguments),
    Run(run::Arguments),
    Pack(pack::Arguments),
    Inspect(inspect::Arguments),
    Verify(verify::Arguments),
    Stub(stub::Arguments),
    Serve(serve::Arguments),
    Xcom(xcom::Arguments),
    State(state::Arguments),
    Doctor(doctor::Arguments),
    Lint(lint::Arguments),
    Skill(skill::Arguments),
    ExecuteWorkload(execute_workload::Arguments),
    Completion(completion::Arguments),
}
