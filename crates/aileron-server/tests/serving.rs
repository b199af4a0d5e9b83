//! Connections: TLS from files, and an end that loses no request.

#![allow(clippy::unwrap_used)]

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aileron_server::serve::{ServeError, TlsFiles, serve};
use axum::Router;
use axum::routing::get;
use rcgen::{CertificateParams, KeyPair};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

const DRAIN: Duration = Duration::from_secs(20);

/// A server of these routes, and what ends it.
fn start(
    routes: Router,
    tls: Option<TlsFiles>,
) -> (
    SocketAddr,
    oneshot::Sender<()>,
    JoinHandle<Result<(), ServeError>>,
) {
    // The client looks for it as soon as it is made.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(async move {
        let stopped = async move { stopped.await.unwrap_or_default() };
        serve(listener, routes, tls.as_ref(), DRAIN, stopped).await
    });
    (address, stop, served)
}

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

/// A certificate of localhost, and its key.
fn certificate(directory: &Path) -> TlsFiles {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let files = TlsFiles {
        certificate: directory.join("own.pem"),
        key: directory.join("key.pem"),
    };
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(&files.certificate, certificate.pem()).unwrap();
    std::fs::write(&files.key, key.serialize_pem()).unwrap();
    files
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let files = certificate(directory.path());
    let pem = std::fs::read(&files.certificate).unwrap();
    let (address, stop, served) = start(hello(), Some(files));
    let client = reqwest::Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .resolve("localhost", address)
        .build()
        .unwrap();
    let url = format!("https://localhost:{}/", address.port());
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "hello");
    let plain = reqwest::get(format!("http://{address}/")).await;
    assert!(plain.is_err(), "{plain:?}");
    drop(client);
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_certificate_that_is_none_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let files = certificate(directory.path());
    std::fs::write(&files.certificate, "nothing").unwrap();
    let name = files.certificate.display().to_string();
    let (_, _stop, served) = start(hello(), Some(files));
    let error = served.await.unwrap().unwrap_err().to_string();
    assert!(error.contains(&name), "{error}");
}

#[tokio::test]
async fn what_was_begun_is_finished_and_nothing_new_is_taken() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (seen, gate) = (Arc::clone(&begun), Arc::clone(&go_on));
    let slow = get(move || async move {
        seen.notify_one();
        gate.notified().await;
        "done"
    });
    let (address, stop, served) = start(Router::new().route("/slow", slow), None);
    let url = format!("http://{address}/slow");
    let mut open = tokio::spawn(reqwest::get(url.clone()));
    tokio::select! {
        () = begun.notified() => {}
        early = &mut open => panic!("the request ended before it was answered: {early:?}"),
    }
    stop.send(()).unwrap();
    // From now on nobody is let in. How long it takes until then is not promised: whoever knocks without a pause is let in
    // before the end is looked for.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!served.is_finished(), "it ended before its last request");
    go_on.notify_one();
    let answer = open.await.unwrap().unwrap();
    assert_eq!(answer.text().await.unwrap(), "done");
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_is_carried_out_when_its_client_goes_away() {
    let (begun, go_on, done) = <(Arc<Notify>, Arc<Notify>, Arc<Notify>)>::default();
    let slow = {
        let (begun, go_on, done) = (begun.clone(), go_on.clone(), done.clone());
        move || async move {
            begun.notify_one();
            go_on.notified().await;
            done.notify_one();
        }
    };
    let (address, stop, served) = start(Router::new().route("/", get(slow)), None);
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    client.write_all(request).await.unwrap();
    begun.notified().await;
    drop(client);
    // Long enough for the server to hear of it.
    tokio::time::sleep(Duration::from_millis(50)).await;
    go_on.notify_one();
    let carried_out = tokio::time::timeout(Duration::from_secs(5), done.notified());
    carried_out.await.expect("the handler was given up");
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}
