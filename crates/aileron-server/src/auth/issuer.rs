//! New tokens.

use std::fmt;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::keys::PrivateKey;
use super::{AuthError, AuthSettings, Scope, Token};

/// Signs new tokens.
pub(super) struct Issuer {
    key: EncodingKey,
    header: Header,
    audience: Option<String>,
    issuer: Option<String>,
    seconds: i64,
}

impl Issuer {
    pub(super) fn new(settings: &AuthSettings) -> Result<Self, AuthError> {
        let (key, guess, thumbprint) = match (&settings.private_key, &settings.secret) {
            (Some(path), _) => {
                let key = PrivateKey::read(path)?;
                (key.signing, key.algorithm, key.thumbprint)
            }
            (None, Some(secret)) => (
                EncodingKey::from_secret(secret.as_bytes()),
                Algorithm::HS512,
                // What Airflow writes where a key needs no name.
                "not-used".to_owned(),
            ),
            (None, None) => return Err(AuthError::NoKey),
        };
        let mut header = Header::new(algorithm(settings)?.unwrap_or(guess));
        header.kid = Some(settings.key_id.clone().unwrap_or(thumbprint));
        Ok(Self {
            key,
            header,
            audience: settings.audience.first().cloned(),
            issuer: settings.issuer.clone(),
            seconds: i64::try_from(settings.valid_for.as_secs()).unwrap_or(i64::MAX / 2),
        })
    }

    pub(super) fn issue(&self, id: Uuid, scope: Scope) -> Result<String, AuthError> {
        let mut claims = Map::new();
        claims.insert("sub".into(), id.to_string().into());
        claims.insert("scope".into(), scope.as_str().into());
        self.sign(claims)
    }

    /// The same claims with a new life.
    pub(super) fn renew(&self, token: &Token) -> Option<String> {
        logged(self.sign(token.claims.clone()))
    }

    pub(super) fn execution(&self, id: Uuid) -> Option<String> {
        logged(self.issue(id, Scope::Execution))
    }

    fn sign(&self, mut claims: Map<String, Value>) -> Result<String, AuthError> {
        let now = Timestamp::now().as_second();
        let Value::Object(new) = json!({
            "jti": Uuid::new_v4().simple().to_string(),
            "nbf": now,
            "exp": now.saturating_add(self.seconds),
            "iat": now,
        }) else {
            return Err(AuthError::Signing("no claims".to_owned()));
        };
        claims.extend(new);
        if let Some(audience) = &self.audience {
            claims.insert("aud".into(), audience.clone().into());
        }
        if let Some(issuer) = &self.issuer {
            claims.insert("iss".into(), issuer.clone().into());
        }
        jsonwebtoken::encode(&self.header, &claims, &self.key)
            .map_err(|error| AuthError::Signing(error.to_string()))
    }
}

/// A request is served even when its new token could not be signed.
fn logged(token: Result<String, AuthError>) -> Option<String> {
    token
        .inspect_err(|error| tracing::error!(%error, "no new token"))
        .ok()
}

/// The algorithm that is configured; `None` to choose by the key.
pub(super) fn algorithm(settings: &AuthSettings) -> Result<Option<Algorithm>, AuthError> {
    let Some(name) = &settings.algorithm else {
        return Ok(None);
    };
    name.parse().map(Some).map_err(|_| AuthError::Option {
        section: "api_auth",
        key: "jwt_algorithm",
        reason: format!("{name:?} is no algorithm of JWT; GUESS chooses by the key"),
    })
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("algorithm", &self.header.alg)
            .finish_non_exhaustive()
    }
}
