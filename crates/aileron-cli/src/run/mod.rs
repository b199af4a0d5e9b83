//! `aileron run`: a Dag on this machine, without an Airflow.

mod conf;
mod dag;
mod date;
mod log_tail;
mod mapping;
mod program;
mod screen;
mod signals;
mod summary;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aileron_config::Config;
use aileron_local::{Home, Interrupt, Mapping, Request, RunReport};
use aileron_metastore::EnvironmentSecrets;
use aileron_supervisor::{Settings, TaskCommand};
use anyhow::Context as _;
use jiff::Timestamp;

use crate::format::{Format, print_json, print_text};
use crate::outcome::Outcome;
use program::Program;
use screen::Screen;

/// Run a Dag on this machine, without an Airflow.
///
/// Builds the project with cargo, or takes a bundle or an executable as it is, and runs the Dag by its edges and trigger
/// rules, with retries, skips, reschedules and resumable jobs, as Airflow would. What happens is kept in `.aileron/`: a
/// metadata database of Airflow's own schema, and the logs of the tasks.
///
/// A run that was stopped or killed goes on where it stood: give its --run-id again. What is finished does not run again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aileron run
  aileron run examples/orders --conf '{\"country\": \"de\"}'
  aileron run bundles/orders --run-id monday --parallelism 2
  aileron run --run-id monday --task summarise
  aileron run --mapped load=3 --mapped check=list_files")]
pub(crate) struct Arguments {
    /// A cargo project, a bundle, or the executable of one.
    #[arg(default_value = ".", value_name = "DIR|BUNDLE")]
    what: PathBuf,
    /// The Dag, when there are several.
    #[arg(long, value_name = "ID")]
    dag: Option<String>,
    /// The conf of the run: a JSON object whose keys replace the defaults of the Dag's params.
    #[arg(long, value_name = "JSON", value_parser = conf::parse)]
    conf: Option<conf::Conf>,
    /// The logical date of a new run: a date, or a date and time, in UTC unless it says otherwise. [default: now]
    #[arg(long, value_name = "DATE", value_parser = date::parse)]
    logical_date: Option<Timestamp>,
    /// The run: a new one of this id, or the one to go on with. [default: manual__ and the logical date]
    #[arg(long, value_name = "ID")]
    run_id: Option<String>,
    /// How many tasks run at the same time. [default: the number of processors]
    #[arg(long, value_name = "N")]
    parallelism: Option<NonZeroUsize>,
    /// Run only this task, whatever the others did; the values it takes must be in the run already. Without --run-id it is
    /// a new run.
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// With --task, only this map index.
    #[arg(long, value_name = "N", requires = "task")]
    map_index: Option<u32>,
    /// Map a task, as `.expand(..)` in a Dag file does: over N values, or over the list that the task UPSTREAM pushes.
    #[arg(long, value_name = "TASK=N|TASK=UPSTREAM", value_parser = mapping::parse)]
    mapped: Vec<(String, Mapping)>,
    /// The metadata database; logs and locks lie beside it. [default: .aileron/airflow.db]
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Build in the release profile.
    #[arg(long)]
    release: bool,
    /// The workspace package to build.
    #[arg(long, short, value_name = "NAME")]
    package: Option<String>,
    /// The binary to run when the package has several.
    #[arg(long, value_name = "NAME")]
    bin: Option<String>,
    /// How to print the result. What happens meanwhile goes to standard error.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Arguments for `cargo build`.
    #[arg(last = true, value_name = "CARGO ARGS")]
    cargo_args: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let program = program::prepare(arguments)?;
    let request = request(arguments, program)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let (report, signal) = runtime.block_on(make(request))?;
    match arguments.format {
        Format::Json => print_json(&report)?,
        Format::Text => print_text(&summary::text(&report)?)?,
    }
    Ok(match (report.outcome, signal) {
        (aileron_local::Outcome::Success, _) => Outcome::Done,
        (aileron_local::Outcome::Interrupted, Some(signal)) => Outcome::Interrupted(signal),
        _ => Outcome::RunFailed,
    })
}

async fn make(request: Request) -> anyhow::Result<(RunReport, Option<u8>)> {
    let interrupt = Interrupt::new();
    let signals = signals::listen(interrupt.clone())?;
    let screen = Screen::new();
    let report = aileron_local::run(request, &screen, interrupt).await;
    screen.close();
    Ok((report?, signals.first()))
}

fn request(arguments: &Arguments, program: Program) -> anyhow::Result<Request> {
    let dag = dag::choose(&program, arguments.dag.as_deref())?;
    if let Some(conf) = &arguments.conf {
        conf::note_unknown(conf, &dag);
    }
    let database = arguments
        .db
        .clone()
        .unwrap_or_else(|| Path::new(Home::NAME).join(Home::DATABASE));
    let config = Config::from_env();
    Ok(Request {
        home: Home::of_database(&database),
        database,
        command: TaskCommand::new(program.executable, program.schema_version),
        source: program.source,
        dag,
        run_id: arguments.run_id.clone(),
        logical_date: arguments.logical_date,
        conf: arguments.conf.clone().map(|conf| conf.0),
        parallelism: arguments
            .parallelism
            .or_else(|| std::thread::available_parallelism().ok())
            .map_or(1, NonZeroUsize::get),
        only: arguments
            .task
            .clone()
            .map(|task_id| (task_id, arguments.map_index.map(i64::from))),
        mappings: arguments.mapped.iter().cloned().collect::<HashMap<_, _>>(),
        settings: Settings::from_config(&config)?,
        rules: {
            let mut rules = aileron_metastore::Settings::of(&config)?;
            rules.secrets = EnvironmentSecrets::of_process();
            rules
        },
        retry_delay: config
            .integer("core", "default_task_retry_delay")?
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(Duration::from_secs),
    })
}
