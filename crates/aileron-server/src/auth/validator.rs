//! Checking tokens.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::issuer::algorithm;
use super::jwks::{Jwks, KnownKey};
use super::keys::PrivateKey;
use super::remembered::Remembered;
use super::{AuthError, AuthSettings, Scope, Token};

/// Checks the signature, the times, the audience and the issuer of tokens.
pub(super) struct Validator {
    keys: Keys,
    /// The algorithm that is configured; otherwise the key says it.
    algorithm: Option<Algorithm>,
    rules: Validation,
    leeway: i64,
    remembered: Remembered<KnownKey>,
}

enum Keys {
    Secret(Arc<KnownKey>),
    /// The key set, or the one key of our own, by its name.
    Set(Jwks),
}

/// Why a token is refused. It is for the log; it never shows the token.
#[derive(Debug)]
pub(super) struct Refused(String);

impl Refused {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Validator {
    pub(super) fn new(settings: &AuthSettings) -> Result<Self, AuthError> {
        let keys = match (
            &settings.trusted_jwks,
            &settings.private_key,
            &settings.secret,
        ) {
            (Some(url), _, _) => Keys::Set(Jwks::at(url)),
            (None, Some(path), _) => {
                let own = PrivateKey::read(path)?;
                Keys::Set(Jwks::of(
                    own.thumbprint,
                    KnownKey {
                        key: own.checking,
                        algorithm: own.algorithm,
                    },
                ))
            }
            (None, None, Some(secret)) => Keys::Secret(Arc::new(KnownKey {
                key: DecodingKey::from_secret(secret.as_bytes()),
                algorithm: Algorithm::HS512,
            })),
            (None, None, None) => return Err(AuthError::NoKey),
        };
        // The algorithm is set for each token, by its key.
        let mut rules = Validation::new(Algorithm::HS512);
        rules.leeway = settings.leeway.as_secs();
        rules.validate_nbf = true;
        rules.set_audience(&settings.audience);
        rules.set_required_spec_claims(&["exp", "aud"]);
        if let Some(issuer) = &settings.issuer {
            rules.set_issuer(&[issuer]);
            rules.set_required_spec_claims(&["exp", "aud", "iss"]);
        }
        Ok(Self {
            keys,
            algorithm: algorithm(settings)?,
            rules,
            leeway: i64::try_from(settings.leeway.as_secs()).unwrap_or(i64::MAX / 2),
            remembered: Remembered::new(),
        })
    }

    pub(super) async fn validate(&self, text: &str) -> Result<Arc<Token>, Refused> {
        let key = match &self.keys {
            Keys::Secret(key) => Arc::clone(key),
            // A key that is not in the set any more is found no more, and neither is what it has signed.
            Keys::Set(set) => key_of(text, set).await?,
        };
        let name = Remembered::<KnownKey>::name(text);
        if let Some(token) = self.remembered.find(&name, &key) {
            return Ok(token);
        }
        let token = Arc::new(self.check(text, &key)?);
        // The other ones are good for one request.
        if token.scope == Scope::Execution {
            let end = token.seconds("exp").saturating_add(self.leeway);
            self.remembered.keep(name, &key, &token, end);
        }
        Ok(token)
    }

    fn check(&self, text: &str, key: &KnownKey) -> Result<Token, Refused> {
        let claims = self.claims(text, &key.key, key.algorithm)?;
        self.check_issued(&claims)?;
        let scope = Scope::of(&claims).ok_or_else(|| Refused("unknown scope".to_owned()))?;
        let id = claims.get("sub").and_then(Value::as_str);
        let id = id
            .and_then(|text| Uuid::parse_str(text).ok())
            .ok_or_else(|| Refused("the subject is no id".to_owned()))?;
        Ok(Token { id, scope, claims })
    }

    fn claims(
        &self,
        text: &str,
        key: &DecodingKey,
        guess: Algorithm,
    ) -> Result<Map<String, Value>, Refused> {
        let mut rules = self.rules.clone();
        rules.algorithms = vec![self.algorithm.unwrap_or(guess)];
        jsonwebtoken::decode(text, key, &rules)
            .map(|data| data.claims)
            .map_err(|error| Refused(error.to_string()))
    }

    /// `iat` must be there and must not be in the future, which the library does not check.
    fn check_issued(&self, claims: &Map<String, Value>) -> Result<(), Refused> {
        let issued = claims.get("iat").and_then(Value::as_f64);
        let issued = issued.ok_or_else(|| Refused("no time of issue".to_owned()))?;
        // Seconds of our time are exact in a float.
        let latest = Timestamp::now().as_second().saturating_add(self.leeway) as f64;
        if issued > latest {
            return Err(Refused("issued in the future".to_owned()));
        }
        Ok(())
    }

    pub(super) async fn problem(&self) -> Option<String> {
        match &self.keys {
            Keys::Secret(_) => None,
            Keys::Set(set) => set.problem().await,
        }
    }
}

async fn key_of(text: &str, set: &Jwks) -> Result<Arc<KnownKey>, Refused> {
    let header = jsonwebtoken::decode_header(text).map_err(|error| Refused(error.to_string()))?;
    let name = header
        .kid
        .ok_or_else(|| Refused("the header names no key".to_owned()))?;
    set.find(&name)
        .await
        .ok_or_else(|| Refused("the header names an unknown key".to_owned()))
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Validator")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
