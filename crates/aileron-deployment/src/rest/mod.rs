//! Airflow's REST API.

mod dialect;
mod request;
mod runs;
mod xcoms;

pub use dialect::ApiVersion;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aileron_client::TlsSettings;
use reqwest::Url;
use reqwest::redirect::Policy;

use crate::Failure;
use crate::xcom::{DagRuns, RunQuery, Stream, XComQuery, XComs};

/// How long a server may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// Airflow's REST API: v2 of Airflow 3, or v1 of Airflow 2.
///
/// Which of the two it is, is looked up with the first request. XComs cost a request each, as a list of them has no values.
#[derive(Clone)]
pub struct RestApi(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    /// The URL of the server, without a slash at its end.
    base: String,
    /// The same without user and password.
    name: String,
    login: Login,
}

/// Who asks.
#[derive(Clone)]
pub enum Login {
    /// A token, sent as a bearer token.
    Token(String),
    /// A user and a password, which Airflow 2 takes with its backend `basic_auth`.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: String,
    },
    /// Nobody in particular.
    Nobody,
}

/// Shows no secret.
impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Token(_) => "Token",
            Self::Basic { .. } => "Basic",
            Self::Nobody => "Nobody",
        })
    }
}

impl fmt::Debug for RestApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RestApi").field(&self.0.name).finish()
    }
}

impl RestApi {
    /// The API of the Airflow at this URL: what stands before `/api/v2`. Nothing is sent yet.
    ///
    /// # Errors
    /// When it is no `http` or `https` URL, when a user or a password stands in it, or when `tls` names a file that cannot be used.
    pub fn new(url: &str, login: Login, tls: &TlsSettings) -> Result<Self, Failure> {
        let setting =
            |problem: String| Failure::Setting(format!("the URL of the REST API: {problem}"));
        let url = Url::parse(url).map_err(|error| setting(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(setting("it must begin with http:// or https://".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(setting(
                "it must have no user and no password in it".to_owned(),
            ));
        }
        let base = url.as_str().trim_end_matches('/');
        let base = base
            .strip_suffix("/api/v2")
            .or(base.strip_suffix("/api/v1"))
            .unwrap_or(base)
            .to_owned();
        let tls = tls
            .client_config(url.scheme() == "https")
            .map_err(|error| setting(error.to_string()))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            // A redirect to a page for people to log in is no answer, and a token belongs to one server.
            .redirect(Policy::none())
            .connect_timeout(ANSWERS_WITHIN)
            .timeout(ANSWERS_WITHIN)
            .user_agent(concat!("aileron/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| setting(error.without_url().to_string()))?;
        Ok(Self(Arc::new(Inner {
            http,
            name: base.clone(),
            base,
            login,
        })))
    }

    /// The URL.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn xcoms(&self, query: &XComQuery) -> XComs {
        let (api, query) = (self.clone(), query.clone());
        Stream::of(|sender| xcoms::send(api, query, sender))
    }

    pub(crate) fn runs(&self, query: &RunQuery) -> DagRuns {
        let (api, query) = (self.clone(), query.clone());
        Stream::of(|sender| runs::send(api, query, sender))
    }
}
