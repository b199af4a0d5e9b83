//! Coordinator mode: connect to the supervisor, read what it wants, do that.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream as StdTcpStream};
use std::time::Duration;

use aileron_wire::frame;
use aileron_wire::message::{DagFileParseRequest, DagFileParsingResult, Message, StartupDetails};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tracing::Instrument as _;

use super::signals::StopSignals;
use super::{EXIT_FAILED, EXIT_OK, execute, panics};
use crate::Bundle;
use crate::comm::Channel;
use crate::comm::socket::FirstFrame;
use crate::{Error, logs, secrets, traces};

/// How long the process waits at its end for the supervisor to take the last log lines.
const LOG_FLUSH_LIMIT: Duration = Duration::from_secs(30);

/// Runs one session with a supervisor and returns the exit code.
pub(super) fn run(bundle: &Bundle, comm: SocketAddr, logs: SocketAddr) -> u8 {
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start the async runtime: {error}");
            return EXIT_FAILED;
        }
    };
    let code = match LocalSet::new().block_on(&runtime, session(bundle, comm, logs)) {
        Ok(()) => EXIT_OK,
        Err(error) => {
            tracing::error!(target: "aileron.runtime", "{error}");
            // The log socket may be what is missing: standard error reaches the task log as well.
            eprintln!("error: {}", secrets::mask(&error.to_string()));
            EXIT_FAILED
        }
    };
    // Before the log: what goes wrong with the spans is a log line.
    traces::finish();
    logs::flush(LOG_FLUSH_LIMIT);
    // A plain `fn` task that did not watch for cancellation may still be running; it ends with the process.
    runtime.shutdown_background();
    code
}

async fn session(bundle: &Bundle, comm: SocketAddr, logs: SocketAddr) -> Result<(), Error> {
    // From here on a SIGTERM is an orderly end instead of a sudden one.
    let signals = StopSignals::listen()?;
    let comm = connect("--comm", comm)?;
    let logs = connect("--logs", logs)?;
    logs::init();
    logs::connect(logs)?;
    panics::log_panics();
    comm.set_nonblocking(true)?;
    let mut comm = FirstFrame::new(TcpStream::from_std(comm)?);
    let body = comm
        .read()
        .await?
        .body
        .ok_or_else(|| Error::msg("the supervisor's first frame is empty"))?;
    match frame::message_type(&body)? {
        StartupDetails::TYPE => {
            let details: StartupDetails = read_first(&body)?;
            drop(body);
            let channel = comm.into_channel(traces::incoming(&details.ti));
            let span = traces::span(&details.ti);
            execute::run_task(bundle, details, channel, signals)
                .instrument(span)
                .await?;
        }
        DagFileParseRequest::TYPE => {
            let request: DagFileParseRequest = read_first(&body)?;
            let channel: &dyn Channel = &comm.into_channel(None);
            channel.send(&parsing_result(bundle, &request)).await?;
        }
        other => {
            return Err(Error::msg(format_args!(
                "the supervisor's first message is `{other}`; this SDK (aileron {}, schema {}) knows `{}` and `{}`",
                env!("CARGO_PKG_VERSION"),
                super::SCHEMA_VERSION,
                StartupDetails::TYPE,
                DagFileParseRequest::TYPE
            )));
        }
    }
    Ok(())
}

fn connect(flag: &str, address: SocketAddr) -> Result<StdTcpStream, Error> {
    let connected = StdTcpStream::connect(address).and_then(|stream| {
        stream.set_nodelay(true)?;
        Ok(stream)
    });
    connected.map_err(|error| {
        Error::from(error).context(format_args!(
            "cannot connect to the supervisor at {flag}={address}"
        ))
    })
}

fn read_first<M: Message + DeserializeOwned>(body: &Bytes) -> Result<M, Error> {
    M::decode_checked(body)
        .map_err(|error| Error::from(error).context(format_args!("cannot read {}", M::TYPE)))
}

/// What a Dag processor of Airflow 3.4 is told. The Dags of this bundle are declared by their Python stub files, so it
/// gets none; what is wrong with the bundle is reported as an import error.
fn parsing_result(bundle: &Bundle, request: &DagFileParseRequest) -> DagFileParsingResult {
    let mut result = DagFileParsingResult::new(&request.file, Vec::new());
    if let Err(error) = bundle.manifest() {
        let file = request
            .file
            .strip_prefix(&request.bundle_path)
            .map_or(request.file.as_str(), |path| path.trim_start_matches('/'));
        result.import_errors = Some(BTreeMap::from([(file.to_owned(), error.to_string())]));
    }
    result
}
