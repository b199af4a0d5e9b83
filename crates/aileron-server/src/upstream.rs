//! What only Python can do, done by Airflow's own server.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Method, header};
use axum::response::Response;
use bytes::Bytes;
use reqwest::Url;

use crate::endpoint::Endpoint;
use crate::refusal::Refusal;

/// Airflow's own server, which gets the requests that the store cannot serve.
#[derive(Debug, Clone)]
pub struct Upstream {
    base: Url,
    client: reqwest::Client,
}

/// Why there is no upstream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UpstreamError {
    /// The URL is none, or not one of a server.
    #[error(
        "the URL of the upstream server is no URL such as http://airflow:8080/execution/: {reason}"
    )]
    Url {
        /// What is wrong.
        reason: String,
    },
    /// The client could not be made.
    #[error("no client for the upstream server: {0}")]
    Client(String),
}

/// How long the upstream server may take. It is Python: it may take long.
const TIMEOUT: Duration = Duration::from_secs(60);

impl Upstream {
    /// The server whose Execution API is below this URL, such as `http://airflow:8080/execution/`.
    ///
    /// # Errors
    ///
    /// When the text is no such URL.
    pub fn new(url: &str) -> Result<Self, UpstreamError> {
        let refused = |reason: String| UpstreamError::Url { reason };
        let mut base = Url::parse(url).map_err(|error| refused(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(refused(format!("the scheme is {:?}", base.scheme())));
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        install_tls();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| UpstreamError::Client(error.to_string()))?;
        Ok(Self { base, client })
    }

    /// Sends the request on, with its token, and gives the answer as it comes.
    pub(crate) async fn forward(&self, request: Forwarded) -> Result<Response, Refusal> {
        let url = self
            .base
            .join(request.path_and_query.trim_start_matches('/'))
            .map_err(|_| Refusal::not_found())?;
        let mut headers = request.headers;
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        let sent = self
            .client
            .request(request.method, url)
            .headers(headers)
            .body(request.body)
            .send()
            .await;
        let answer = sent.map_err(|error| away(&error))?;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        let mut headers = answer.headers().clone();
        for name in HOP_BY_HOP {
            headers.remove(name);
        }
        *response.headers_mut() = headers;
        *response.body_mut() = Body::from(answer.bytes().await.map_err(|error| away(&error))?);
        Ok(response)
    }
}

/// A request as it came, below `/execution`.
pub(crate) struct Forwarded {
    pub(crate) method: Method,
    pub(crate) path_and_query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Headers of one connection, and those that the client sets itself.
const HOP_BY_HOP: [HeaderName; 6] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::CONNECTION,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::TE,
];

fn away(error: &reqwest::Error) -> Refusal {
    // The text of the error may name the URL, which is configured and no secret; a user name in it
    // would be one.
    tracing::warn!(
        timeout = error.is_timeout(),
        connect = error.is_connect(),
        "the upstream server does not answer"
    );
    Refusal::unavailable(
        "upstream_unavailable",
        "The upstream server does not answer; try again",
    )
}

/// What is sent on when the store says that it cannot do it, and why it may say so.
///
/// This is the only list, beside the one of what the configuration gives to Python classes: [`PythonParts`]. Everything else is
/// answered here, or refused with 501.
///
/// [`PythonParts`]: crate::PythonParts
pub(crate) fn may_delegate(endpoint: &Endpoint) -> bool {
    match endpoint {
        // The data interval of a run may come from a timetable, which is Python.
        Endpoint::TriggerDagRun(_)
        // The tasks of a run may have changed with the version of its Dag.
        | Endpoint::ClearDagRun(_)
        // A task group is only found in a serialized Dag.
        | Endpoint::TaskInstanceCount
        | Endpoint::TaskStates
        // Which pass of a loop is meant is told by the Dag.
        | Endpoint::PreviousTaskInstance { .. }
        | Endpoint::SkipDownstream(_)
        | Endpoint::XComItem(..)
        | Endpoint::XComSlice(_)
        | Endpoint::XComCount(_)
        | Endpoint::SetXCom(_)
        | Endpoint::DeleteXCom(_)
        // The arguments of a resumed task may hold Python objects, which old clients want rewritten.
        | Endpoint::Run(_)
        // Partition mappers are Python; so is stopping the rest of a run that fails fast.
        | Endpoint::UpdateState(_)
        // By offset over the runs before.
        | Endpoint::GetXCom(_)
        // By a regular expression of Python.
        | Endpoint::EventsByAsset
        | Endpoint::EventsByAlias
        | Endpoint::StartConnectionTest(_)
        | Endpoint::FinishConnectionTest(_)
        | Endpoint::RunCallback(_)
        | Endpoint::SetDagRunNote(_) => true,
        _ => false,
    }
}

/// Makes `ring` the cryptography of TLS in this process. Another choice that was made before stays.
pub(crate) fn install_tls() {
    // An error means that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_url_of_a_server_is_taken() {
        assert!(Upstream::new("http://127.0.0.1:8080/execution").is_ok());
        for url in ["airflow:8080", "ftp://airflow/", "", "/execution"] {
            let error = Upstream::new(url).unwrap_err().to_string();
            assert!(error.contains("http://airflow:8080/execution/"), "{error}");
        }
    }
}
