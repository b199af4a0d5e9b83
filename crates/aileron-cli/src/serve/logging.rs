//! The log of the server.

use anyhow::{Context as _, anyhow};
use clap::ValueEnum;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;

/// The variable that says what is logged: `info`, or `info,aileron_server=debug` for a line per request.
const VARIABLE: &str = "AILERON_LOG";

/// How a log line looks.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(super) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// Logs on standard error from now on.
pub(super) fn start(format: LogFormat) -> anyhow::Result<()> {
    let levels = match std::env::var(VARIABLE) {
        Ok(text) => text
            .parse::<Targets>()
            .with_context(|| format!("{VARIABLE}={text:?} says no levels"))?,
        Err(_) => Targets::new().with_default(tracing::Level::INFO),
    };
    let lines = fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(levels);
    let set = match format {
        LogFormat::Text => tracing::subscriber::set_global_default(
            registry.with(lines.with_ansi(false).with_target(false)),
        ),
        LogFormat::Json => {
            tracing::subscriber::set_global_default(registry.with(lines.json().flatten_event(true)))
        }
    };
    set.map_err(|_| anyhow!("something else logs in this process already"))
}
