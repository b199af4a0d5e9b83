//! Sending a request once.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use aileron_execution_api::{ApiError, ErrorKind};
use bytes::{Bytes, BytesMut};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use crate::ClientSettings;
use crate::answer::Answer;
use crate::route::Route;

/// A request as it is sent, perhaps several times.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) route: Route,
    pub(crate) body: Option<Bytes>,
    /// What is asked, for a person.
    pub(crate) operation: String,
    /// Whether the server serves it only once.
    pub(crate) once: bool,
}

/// Bodies hold values; they are not shown.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

impl Request {
    pub(crate) fn new(method: Method, route: Route, operation: impl Into<String>) -> Self {
        Self {
            method,
            route,
            body: None,
            operation: operation.into(),
            once: false,
        }
    }

    pub(crate) fn get(route: Route, operation: impl Into<String>) -> Self {
        Self::new(Method::GET, route, operation)
    }

    pub(crate) fn put(route: Route, operation: impl Into<String>) -> Self {
        Self::new(Method::PUT, route, operation)
    }

    pub(crate) fn post(route: Route, operation: impl Into<String>) -> Self {
        Self::new(Method::POST, route, operation)
    }

    pub(crate) fn patch(route: Route, operation: impl Into<String>) -> Self {
        Self::new(Method::PATCH, route, operation)
    }

    pub(crate) fn delete(route: Route, operation: impl Into<String>) -> Self {
        Self::new(Method::DELETE, route, operation)
    }

    /// Sends this JSON text.
    pub(crate) fn json(mut self, text: impl Into<Bytes>) -> Self {
        self.body = Some(text.into());
        self
    }

    /// Says that the server serves it only once.
    pub(crate) fn only_once(mut self) -> Self {
        self.once = true;
        self
    }

    pub(crate) fn error(&self, kind: ErrorKind, message: impl Into<String>) -> ApiError {
        ApiError::new(kind, self.operation.clone(), message)
    }
}

/// An attempt that brought no answer.
#[derive(Debug)]
pub(crate) struct Lost {
    pub(crate) error: ApiError,
    /// Whether the server may have carried out the request.
    pub(crate) maybe_done: bool,
}

/// Sends the request and reads the answer, whatever its status.
pub(crate) async fn attempt(
    http: &reqwest::Client,
    url: &str,
    request: &Request,
    authorization: HeaderValue,
    settings: &ClientSettings,
) -> Result<Answer, Lost> {
    let correlation = uuid::Uuid::now_v7().to_string();
    let mut sent = http
        .request(request.method.clone(), url)
        .header(reqwest::header::AUTHORIZATION, authorization)
        .header("correlation-id", &correlation)
        .header("airflow-api-version", settings.api_version.to_string());
    let mut length = 0;
    if let Some(body) = &request.body {
        length = body.len();
        sent = sent
            .header(CONTENT_TYPE, "application/json")
            .body(body.clone());
    }
    let head = within(settings.head_timeout(length), sent.send())
        .await
        .map_err(|missing| lost(request, "the server did not answer", missing))?;
    let status = head.status();
    let headers = head.headers().clone();
    let body = read(head, settings)
        .await
        .map_err(|failure| unread(request, settings, failure))?;
    Ok(Answer {
        status,
        headers,
        body,
        correlation,
    })
}

/// Why an answer was not read to its end.
enum Unread {
    Missing(Missing),
    TooLarge,
}

async fn read(head: reqwest::Response, settings: &ClientSettings) -> Result<Bytes, Unread> {
    let announced = head.content_length().unwrap_or(0);
    let whole = async {
        let mut head = head;
        if announced > settings.largest_answer as u64 {
            return Err(Unread::TooLarge);
        }
        // One that lies about its length gets no memory for it.
        let mut body = BytesMut::with_capacity(announced.min(1 << 20) as usize);
        loop {
            let chunk = within(settings.timeout, head.chunk()).await;
            let Some(chunk) = chunk.map_err(Unread::Missing)? else {
                return Ok(body.freeze());
            };
            if body.len() + chunk.len() > settings.largest_answer {
                return Err(Unread::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
    };
    match tokio::time::timeout(settings.body_timeout(), whole).await {
        Ok(result) => result,
        Err(_) => Err(Unread::Missing(Missing::Late(settings.body_timeout()))),
    }
}

/// Why nothing came.
enum Missing {
    Late(Duration),
    Http(reqwest::Error),
}

async fn within<T>(
    limit: Duration,
    future: impl Future<Output = Result<T, reqwest::Error>>,
) -> Result<T, Missing> {
    match tokio::time::timeout(limit, future).await {
        Ok(result) => result.map_err(Missing::Http),
        Err(_) => Err(Missing::Late(limit)),
    }
}

fn unread(request: &Request, settings: &ClientSettings, failure: Unread) -> Lost {
    match failure {
        Unread::Missing(missing) => lost(request, "the answer broke off", missing),
        Unread::TooLarge => Lost {
            error: request.error(
                ErrorKind::BadAnswer,
                format!(
                    "the answer is larger than the {} bytes that are allowed",
                    settings.largest_answer
                ),
            ),
            maybe_done: true,
        },
    }
}

fn lost(request: &Request, what: &str, missing: Missing) -> Lost {
    match missing {
        Missing::Late(limit) => Lost {
            error: request.error(
                ErrorKind::Timeout,
                format!("{what} within {limit:?} ([workers] execution_api_timeout)"),
            ),
            maybe_done: true,
        },
        Missing::Http(error) => {
            let kind = if error.is_timeout() {
                ErrorKind::Timeout
            } else {
                ErrorKind::Unavailable
            };
            let unsent = error.is_connect() || error.is_builder();
            let what = if unsent {
                "no connection to the server"
            } else {
                what
            };
            Lost {
                error: request.error(kind, format!("{what}: {}", reason(&error))),
                maybe_done: !unsent,
            }
        }
    }
}

/// What is behind an error of the HTTP library. Its own text holds the URL, which is not for logs.
fn reason(error: &reqwest::Error) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(error) = source {
        let text = error.to_string();
        // Some errors repeat the one below them.
        if texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
        source = error.source();
    }
    if texts.is_empty() {
        return "the HTTP library gives no reason".to_owned();
    }
    texts.join(": ")
}
