//! Listening, and stopping without losing a request.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Address, Handle, Server};

use crate::upstream::install_tls;

/// A certificate and its key, both in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those that issued it.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

/// Why serving ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The certificate or the key cannot be used.
    #[error(
        "{certificate} and {key} are no certificate and key in PEM that belong together: {reason}"
    )]
    Tls {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The socket does not work.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: String,
        /// Why.
        source: std::io::Error,
    },
}

/// Takes connections until `stop` is done, and then lets those that are open finish what they
/// have begun, at most for `drain`.
///
/// # Errors
///
/// When the certificate cannot be used, or the socket does not work.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    tls: Option<&TlsFiles>,
    drain: Duration,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_or_else(
        |_| "a socket".to_owned(),
        |address: SocketAddr| address.to_string(),
    );
    let failed = |source| ServeError::Listen {
        address: address.clone(),
        source,
    };
    listener.set_nonblocking(true).map_err(failed)?;
    let handle = Handle::new();
    let stopper = tokio::spawn(shut_down(handle.clone(), drain, stop));
    let service = routes.into_make_service();
    let served = match tls {
        None => {
            let server = axum_server::from_tcp(listener).map_err(failed)?;
            // An answer goes out at once. Without TLS nobody agrees on HTTP/2 first.
            let server = server.acceptor(NoDelayAcceptor::new()).http1_only();
            carry_out(server).handle(handle).serve(service).await
        }
        Some(files) => {
            let config = tls_config(files).await?;
            let server = axum_server::from_tcp_rustls(listener, config).map_err(failed)?;
            let no_delay = |acceptor: RustlsAcceptor| acceptor.acceptor(NoDelayAcceptor::new());
            let server = server.map(no_delay);
            carry_out(server).handle(handle).serve(service).await
        }
    };
    stopper.abort();
    served.map_err(failed)
}

/// Carries a request out to its end even when the client does not wait for it, as Airflow's server does.
///
/// Looking for that would cost each request a system call and 8 KiB while it waits for the database.
fn carry_out<A: Address, B>(mut server: Server<A, B>) -> Server<A, B> {
    server.http_builder().http1().half_close(true);
    server
}

async fn shut_down(handle: Handle<SocketAddr>, drain: Duration, stop: impl Future<Output = ()>) {
    stop.await;
    tracing::info!(
        connections = handle.connection_count(),
        "stopping: no new connections, open requests are finished"
    );
    handle.graceful_shutdown(Some(drain));
}

async fn tls_config(files: &TlsFiles) -> Result<RustlsConfig, ServeError> {
    install_tls();
    let read = |path: &Path| path.to_owned();
    RustlsConfig::from_pem_file(&files.certificate, &files.key)
        .await
        .map_err(|error| ServeError::Tls {
            certificate: read(&files.certificate),
            key: read(&files.key),
            reason: error.to_string(),
        })
}
