//! A [`ResumableJob`] for the HTTP job service of this package.

use std::time::Duration;

use aileron::Connection;
use aileron::jobs::{ResumableJob, Token, TokenSupport};
use aileron::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One job of the service.
pub(crate) struct HttpJob {
    service: String,
    agent: ureq::Agent,
    tokens: TokenSupport,
    request: Request,
}

/// What is asked of the service.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Request {
    /// Which logical job this is: the tests count the jobs of each name.
    pub(crate) name: String,
    /// How long it takes.
    pub(crate) milliseconds: u64,
    /// Whether it fails at its end.
    pub(crate) fails: bool,
}

/// A job that the service said something about.
#[derive(Debug, Deserialize)]
struct Job {
    id: u64,
    status: Status,
}

/// What the service says of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

/// What a job gives.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    /// The job.
    job: u64,
    /// Its name.
    name: String,
}

/// An answer that is not the one hoped for.
#[derive(Debug, thiserror::Error)]
#[error("{method} {url} was answered with {status}: {body}")]
struct Refused {
    method: &'static str,
    url: String,
    status: u16,
    body: Value,
}

impl HttpJob {
    /// A job of the service that the connection leads to.
    pub(crate) fn new(connection: &Connection, tokens: TokenSupport, request: Request) -> Self {
        let host = connection.host.as_deref().unwrap_or("127.0.0.1");
        let port = connection.port.unwrap_or(80);
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(10)))
            // What a status means depends on the request.
            .http_status_as_error(false)
            .build();
        Self {
            service: format!("http://{host}:{port}"),
            agent: config.into(),
            tokens,
            request,
        }
    }

    async fn call<T: for<'de> Deserialize<'de>>(&self, call: Call) -> Result<Option<T>> {
        let agent = self.agent.clone();
        // `ureq` blocks: the task's thread has to answer signals and the supervisor meanwhile.
        let answer = tokio::task::spawn_blocking(move || call.make(&agent)).await??;
        Ok(answer.map(serde_json::from_value).transpose()?)
    }

    fn job(&self, id: u64) -> String {
        format!("{}/jobs/{id}", self.service)
    }
}

impl ResumableJob for HttpJob {
    type Id = u64;
    type Status = Status;
    type Output = Report;

    fn token_support(&self) -> TokenSupport {
        self.tokens
    }

    async fn submit(&self, token: &Token) -> Result<u64> {
        let mut call = Call::new("POST", format!("{}/jobs", self.service));
        let mut body = serde_json::to_value(&self.request)?;
        match self.tokens {
            TokenSupport::Idempotent => call.key = Some(token.to_string()),
            TokenSupport::Searchable => body["token"] = json!(token),
            TokenSupport::None => {}
        }
        call.body = Some(body);
        let job: Option<Job> = self.call(call).await?;
        Ok(job
            .ok_or_else(|| Error::msg("the service has no /jobs"))?
            .id)
    }

    async fn find_by_token(&self, token: &Token) -> Result<Option<u64>> {
        let url = format!("{}/jobs?token={token}", self.service);
        let jobs: Option<Vec<Job>> = self.call(Call::new("GET", url)).await?;
        Ok(jobs.and_then(|jobs| jobs.first().map(|job| job.id)))
    }

    async fn status(&self, id: &u64) -> Result<Option<Status>> {
        let job: Option<Job> = self.call(Call::new("GET", self.job(*id))).await?;
        Ok(job.map(|job| job.status))
    }

    fn is_active(&self, status: &Status) -> bool {
        *status == Status::Running
    }

    fn is_succeeded(&self, status: &Status) -> bool {
        *status == Status::Succeeded
    }

    async fn result(&self, id: &u64) -> Result<Report> {
        let url = format!("{}/result", self.job(*id));
        let report = self.call(Call::new("GET", url)).await?;
        report.ok_or_else(|| Error::msg("the job has no result"))
    }

    async fn cancel(&self, id: &u64) -> Result<()> {
        self.call::<Job>(Call::new("DELETE", self.job(*id))).await?;
        Ok(())
    }

    fn is_refusal(&self, error: &Error) -> bool {
        // Anything else may have reached the service: a timeout, a connection that broke, a 500.
        error
            .downcast_ref::<Refused>()
            .is_some_and(|refused| (400..500).contains(&refused.status))
    }
}

/// One HTTP request.
struct Call {
    method: &'static str,
    url: String,
    key: Option<String>,
    body: Option<Value>,
}

impl Call {
    fn new(method: &'static str, url: String) -> Self {
        Self {
            method,
            url,
            key: None,
            body: None,
        }
    }

    /// The answer as JSON; `None` for 404.
    fn make(self, agent: &ureq::Agent) -> Result<Option<Value>> {
        let mut response = match (self.method, &self.body) {
            ("POST", body) => {
                let mut request = agent
                    .post(&self.url)
                    .header("Content-Type", "application/json");
                if let Some(key) = &self.key {
                    request = request.header("Idempotency-Key", key);
                }
                request.send(serde_json::to_vec(body)?)?
            }
            ("DELETE", _) => agent.delete(&self.url).call()?,
            _ => agent.get(&self.url).call()?,
        };
        let status = response.status().as_u16();
        if status == 404 {
            return Ok(None);
        }
        let body = response.body_mut().read_to_string()?;
        let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
        if (200..300).contains(&status) {
            return Ok(Some(body));
        }
        let (method, url) = (self.method, self.url);
        Err(Refused {
            method,
            url,
            status,
            body,
        }
        .into())
    }
}
