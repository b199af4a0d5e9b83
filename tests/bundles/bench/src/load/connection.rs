//! One connection that is kept open.
//!
//! It shares the processors with whom it asks, so it does as little as it can: a request is written in one piece, and of an
//! answer the head is read and the body is counted.

use std::io::Write as _;
use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::answer::{Answer, read};
use super::operation::Step;

/// The version that clients of Airflow 3.3 ask for.
const VERSION: &str = "2026-06-30";

/// A token that takes the place of the request's.
const NEW_TOKEN: &str = "refreshed-api-token";

pub(crate) struct Connection {
    stream: TcpStream,
    host: String,
    sent: Vec<u8>,
    got: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("cannot connect to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            host: address.to_string(),
            sent: Vec::new(),
            got: Vec::new(),
        })
    }

    /// Sends a request and reads the whole answer. Returns the token that goes on in its place, if there is one.
    pub(crate) async fn ask(&mut self, step: &Step, token: &str) -> Result<Option<String>> {
        let what = || format!("{} {}", step.method, step.path);
        self.write(step, token)?;
        self.stream.write_all(&self.sent).await.with_context(what)?;
        let answer = self.answer().await.with_context(what)?;
        if answer.status != step.status {
            bail!(
                "{} was answered with {} and not with {}: {}",
                what(),
                answer.status,
                step.status,
                String::from_utf8_lossy(&self.got)
            );
        }
        Ok(answer.header)
    }

    fn write(&mut self, step: &Step, token: &str) -> Result<()> {
        let Step { method, path, .. } = step;
        self.sent.clear();
        write!(
            self.sent,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\naccept: application/json\r\nauthorization: Bearer {token}\r\n\
             airflow-api-version: {VERSION}\r\n",
            self.host
        )?;
        match &step.body {
            Some(body) => write!(
                self.sent,
                "content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )?,
            None => self.sent.extend_from_slice(b"\r\n"),
        }
        Ok(())
    }

    async fn answer(&mut self) -> Result<Answer> {
        self.got.clear();
        loop {
            if let Some(answer) = read(&self.got, NEW_TOKEN)? {
                return Ok(answer);
            }
            let more = self.stream.read_buf(&mut self.got).await?;
            ensure!(more > 0, "the connection was closed");
        }
    }
}
