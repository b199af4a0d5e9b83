//! How a client speaks to its server.

use std::time::Duration;

use aileron_config::Config;

use crate::retry::seconds;
use crate::{ApiVersion, ClientError, RetryPolicy, TlsSettings};

/// How a client speaks to its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientSettings {
    /// The version of the Execution API to ask for.
    pub api_version: ApiVersion,
    /// When a request is sent again.
    pub retries: RetryPolicy,
    /// How long to wait for a connection, for the begin of an answer, and for each further part of it
    /// (`[workers] execution_api_timeout`). A large request gets a second more for each MiB, and a whole answer may take
    /// sixty times as long.
    pub timeout: Duration,
    /// The most bytes an answer may have; more is an error.
    pub largest_answer: usize,
    /// Whom to trust, when the server's URL says `https`.
    pub tls: TlsSettings,
}

/// What Airflow 3.3.2 has when nothing is configured: a timeout of 5 seconds. Answers may have 1 GiB.
impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            api_version: ApiVersion::default(),
            retries: RetryPolicy::default(),
            timeout: Duration::from_secs(5),
            largest_answer: 1 << 30,
            tls: TlsSettings::default(),
        }
    }
}

impl ClientSettings {
    /// Takes the options `[workers] execution_api_retries`, `execution_api_retry_wait_min`, `execution_api_retry_wait_max`,
    /// `execution_api_timeout`, and `[api] ssl_cert`, `ssl_ca_file`, `client_ssl_cert`, `client_ssl_key`,
    /// `client_use_public_certs`.
    ///
    /// # Errors
    ///
    /// [`ClientError`], which names the option.
    pub fn from_config(config: &Config) -> Result<Self, ClientError> {
        let default = Self::default();
        let timeout = seconds(config, "execution_api_timeout", default.timeout)?;
        if timeout.is_zero() {
            return Err(ClientError::Option {
                section: "workers",
                key: "execution_api_timeout",
                reason: "0 seconds leave no time for an answer".to_owned(),
            });
        }
        Ok(Self {
            retries: RetryPolicy::from_config(config)?,
            timeout,
            tls: TlsSettings::from_config(config)?,
            ..default
        })
    }

    /// How long to wait for the begin of the answer to a request with a body of this length.
    pub(crate) fn head_timeout(&self, body: usize) -> Duration {
        self.timeout + Duration::from_secs((body >> 20) as u64)
    }

    /// How long a whole answer may take.
    pub(crate) fn body_timeout(&self) -> Duration {
        self.timeout * 60
    }
}
