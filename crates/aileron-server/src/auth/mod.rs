//! Who asks: tokens as Airflow issues and checks them.
//!
//! A token is a JWT whose `sub` is the id of a task instance. Its scope is `execution`, or
//! `workload` for the long-lived one that an executor hands out and that only starts a task.
//!
//! Nothing here shows a token, a key or a secret, not even in errors or `Debug`.
//!
//! Source: `airflow/api_fastapi/auth/tokens.py` and `execution_api/security.py` of Airflow 3.3.2.

mod error;
mod issuer;
mod jwks;
mod keys;
mod provider;
mod remembered;
mod settings;
mod token;
mod validator;

use std::sync::Arc;

use aileron_config::Config;

pub use error::AuthError;
pub use settings::AuthSettings;
pub use token::Scope;

pub(crate) use token::Token;

use issuer::Issuer;
use validator::Validator;

/// Checks tokens and issues new ones. Clones share their keys.
#[derive(Debug, Clone)]
pub struct Auth {
    validator: Arc<Validator>,
    issuer: Arc<Issuer>,
}

impl Auth {
    /// What `[api_auth]` and `[execution_api]` of Airflow's configuration say.
    ///
    /// # Errors
    ///
    /// When an option is missing or makes no sense, or a key cannot be read.
    pub fn from_config(config: &Config) -> Result<Self, AuthError> {
        Self::new(&AuthSettings::from_config(config)?)
    }

    /// Checks and issues as these settings say.
    ///
    /// # Errors
    ///
    /// When a key cannot be read, or does not fit its algorithm.
    pub fn new(settings: &AuthSettings) -> Result<Self, AuthError> {
        provider::install();
        Ok(Self {
            validator: Arc::new(Validator::new(settings)?),
            issuer: Arc::new(Issuer::new(settings)?),
        })
    }

    /// Whose token this is. `None` for a token that is not valid; why is in the log.
    pub(crate) async fn token(&self, text: &str) -> Option<Arc<Token>> {
        match self.validator.validate(text).await {
            Ok(token) => Some(token),
            Err(reason) => {
                tracing::warn!(reason = reason.as_str(), "a token was refused");
                None
            }
        }
    }

    /// A token in the place of one that ends soon.
    pub(crate) fn renew(&self, token: &Token) -> Option<String> {
        token
            .ends_soon()
            .then(|| self.issuer.renew(token))
            .flatten()
    }

    /// The token that a task instance works with, for the one that started it.
    pub(crate) fn execution_token(&self, token: &Token) -> Option<String> {
        self.issuer.execution(token.id)
    }

    /// A token for a task instance, as an executor would hand it out.
    ///
    /// # Errors
    ///
    /// When the key does not sign.
    pub fn issue(&self, ti_id: uuid::Uuid, scope: Scope) -> Result<String, AuthError> {
        self.issuer.issue(ti_id, scope)
    }

    /// Why tokens cannot be checked now; `None` when they can.
    pub(crate) async fn problem(&self) -> Option<String> {
        self.validator.problem().await
    }
}
