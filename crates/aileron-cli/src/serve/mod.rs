//! `aileron serve`: Airflow's Execution API, on Airflow's metadata database.

mod database;
mod logging;
mod store;

use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aileron_config::Config;
use aileron_metastore::schema::Schema;
use aileron_metastore::{EnvironmentSecrets, Settings};
use aileron_server::auth::Auth;
use aileron_server::serve::{TlsFiles, serve};
use aileron_server::{ApiVersion, PythonParts, RouterSettings, Upstream, router};
use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::outcome::{Outcome, UsageError};

use database::DatabaseArgument;
use logging::LogFormat;
use store::MetastoreStore;

/// Serve Airflow's Execution API, on Airflow's metadata database.
///
/// It takes the place of the `/execution` routes of Airflow's API server: point `[core] execution_api_server_url` at it. Secrets,
/// keys and the database come from Airflow's configuration: `airflow.cfg` and the `AIRFLOW__..` environment variables.
///
/// It ends on Ctrl-C or SIGTERM, after the requests that it has begun.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where to listen. Anything but the loopback interface is for machines that you trust, or for TLS.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8794")]
    listen: SocketAddr,
    #[command(flatten)]
    database: DatabaseArgument,
    /// Airflow's own Execution API, for the few requests that only Python can serve; without it they get a 501.
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// A certificate in PEM, followed by those that issued it. [default: `[api] ssl_cert`]
    #[arg(long, value_name = "PATH", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The key of the certificate, in PEM. [default: `[api] ssl_key`]
    #[arg(long, value_name = "PATH", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// How many requests are served at the same time; one more is answered with 503 at once.
    #[arg(long, value_name = "N", default_value_t = 512)]
    max_requests: usize,
    /// The longest body of a request, in bytes.
    #[arg(long, value_name = "BYTES", default_value_t = 64 << 20)]
    max_body: usize,
    /// How long one request may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    time_limit: u64,
    /// How long to wait for open requests before ending, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    drain: u64,
    /// How many threads serve requests. [default: one for each processor]
    ///
    /// With the database on the same machine, fewer leave it more room, and take less memory.
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
    /// How to write the log, on standard error.
    #[arg(long, value_enum, default_value_t)]
    log_format: LogFormat,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    logging::start(arguments.log_format)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = arguments.threads {
        runtime.worker_threads(threads.get());
    }
    let runtime = runtime.enable_all().build()?;
    runtime.block_on(listen(arguments))?;
    Ok(Outcome::Done)
}

async fn listen(arguments: &Arguments) -> anyhow::Result<()> {
    let config = Config::from_env();
    let auth = Auth::from_config(&config)?;
    let mut settings = RouterSettings::new(auth);
    settings.body_limit = arguments.max_body;
    settings.time_limit = Duration::from_secs(arguments.time_limit);
    settings.max_in_flight = arguments.max_requests;
    settings.python_parts = PythonParts::of(&config)?;
    settings.upstream = arguments.upstream.as_deref().map(upstream).transpose()?;
    if settings.upstream.is_none() && settings.python_parts != PythonParts::default() {
        tracing::warn!(
            "[secrets] backend or [state_store] backend names a Python class: without --upstream its requests get a 501"
        );
    }
    let tls = tls(arguments, &config)?;
    let metastore = arguments.database.open(&config).await?;
    settings.newest = match metastore.database().schema() {
        Schema::Airflow332 => ApiVersion::AIRFLOW_3_3,
        _ => ApiVersion::AIRFLOW_3_4,
    };
    let mut rules = Settings::of(&config)?;
    rules.secrets = EnvironmentSecrets::of_process();
    let metastore = metastore.with_settings(rules);
    let database = metastore.database().name().to_owned();
    let routes = router(Arc::new(MetastoreStore::new(metastore)), settings);
    let listener = TcpListener::bind(arguments.listen)
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}/execution/", listener.local_addr()?);
    tracing::info!(url, database, "serving the Execution API");
    let stop = stop()?;
    let drain = Duration::from_secs(arguments.drain);
    serve(listener, routes, tls.as_ref(), drain, stop).await?;
    tracing::info!("ended");
    Ok(())
}

fn upstream(url: &str) -> anyhow::Result<Upstream> {
    Upstream::new(url).map_err(|error| UsageError(format!("--upstream: {error}")).into())
}

fn tls(arguments: &Arguments, config: &Config) -> anyhow::Result<Option<TlsFiles>> {
    let option = |key| -> anyhow::Result<Option<PathBuf>> {
        let text = config.get("api", key)?;
        Ok(text.filter(|text| !text.is_empty()).map(PathBuf::from))
    };
    let (certificate, key) = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(certificate), Some(key)) => (Some(certificate.clone()), Some(key.clone())),
        _ => (option("ssl_cert")?, option("ssl_key")?),
    };
    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        _ => anyhow::bail!("of [api] ssl_cert and ssl_key one is set and the other is not"),
    }
}

/// Done when somebody wants this process to end.
fn stop() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupts = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminations = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    Ok(async move {
        tokio::select! {
            _ = interrupts.recv() => {}
            _ = terminations.recv() => {}
        }
    })
}
