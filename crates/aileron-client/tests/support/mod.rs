//! Servers that answer as a test says.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aileron_client::{ApiToken, Client, ClientSettings, RetryPolicy};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use uuid::Uuid;

pub const TOKEN: &str = "first-token";

/// A request as a server saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub method: String,
    pub target: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }
}

/// A server, and what it has seen.
pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers the first request with the first of these, and so on; the last one stays.
    pub async fn answering(answers: Vec<fn() -> Response>) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let record = seen.clone();
        let answer = move |request: Request| async move {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let index = {
                let mut seen = record.lock().unwrap();
                seen.push(Seen {
                    method: parts.method.to_string(),
                    target: parts.uri.to_string(),
                    headers: parts.headers,
                    body: String::from_utf8(body.to_vec()).unwrap(),
                });
                seen.len() - 1
            };
            answers[index.min(answers.len() - 1)]()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/execution/", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, seen }
    }

    /// Answers each connection with these bytes, whatever is asked, and closes it. Without bytes it stays open.
    pub async fn saying(answers: Vec<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/execution/", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(async move {
            let mut open = Vec::new();
            for index in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let answer = answers[index.min(answers.len() - 1)];
                if answer.is_empty() {
                    open.push(stream);
                } else {
                    let _ = stream.write_all(answer.as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        Self { url, seen }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn client(&self) -> Client {
        client(&self.url, &settings())
    }
}

/// Three attempts, one millisecond apart.
pub fn settings() -> ClientSettings {
    ClientSettings {
        retries: RetryPolicy {
            attempts: 3,
            wait_min: Duration::from_millis(1),
            wait_max: Duration::from_millis(1),
        },
        ..ClientSettings::default()
    }
}

pub fn client(url: &str, settings: &ClientSettings) -> Client {
    let token = ApiToken::new(TOKEN.to_owned()).unwrap();
    Client::new(url, Uuid::nil(), token, settings).unwrap()
}

pub fn answer(status: u16, kind: &str, body: &'static str) -> Response {
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .body(Body::from(body))
        .unwrap()
}

pub fn json(status: u16, body: &'static str) -> Response {
    answer(status, "application/json", body)
}

pub fn variable() -> Response {
    json(200, r#"{"key": "k", "value": "v"}"#)
}

pub fn done() -> Response {
    Response::builder().status(204).body(Body::empty()).unwrap()
}

pub fn unavailable() -> Response {
    answer(503, "text/html", "<html>")
}
