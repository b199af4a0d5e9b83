//! One connection that is kept open.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::operation::Step;

/// The version that clients of Airflow 3.3 ask for.
const VERSION: &str = "2026-06-30";

/// A token that takes the place of the request's.
const NEW_TOKEN: &str = "refreshed-api-token";

pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its error is that of the request that waits.
        tokio::spawn(connection);
        Ok(Self {
            sender,
            host: address.to_string(),
        })
    }

    /// Sends a request and reads the whole answer. Returns the token that goes on in its place, if there is one.
    pub(crate) async fn ask(&mut self, step: &Step, token: &str) -> Result<Option<String>> {
        let what = || format!("{} {}", step.method, step.path);
        let mut request = Request::builder()
            .method(step.method.clone())
            .uri(&step.path)
            .header(header::HOST, &self.host)
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header("airflow-api-version", VERSION);
        if step.body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = Bytes::from(step.body.clone().unwrap_or_default());
        self.sender.ready().await.with_context(what)?;
        let answer = self.sender.send_request(request.body(Full::new(body))?);
        let answer = answer.await.with_context(what)?;
        let status = answer.status();
        let new = answer.headers().get(NEW_TOKEN);
        let new = new.and_then(|token| token.to_str().ok().map(str::to_owned));
        let body = answer.into_body().collect().await.with_context(what)?;
        if status != step.status {
            let body = body.to_bytes();
            bail!(
                "{} was answered with {status} and not with {}: {}",
                what(),
                step.status,
                String::from_utf8_lossy(&body)
            );
        }
        Ok(new)
    }
}
