//! `cargo xtask airflow up`: an Airflow to try things on.

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use end_to_end::{AirflowVersion, Setup};

use crate::environment;
use crate::progress::say;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Start one and keep it until Ctrl-C
    Up {
        /// Start 3.4.0b2 instead of 3.3.2
        #[arg(long)]
        next: bool,
        /// Keep its home (Dags, bundles, database, logs) in DIR; a temporary one is removed at the end
        #[arg(long, value_name = "DIR")]
        home: Option<PathBuf>,
        /// Add a Dag file or a directory of Dag files; may be repeated
        #[arg(long, value_name = "PATH")]
        dags: Vec<PathBuf>,
        /// Add a bundle, for tasks of queue `rust`; may be repeated
        #[arg(long, value_name = "FILE")]
        bundle: Vec<PathBuf>,
    },
}

pub(crate) fn run(command: Command) -> Result<ExitCode> {
    let Command::Up {
        next,
        home,
        dags,
        bundle,
    } = command;
    let version = if next {
        AirflowVersion::V3_4_0b2
    } else {
        AirflowVersion::V3_3_2
    };
    let environment = environment::prepare(version)?;
    let mut setup = Setup::new(version)
        .python(environment.python)
        .triggerer()
        .schedules();
    setup = dags.into_iter().fold(setup, Setup::dags);
    setup = bundle.into_iter().fold(setup, Setup::bundle);
    if let Some(home) = home {
        setup = setup.home(home);
    }
    say(format!("starting Airflow {version}"));
    let mut airflow = setup.start()?;
    say(format!("Airflow {version} runs: {}", airflow.url()));
    say(format!(
        "Dags go to {}, bundles to {}",
        airflow.home().join("dags").display(),
        airflow.home().join("bundles").display()
    ));
    say("Ctrl-C ends it");
    loop {
        // Ctrl-C ends this process, and Airflow ends with it.
        thread::sleep(Duration::from_secs(1));
        airflow.check_alive()?;
    }
}
