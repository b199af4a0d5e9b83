//! `aileron execute-workload`: what an executor starts in a pod.

mod hidden;
mod python;

use std::path::PathBuf;

use aileron_config::Config;
use aileron_supervisor::Stop;
use aileron_worker::{BundleRoots, JsonLines, Workload};
use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::outcome::{Outcome, UsageError};

/// Run the task of a workload that an Airflow executor hands out, without Python
///
/// The workload is the JSON that executors write: KubernetesExecutor gives it to its pods. The task runs from the bundle that has
/// its Dag, and speaks to the API server that [core] execution_api_server_url or [api] base_url names. Its log goes to standard
/// output, to the log path below [logging] base_log_folder, and where [logging] remote_base_log_folder says.
///
/// Exits with 0 when Airflow knows how the task ended, also when it failed, and with 1 when not.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  aileron execute-workload --bundles /bundles --json-path workload.json
  aileron execute-workload python -m airflow.sdk.execution_time.execute_workload --json-string '{...}'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    source: Source,
    /// A directory with bundles; may be given several times. [default: AILERON_BUNDLES, then executables_root of [sdk]
    /// coordinators]
    #[arg(long, value_name = "DIR")]
    bundles: Vec<PathBuf>,
    /// The command line of Airflow's own program, as KubernetesExecutor gives it to a pod.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND", conflicts_with_all = ["json_path", "json_string"])]
    command: Vec<String>,
}

/// Where the workload is.
#[derive(Debug, Clone, Default, PartialEq, Eq, clap::Args)]
#[group(multiple = false)]
pub(crate) struct Source {
    /// The file with the workload; `-` is standard input
    #[arg(long, value_name = "FILE")]
    json_path: Option<PathBuf>,
    /// The workload itself. It holds a token, and every process of the machine can read arguments; so this program starts itself
    /// again without it
    #[arg(long, value_name = "JSON")]
    json_string: Option<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let source = if arguments.command.is_empty() {
        arguments.source.clone()
    } else {
        python::source(&arguments.command).map_err(UsageError)?
    };
    let json = match (source.json_string, source.json_path) {
        (Some(json), _) => return Err(hidden::start_again(&json, &arguments.bundles)),
        (None, Some(path)) if path.as_os_str() == "-" => hidden::take()?,
        (None, Some(path)) => std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read the workload in {}", path.display()))?,
        (None, None) => {
            let missing = "one of --json-path and --json-string is needed";
            return Err(UsageError(missing.to_owned()).into());
        }
    };
    let config = Config::from_env();
    let level = config.get("logging", "logging_level")?.unwrap_or_default();
    tracing_subscriber::registry()
        .with(JsonLines::from_level(&level))
        .init();
    let ended = execute(&json, &arguments.bundles, &config);
    if let Err(error) = &ended {
        // In a pod this is where people look.
        tracing::error!("{error:#}");
    }
    ended.map(|()| Outcome::Done)
}

fn execute(json: &str, bundles: &[PathBuf], config: &Config) -> anyhow::Result<()> {
    let workload = Workload::from_json(json)?;
    let roots = BundleRoots::find(
        bundles.to_vec(),
        std::env::var_os("AILERON_BUNDLES"),
        config,
        &workload.ti.queue,
    )?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = Stop::new();
        tokio::spawn(stop_at_signals(stop.clone())?);
        aileron_worker::execute(workload, &roots, config, stop).await?;
        Ok(())
    })
}

/// The first SIGTERM or SIGINT ends the task, the second one at once.
fn stop_at_signals(stop: Stop) -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        for end in [Stop::terminate, Stop::kill] {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            tracing::warn!(signal = name, "a signal came; the task is ended");
            end(&stop);
        }
    })
}
