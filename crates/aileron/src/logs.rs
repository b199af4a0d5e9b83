//! The log of a task: `tracing` events and `log` records on their way to Airflow.
//!
//! A task logs with the macros of `tracing` or `log`. Each event becomes one JSON line on the logs socket that Airflow's
//! supervisor gives the process, and lands in the task's log file. Without a supervisor it becomes a readable line on
//! standard error. The runtime sets all this up; a program that builds its own `tracing` subscriber adds [`layer`] to it.
//!
//! ```
//! use tracing_subscriber::prelude::*;
//!
//! let subscriber = tracing_subscriber::registry().with(aileron::logs::layer());
//! tracing::subscriber::with_default(subscriber, || {
//!     tracing::info!(rows = 3, file.name = "orders.csv", "Read the orders");
//! });
//! ```
//!
//! # What a line holds
//!
//! | Key | From |
//! |---|---|
//! | `timestamp` | the moment of the event, UTC, RFC 3339 with microseconds |
//! | `level` | see [`Level`]; `trace` becomes `debug` |
//! | `event` | the message; empty if there is none |
//! | `logger` | the target with `::` as a dot, or a text field `logger` of the event or its spans |
//! | `filename`, `lineno` | the place in the source |
//! | every other field | of the event and of the spans around it, flat, under its (dotted) name |
//!
//! Of two fields with one name the event's wins, then the innermost span's. Numbers, booleans and texts keep their types;
//! what is none of these is its `Debug` text, an error is its text with its causes, and `NaN` and the infinities are texts.
//!
//! A field may not be called `timestamp`, `level`, `event`, `filename`, `lineno`, `loc`, `target`, `msg`, `self`,
//! `method_name`, `positional_args`, `exc_info`, `stack_info`, `exception`, `logger_name`, `__level_override`, nor `logger` or
//! `error_detail` with a value of the wrong kind: these names mean something to Airflow, and some of them make its supervisor
//! fail. Such a field gets an underscore appended (`target` becomes `target_`; more of them if that name is taken).
//!
//! # Which lines are written
//!
//! `[logging] logging_level` and `[logging] namespace_levels` decide, read from the environment: see [`Levels`].
//!
//! # Secrets
//!
//! Every line is masked before it is encoded, on its way to the socket and to standard error alike: see [`crate::secrets`].

mod fields;
mod layer;
mod level;
mod levels;
mod line;
mod pipe;
mod text;
mod writer;

use std::net::TcpStream;
use std::sync::{Arc, LazyLock, Once};
use std::time::Duration;

use serde_json::{Map, Value};
use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;

pub use layer::layer_to;
pub use level::Level;
pub use levels::Levels;
pub use pipe::{LogPipe, PipeError, QUEUE_LIMIT};

/// The logger of lines about logging itself.
const OWN_LOGGER: &str = "aileron.logs";

static PIPE: LazyLock<Arc<LogPipe>> =
    LazyLock::new(|| Arc::new(LogPipe::new(Arc::clone(crate::secrets::masker()))));

static LEVELS: LazyLock<(Levels, Vec<String>)> = LazyLock::new(Levels::from_env);

/// The pipe that all log lines of this process go through.
pub fn pipe() -> &'static Arc<LogPipe> {
    &PIPE
}

/// Sends the lines that wait, and all later ones, to the logs socket. See [`LogPipe::connect`].
///
/// # Errors
/// The log already has a destination, or the socket or the writing thread could not be set up.
pub fn connect(socket: TcpStream) -> Result<(), PipeError> {
    PIPE.connect(socket)
}

/// Writes the lines that wait, and all later ones, to standard error. See [`LogPipe::to_stderr`].
///
/// # Errors
/// The log already has a destination, or the writing thread could not be started.
pub fn to_stderr() -> Result<(), PipeError> {
    PIPE.to_stderr()
}

/// Waits until all lines are written, for at most `deadline`; whether they are. To be called before the process exits: what
/// waits at that moment would be lost. See [`LogPipe::flush`].
pub fn flush(deadline: Duration) -> bool {
    PIPE.flush(deadline)
}

/// Writes a line with structured values, if its level is shown for its logger: for what no `tracing` macro can carry, such as
/// the list `error_detail` that Airflow's UI shows as a stack trace.
///
/// ```
/// use aileron::logs::{self, Level};
/// use serde_json::json;
///
/// let detail = json!([{"exc_type": "NotFound", "exc_value": "no such file", "frames": []}]);
/// let fields = [("error_detail".to_owned(), detail)].into_iter().collect();
/// logs::emit(Level::Error, "task", "Task failed", fields);
/// ```
pub fn emit(level: Level, logger: &str, event: impl Into<String>, fields: Map<String, Value>) {
    if LEVELS.0.enabled(level, logger) {
        PIPE.emit(level, logger, event, fields);
    }
}

/// The layer that carries `tracing` events to Airflow: for a program that composes its own subscriber.
///
/// The levels of the configuration hold for this layer alone. Records of the `log` crate arrive when
/// [`tracing_log::LogTracer`](https://docs.rs/tracing-log) is installed, which [`init`] does.
pub fn layer<S>() -> impl Layer<S> + Send + Sync + 'static
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    tell_setting_problems();
    layer_to(Arc::clone(&PIPE), LEVELS.0.clone())
}

/// Makes this log the one of the process: installs a global `tracing` subscriber with [`layer`], and the bridge from `log`.
///
/// A subscriber or a logger that is there already stays, and a debug line says so: a program that set up its own knows why.
pub fn init() {
    let subscriber = tracing_subscriber::registry().with(layer());
    #[cfg(feature = "otel")]
    let subscriber = subscriber.with(crate::traces::layer());
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        tell_kept("tracing subscriber");
    }
    let bridge =
        tracing_log::LogTracer::builder().with_max_level(log_level(LEVELS.0.most_detailed()));
    if bridge.init().is_err() {
        tell_kept("logger of the log crate");
    }
}

fn tell_kept(what: &str) {
    let event = format!("The program has installed its own {what}; it is kept");
    emit(Level::Debug, OWN_LOGGER, event, Map::new());
}

fn tell_setting_problems() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        for problem in LEVELS.1.iter().chain(crate::secrets::setting_problems()) {
            emit(Level::Warning, OWN_LOGGER, problem.clone(), Map::new());
        }
    });
}

fn log_level(level: LevelFilter) -> log::LevelFilter {
    match level {
        LevelFilter::TRACE => log::LevelFilter::Trace,
        LevelFilter::DEBUG => log::LevelFilter::Debug,
        LevelFilter::INFO => log::LevelFilter::Info,
        LevelFilter::WARN => log::LevelFilter::Warn,
        LevelFilter::ERROR => log::LevelFilter::Error,
        LevelFilter::OFF => log::LevelFilter::Off,
    }
}
