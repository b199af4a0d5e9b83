//! Who is trusted where the server's URL says https.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::PathBuf;
use std::sync::Arc;

use aileron_client::{ClientSettings, TlsSettings};
use aileron_execution_api::ExecutionApi;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use support::{client, settings};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A server with a self-signed certificate, which may issue others or not.
struct Server {
    port: u16,
    directory: TempDir,
}

impl Server {
    async fn start(ca: IsCa) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = ca;
        let certificate = params.self_signed(&key).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("own.pem"), certificate.pem()).unwrap();
        let secret = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], secret)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let _ = stream.read(&mut [0; 4096]).await;
                    let _ = stream
                        .write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
                        .await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { port, directory }
    }

    fn own(&self) -> PathBuf {
        self.directory.path().join("own.pem")
    }

    async fn ask(&self, host: &str, tls: TlsSettings) -> Result<(), String> {
        let settings = ClientSettings { tls, ..settings() };
        let url = format!("https://{host}:{}/execution/", self.port);
        let result = client(&url, &settings).delete_variable("k").await;
        result.map_err(|error| error.to_string())
    }
}

fn trusting_server(own: PathBuf) -> TlsSettings {
    TlsSettings {
        server_certificate: Some(own),
        ..TlsSettings::default()
    }
}

#[tokio::test]
async fn the_servers_own_certificate_is_trusted_also_when_it_may_issue_others() {
    for ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let server = Server::start(ca).await;
        let trusted = trusting_server(server.own());
        assert_eq!(server.ask("localhost", trusted).await, Ok(()));
    }
}

#[tokio::test]
async fn a_certificate_is_only_good_for_its_name() {
    for ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let server = Server::start(ca).await;
        let trusted = trusting_server(server.own());
        let error = server.ask("127.0.0.1", trusted).await.unwrap_err();
        assert!(error.contains("certificate"), "{error}");
    }
}

#[tokio::test]
async fn a_stranger_is_not_trusted() {
    let server = Server::start(IsCa::NoCa).await;
    let other = Server::start(IsCa::Ca(BasicConstraints::Unconstrained)).await;
    for tls in [TlsSettings::default(), trusting_server(other.own())] {
        let error = server.ask("localhost", tls).await.unwrap_err();
        assert!(error.contains("certificate"), "{error}");
    }
}
