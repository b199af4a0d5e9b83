//! The HTTP side of the client: addresses, the token, answers.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::http::{Method, StatusCode};

use crate::Deadline;

/// An answer with a status that the request does not expect.
#[derive(Debug, thiserror::Error)]
#[error("{method} {path} answered {status}: {body}")]
pub struct UnexpectedAnswer {
    /// The HTTP method of the request.
    pub method: String,
    /// The path of the request, below the server's address.
    pub path: String,
    /// The HTTP status.
    pub status: u16,
    /// The body of the answer, as it came.
    pub body: String,
}

/// A client of one Airflow's REST API.
#[derive(Debug)]
pub struct Api {
    agent: ureq::Agent,
    base: String,
    token: OnceLock<String>,
    // One change at a time: SQLite has one writer, and the API server blocks when two of its requests want to be it.
    changing: Mutex<()>,
}

impl Api {
    /// A client for the API server on this port of the loopback interface.
    pub(crate) fn new(port: u16) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .proxy(None)
            .build()
            .new_agent();
        Self {
            agent,
            base: format!("http://127.0.0.1:{port}"),
            token: OnceLock::new(),
            changing: Mutex::new(()),
        }
    }

    /// Gets a token; the simple auth manager gives one to everybody when all are admins.
    pub(crate) fn log_in(&self) -> Result<()> {
        // The routes for logging in are there a moment after the first healthy answer.
        let answer = Deadline::after(Duration::from_secs(20))
            .wait_for("the API server gives a token", || {
                Ok(self.send(&Method::GET, "/auth/token", None).ok())
            })?;
        let token = answer["access_token"]
            .as_str()
            .context("the answer of /auth/token holds no access_token")?;
        self.token.get_or_init(|| token.to_owned());
        Ok(())
    }

    /// The token that this client has, for another one.
    ///
    /// # Errors
    /// When it has none yet.
    pub fn token(&self) -> Result<String> {
        self.token.get().cloned().context("nobody has logged in")
    }

    /// Whether the API server, the scheduler and the Dag processor (and the triggerer when asked) say they are well.
    pub(crate) fn is_healthy(&self, triggerer: bool) -> bool {
        let Ok(health) = self.send(&Method::GET, "/api/v2/monitor/health", None) else {
            return false;
        };
        let mut parts = vec!["metadatabase", "scheduler", "dag_processor"];
        if triggerer {
            parts.push("triggerer");
        }
        parts
            .iter()
            .all(|part| health[*part]["status"] == "healthy")
    }

    /// `GET` below `/api/v2`.
    ///
    /// # Errors
    /// When there is no answer, or one with a status other than success ([`UnexpectedAnswer`]).
    pub fn get(&self, path: &str) -> Result<Value> {
        self.send(&Method::GET, &format!("/api/v2{path}"), None)
    }

    /// `GET` below `/api/v2`, where "not found" is an answer too.
    ///
    /// # Errors
    /// As [`Self::get`], but for status 404.
    pub fn find(&self, path: &str) -> Result<Option<Value>> {
        match self.get(path) {
            Ok(found) => Ok(Some(found)),
            Err(error) => match error.downcast_ref::<UnexpectedAnswer>() {
                Some(answer) if answer.status == 404 => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// `POST` below `/api/v2`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(&Method::POST, &format!("/api/v2{path}"), Some(body))
    }

    /// `PATCH` below `/api/v2`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        self.send(&Method::PATCH, &format!("/api/v2{path}"), Some(body))
    }

    /// `DELETE` below `/api/v2`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn delete(&self, path: &str) -> Result<()> {
        self.send(&Method::DELETE, &format!("/api/v2{path}"), None)
            .map(|_| ())
    }

    fn send(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let _one_change = (*method != Method::GET)
            .then(|| self.changing.lock().unwrap_or_else(PoisonError::into_inner));
        let mut attempts = 0;
        loop {
            match self.send_once(method, path, body) {
                // The API server waits some seconds for its turn to write, and answers 500 then.
                Err(error) if attempts < 3 && is_locked(&error) => attempts += 1,
                result => return result,
            }
        }
    }

    fn send_once(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("Accept", "application/json");
        if let Some(token) = self.token.get() {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let sent = match body {
            Some(body) => {
                let request = request
                    .header("Content-Type", "application/json")
                    .body(body.to_string())?;
                self.agent.run(request)
            }
            None => self.agent.run(request.body(())?),
        };
        let mut answer = sent.with_context(|| format!("{method} {path}"))?;
        let status = answer.status();
        let body = answer
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_to_string()?;
        if !status.is_success() {
            bail!(UnexpectedAnswer {
                method: method.to_string(),
                path: path.to_owned(),
                status: status.as_u16(),
                body
            });
        }
        if status == StatusCode::NO_CONTENT || body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&body)
            .with_context(|| format!("{method} {path} answered something that is not JSON: {body}"))
    }
}

fn is_locked(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<UnexpectedAnswer>()
        .is_some_and(|answer| answer.status == 500 && answer.body.contains("Database error"))
}

/// A path segment with everything but unreserved characters percent-encoded.
pub(super) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
