//! What Airflow's configuration says about tokens.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use aileron_config::Config;

use super::AuthError;

/// What Airflow's configuration says about tokens. `Debug` shows no secret.
#[derive(Clone)]
pub struct AuthSettings {
    /// `[api_auth] jwt_secret`: what tokens are signed with, unless there is a private key.
    pub secret: Option<String>,
    /// `[api_auth] jwt_private_key_path`: a PEM file with an RSA or Ed25519 key.
    pub private_key: Option<PathBuf>,
    /// `[api_auth] jwt_kid`: how tokens name the key.
    pub key_id: Option<String>,
    /// `[api_auth] trusted_jwks_url`: the public keys that tokens are checked with, at a URL or in a file.
    pub trusted_jwks: Option<String>,
    /// `[api_auth] jwt_algorithm`; `None` where it says `GUESS`.
    pub algorithm: Option<String>,
    /// `[api_auth] jwt_issuer`.
    pub issuer: Option<String>,
    /// `[api_auth] jwt_leeway`: how far clocks may be apart.
    pub leeway: Duration,
    /// `[execution_api] jwt_audience`: for whom a token may be. New tokens name the first.
    pub audience: Vec<String>,
    /// `[execution_api] jwt_expiration_time`: how long a new token is valid.
    pub valid_for: Duration,
}

const AUDIENCE: &str = "urn:airflow.apache.org:task";

impl AuthSettings {
    /// The settings of a shared secret, with Airflow's defaults for everything else.
    #[must_use]
    pub fn with_secret(secret: impl Into<String>) -> Self {
        Self {
            secret: Some(secret.into()),
            private_key: None,
            key_id: None,
            trusted_jwks: None,
            algorithm: None,
            issuer: None,
            leeway: Duration::from_secs(10),
            audience: vec![AUDIENCE.to_owned()],
            valid_for: Duration::from_secs(600),
        }
    }

    /// The settings of a configuration.
    ///
    /// # Errors
    ///
    /// When an option cannot be read or makes no sense, or no key is given.
    pub fn from_config(config: &Config) -> Result<Self, AuthError> {
        let text = |section, key| -> Result<Option<String>, AuthError> {
            Ok(config.get(section, key)?.filter(|text| !text.is_empty()))
        };
        let seconds = |section, key, default| -> Result<Duration, AuthError> {
            let Some(number) = config.integer(section, key)? else {
                return Ok(Duration::from_secs(default));
            };
            let number = u64::try_from(number).map_err(|_| AuthError::Option {
                section,
                key,
                reason: "it is below 0".to_owned(),
            })?;
            Ok(Duration::from_secs(number))
        };
        let settings = Self {
            secret: text("api_auth", "jwt_secret")?,
            private_key: text("api_auth", "jwt_private_key_path")?.map(PathBuf::from),
            key_id: text("api_auth", "jwt_kid")?,
            trusted_jwks: text("api_auth", "trusted_jwks_url")?,
            algorithm: text("api_auth", "jwt_algorithm")?.filter(|name| name != "GUESS"),
            issuer: text("api_auth", "jwt_issuer")?,
            leeway: seconds("api_auth", "jwt_leeway", 10)?,
            audience: audience(text("execution_api", "jwt_audience")?)?,
            valid_for: seconds("execution_api", "jwt_expiration_time", 600)?,
        };
        if settings.secret.is_none() && settings.private_key.is_none() {
            return Err(AuthError::NoKey);
        }
        Ok(settings)
    }
}

fn audience(text: Option<String>) -> Result<Vec<String>, AuthError> {
    let Some(text) = text else {
        return Ok(vec![AUDIENCE.to_owned()]);
    };
    let names = text
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let names: Vec<_> = names.map(str::to_owned).collect();
    if names.is_empty() {
        return Err(AuthError::Option {
            section: "execution_api",
            key: "jwt_audience",
            reason: "it names nobody".to_owned(),
        });
    }
    Ok(names)
}

impl fmt::Debug for AuthSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthSettings")
            .field("secret", &self.secret.as_ref().map(|_| "***"))
            .field("private_key", &self.private_key)
            .field("trusted_jwks", &self.trusted_jwks)
            .field("algorithm", &self.algorithm)
            .field("issuer", &self.issuer)
            .field("leeway", &self.leeway)
            .field("audience", &self.audience)
            .field("valid_for", &self.valid_for)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_not_set_have_airflows_defaults() {
        let config = Config::with_environment([("AIRFLOW__API_AUTH__JWT_SECRET", "very secret")]);
        let settings = AuthSettings::from_config(&config).unwrap();
        assert_eq!(settings.audience, [AUDIENCE]);
        assert_eq!(settings.leeway, Duration::from_secs(10));
        assert_eq!(settings.valid_for, Duration::from_secs(600));
        assert_eq!(settings.algorithm, None);
        assert!(!format!("{settings:?}").contains("very secret"));
    }

    #[test]
    fn without_a_key_nothing_starts() {
        let config = Config::with_environment::<&str, &str>([]);
        let error = AuthSettings::from_config(&config).unwrap_err().to_string();
        assert!(error.contains("AIRFLOW__API_AUTH__JWT_SECRET"), "{error}");
    }
}
