//! Who may ask Google Cloud Storage: a stand-in for its gate, before a server that knows no such tokens.
//!
//! A service account signs a token itself (<https://google.aip.dev/auth/4111>) and sends it with each request. The gate looks at it as the
//! document says, with the public half of the account's key, and lets the request through without it.

use std::net::Ipv4Addr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, anyhow, ensure};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use end_to_end::{AirflowVersion, workspace_root};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Value, json};

const EMAIL: &str = "tasks@shop.iam.gserviceaccount.com";
const KEY_ID: &str = "0a1b2c";
/// Scopes of which one lets objects be written.
const SCOPES: [&str; 2] = [
    "https://www.googleapis.com/auth/cloud-platform",
    "https://www.googleapis.com/auth/devstorage.full_control",
];

/// A service account.
#[derive(Debug, Deserialize)]
pub(super) struct ServiceAccount {
    private: String,
    public: String,
}

impl ServiceAccount {
    pub(super) fn new() -> Result<Self> {
        let script = workspace_root().join("tests/end-to-end/python/rsa_key.py");
        let made = Command::new(AirflowVersion::V3_3_2.python()?)
            .arg(script)
            .output()?;
        ensure!(made.status.success(), "{made:?}");
        Ok(serde_json::from_slice(&made.stdout)?)
    }

    /// What Google gives as a file.
    pub(super) fn key_file(&self, url: &str) -> Value {
        json!({
            "type": "service_account",
            "gcs_base_url": url,
            "client_email": EMAIL,
            "private_key": self.private,
            "private_key_id": KEY_ID,
        })
    }
}

/// The gate. It ends with the runtime.
pub(super) struct Gate {
    pub(super) url: String,
    inner: Arc<Inner>,
}

struct Inner {
    upstream: String,
    key: UnparsedPublicKey<Vec<u8>>,
    client: reqwest::Client,
    passed: AtomicUsize,
    refused: AtomicUsize,
}

impl Gate {
    /// Before the server at this URL.
    pub(super) async fn start(upstream: &str, account: &ServiceAccount) -> Result<Self> {
        let key = BASE64_STANDARD.decode(&account.public)?;
        // The client wants one, though it speaks plain HTTP. Another test of this process may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let inner = Arc::new(Inner {
            upstream: upstream.to_owned(),
            key: UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key),
            client: reqwest::Client::new(),
            passed: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
        });
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { url, inner })
    }

    /// How many requests passed, and how many were refused.
    pub(super) fn requests(&self) -> (usize, usize) {
        let inner = &self.inner;
        let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        (of(&inner.passed), of(&inner.refused))
    }
}

async fn answer(State(gate): State<Arc<Inner>>, parts: Parts, body: Bytes) -> Response {
    if let Err(error) = gate.check(&parts) {
        gate.refused.fetch_add(1, Ordering::Relaxed);
        return (StatusCode::UNAUTHORIZED, error.to_string()).into_response();
    }
    gate.passed.fetch_add(1, Ordering::Relaxed);
    match gate.forward(parts, body).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

impl Inner {
    fn check(&self, parts: &Parts) -> Result<()> {
        let token = parts.headers.get(header::AUTHORIZATION);
        let token = token.context("no token")?.to_str()?;
        let token = token.strip_prefix("Bearer ").context("no bearer token")?;
        let (message, signature) = token.rsplit_once('.').context("no signature")?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature)?;
        let verified = self.key.verify(message.as_bytes(), &signature);
        verified.map_err(|_| anyhow!("another key has signed it"))?;
        let (header, claims) = message.split_once('.').context("no claims")?;
        let read = |part: &str| -> Result<Value> {
            Ok(serde_json::from_slice(
                &BASE64_URL_SAFE_NO_PAD.decode(part)?,
            )?)
        };
        let (header, claims) = (read(header)?, read(claims)?);
        ensure!(
            header["alg"] == "RS256" && header["kid"] == KEY_ID,
            "{header}"
        );
        ensure!(claims["iss"] == EMAIL && claims["sub"] == EMAIL, "{claims}");
        let scope = claims["scope"].as_str().context("no scope")?;
        ensure!(
            scope.split(' ').any(|scope| SCOPES.contains(&scope)),
            "{claims}"
        );
        let now = jiff::Timestamp::now().as_second();
        let at = |claim: &str| claims[claim].as_i64().context("no time");
        ensure!(
            at("iat")? <= now && now < at("exp")? && at("exp")? <= at("iat")? + 3600,
            "{claims}"
        );
        Ok(())
    }

    async fn forward(&self, parts: Parts, body: Bytes) -> Result<Response> {
        let of_this_hop = [
            header::AUTHORIZATION,
            header::HOST,
            header::TRANSFER_ENCODING,
        ];
        let keep = |name: &HeaderName| !of_this_hop.contains(name);
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = self
            .client
            .request(parts.method, format!("{}{path}", self.upstream))
            .body(body);
        for (name, value) in parts.headers.iter().filter(|(name, _)| keep(name)) {
            request = request.header(name, value);
        }
        let answer = request.send().await?;
        let mut response = Response::builder().status(answer.status());
        for (name, value) in answer.headers().iter().filter(|(name, _)| keep(name)) {
            response = response.header(name, value);
        }
        Ok(response.body(Body::from(answer.bytes().await?))?)
    }
}
