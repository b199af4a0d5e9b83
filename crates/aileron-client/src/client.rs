//! The client: where requests go, and how often.

use std::fmt;
use std::time::Duration;

use aileron_execution_api::{ApiError, ErrorKind};
use reqwest::Url;
use reqwest::redirect::Policy;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::answer::Answer;
use crate::attempt::{Lost, Request, attempt};
use crate::route::Route;
use crate::token::CurrentToken;
use crate::{ApiToken, ApiVersion, ClientError, ClientSettings};

/// uvicorn closes a connection that was idle for 5 seconds. One that is about to be closed is not used any more.
const IDLE: Duration = Duration::from_secs(4);

/// The Execution API of a server, for one task instance.
///
/// It implements [`ExecutionApi`](aileron_execution_api::ExecutionApi). It needs a Tokio runtime with time and I/O. What it does
/// when an answer does not come is said in the [crate's documentation](crate).
///
/// A token that the server sends along with any answer takes the place of the one before; the first is often a workload token,
/// which is only good for [`start`](aileron_execution_api::ExecutionApi::start).
pub struct Client {
    http: reqwest::Client,
    base: String,
    /// Scheme, host and port, for errors.
    server: String,
    pub(crate) ti_id: Uuid,
    token: CurrentToken,
    settings: ClientSettings,
    serves_3_4: OnceCell<bool>,
}

/// Shows neither the token nor the path of the URL.
impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("server", &self.server)
            .field("ti_id", &self.ti_id)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// A request that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ApiError,
    /// Whether an earlier attempt may have been carried out.
    pub(crate) maybe_done: bool,
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl Client {
    /// Makes a client; nothing is sent yet. `url` is what `[core] execution_api_server_url` says.
    ///
    /// # Errors
    ///
    /// [`ClientError`] when the URL makes no sense, or a file of [`ClientSettings::tls`] cannot be used.
    pub fn new(
        url: &str,
        ti_id: Uuid,
        token: ApiToken,
        settings: &ClientSettings,
    ) -> Result<Self, ClientError> {
        let url = server_url(url)?;
        let tls = settings.tls.client_config(url.scheme() == "https")?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .redirect(Policy::none())
            .connect_timeout(settings.timeout)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("aileron/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ClientError::Http(error.without_url().to_string()))?;
        let mut base = url.to_string();
        if !base.ends_with('/') {
            base.push('/');
        }
        Ok(Self {
            http,
            server: url.origin().ascii_serialization(),
            base,
            ti_id,
            token: CurrentToken::new(token),
            settings: settings.clone(),
            serves_3_4: OnceCell::new(),
        })
    }

    /// Sends a request until it is answered, as often as allowed.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Failure> {
        let route = request.route.text().map_err(|problem| Failure {
            error: request.error(ErrorKind::BadRequest, problem),
            maybe_done: false,
        })?;
        let url = format!("{}{route}", self.base);
        let mut maybe_done = false;
        let mut attempts = 1;
        loop {
            let lost = match self.attempt(&url, &request).await {
                Ok(answer) => return Ok(answer),
                Err(lost) => lost,
            };
            let over = attempts >= self.settings.retries.attempts;
            let unrepeatable = request.once && lost.maybe_done;
            if over || unrepeatable || !lost.error.kind.is_transient() {
                let error = self.with_place(lost.error, attempts);
                return Err(Failure { error, maybe_done });
            }
            maybe_done |= lost.maybe_done;
            let wait = self.settings.retries.wait_after(attempts, fastrand::f64());
            tracing::warn!(
                error = %lost.error,
                attempt = attempts,
                wait_seconds = wait.as_secs_f64(),
                "a request to the API server is sent again"
            );
            tokio::time::sleep(wait).await;
            attempts += 1;
        }
    }

    async fn attempt(&self, url: &str, request: &Request) -> Result<Answer, Lost> {
        let answer = attempt(
            &self.http,
            url,
            request,
            self.token.header(),
            &self.settings,
        )
        .await?;
        if let Some(token) = answer.headers.get("refreshed-api-token") {
            self.token.refresh(token);
        }
        match answer.error(request) {
            None => Ok(answer),
            Some(error) => Err(Lost {
                error,
                maybe_done: true,
            }),
        }
    }

    /// Says which server it was and how often it was asked.
    fn with_place(&self, mut error: ApiError, attempts: u32) -> ApiError {
        if error.kind.is_transient() {
            let times = match attempts {
                1 => "1 attempt".to_owned(),
                many => format!("{many} attempts"),
            };
            error.message = format!("{} ({}, {times})", error.message, self.server);
        }
        error
    }

    /// Sends a request whose answer says nothing but that it was done.
    pub(crate) async fn tell(&self, request: Request) -> Result<(), ApiError> {
        let answer = self.send(request.clone()).await?;
        answer.done(&request)
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        request: Request,
    ) -> Result<T, ApiError> {
        let answer = self.send(request.clone()).await?;
        answer.json(&request)
    }

    /// Fails unless the server is Airflow 3.4 or later. Older ones take no notice of what they do not know in a query, and would
    /// answer something else than was asked.
    pub(crate) async fn needs_3_4(&self, operation: &str) -> Result<(), ApiError> {
        let asked = self
            .serves_3_4
            .get_or_try_init(|| self.ask_for_3_4(operation))
            .await?;
        if *asked {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorKind::Unsupported,
            operation,
            "the API server is of an Airflow before 3.4, which does not know this",
        ))
    }

    /// Asks for a route of Airflow 3.4 with a method that it does not have. Nothing is changed by that.
    async fn ask_for_3_4(&self, operation: &str) -> Result<bool, ApiError> {
        if self.settings.api_version < ApiVersion::V2026_10_30 {
            return Ok(false);
        }
        let request = Request::get(self.ti_route("dag-run-note"), operation);
        match self.send(request.clone()).await {
            Ok(answer) => Err(answer.bad(&request, "where 404 or 405 was to come")),
            Err(failure) if failure.error.status == Some(405) => Ok(true),
            Err(failure) if failure.error.kind == ErrorKind::Unsupported => Ok(false),
            Err(failure) => Err(failure.error),
        }
    }

    /// `task-instances/{id}/{what}`
    pub(crate) fn ti_route(&self, what: &str) -> Route {
        Route::new("task-instances")
            .part(&self.ti_id.to_string())
            .fixed(what)
    }
}

fn server_url(text: &str) -> Result<Url, ClientError> {
    let refused = |reason: &str| ClientError::Url {
        reason: reason.to_owned(),
    };
    let url = Url::parse(text).map_err(|error| refused(&format!("is not a URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("is neither http nor https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            "has a user or a password, which have no place in it",
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refused("has a query or a fragment"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(url: &str) -> Result<Client, ClientError> {
        let token = ApiToken::new("very-secret".to_owned()).unwrap();
        Client::new(url, Uuid::nil(), token, &ClientSettings::default())
    }

    #[test]
    fn a_url_that_makes_no_sense_is_refused_without_being_shown() {
        for url in [
            "",
            "airflow:8080/execution",
            "ftp://h/x",
            "http://ada:hunter2@h/",
            "http://h/?token=hunter2",
            "http://",
        ] {
            let error = client(url).unwrap_err().to_string();
            assert!(
                error.starts_with("the URL of the Execution API "),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_last_slash_of_the_url_does_not_matter() {
        for url in ["http://h/execution", "http://h/execution/"] {
            assert_eq!(client(url).unwrap().base, "http://h/execution/");
        }
    }

    #[test]
    fn debug_shows_no_token() {
        let shown = format!("{:?}", client("http://h/x").unwrap());
        assert!(!shown.contains("very-secret"), "{shown}");
    }
}
