//! The token, kept where nobody prints it.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use reqwest::header::HeaderValue;
use serde::Deserialize;

use crate::ClientError;

/// The token that says for which task instance a client speaks.
///
/// `Debug` does not show it, and no error or log line of this crate holds it.
///
/// ```
/// let token = aileron_client::ApiToken::new("eyJhbGciOiJIUzUxMiJ9".to_owned())?;
/// assert_eq!(format!("{token:?}"), "ApiToken(***)");
/// # Ok::<(), aileron_client::ClientError>(())
/// ```
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct ApiToken(HeaderValue);

impl ApiToken {
    /// Takes a token.
    ///
    /// # Errors
    ///
    /// [`ClientError::Token`] when it has characters that no HTTP header has.
    pub fn new(token: String) -> Result<Self, ClientError> {
        let mut header =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| ClientError::Token)?;
        header.set_sensitive(true);
        Ok(Self(header))
    }
}

impl TryFrom<String> for ApiToken {
    type Error = ClientError;

    fn try_from(token: String) -> Result<Self, ClientError> {
        Self::new(token)
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(***)")
    }
}

/// The token that goes with the next request: the last one that the server gave.
#[derive(Debug)]
pub(crate) struct CurrentToken(RwLock<ApiToken>);

impl CurrentToken {
    pub(crate) fn new(token: ApiToken) -> Self {
        Self(RwLock::new(token))
    }

    /// The value of the header `Authorization`.
    pub(crate) fn header(&self) -> HeaderValue {
        // A header value is either the old one or the new one, whoever panicked.
        let token = self.0.read().unwrap_or_else(PoisonError::into_inner);
        token.0.clone()
    }

    /// Takes over what the server sent as `Refreshed-API-Token`.
    pub(crate) fn refresh(&self, token: &HeaderValue) {
        let Some(token) = token
            .to_str()
            .ok()
            .filter(|token| !token.is_empty())
            .and_then(|token| ApiToken::new(token.to_owned()).ok())
        else {
            tracing::warn!("the server sent a new token that cannot be one; the old one stays");
            return;
        };
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = token;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        let token = ApiToken::new("secret-token".to_owned()).unwrap();
        let current = CurrentToken::new(token);
        for shown in [format!("{current:?}"), format!("{:?}", current.header())] {
            assert!(!shown.contains("secret-token"), "{shown}");
        }
        let error = ApiToken::new("secret\ntoken".to_owned()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
    }

    #[test]
    fn a_new_token_takes_the_place_of_the_old_one_and_nonsense_does_not() {
        let current = CurrentToken::new(ApiToken::new("old".to_owned()).unwrap());
        current.refresh(&HeaderValue::from_static(""));
        assert_eq!(current.header(), "Bearer old");
        current.refresh(&HeaderValue::from_static("new"));
        assert_eq!(current.header(), "Bearer new");
        assert!(current.header().is_sensitive());
    }
}
