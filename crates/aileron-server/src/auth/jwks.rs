//! Public keys at a URL or in a file.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey};
use tokio::sync::{Mutex, RwLock};
use tokio::time::Instant;

/// How old a key set may become before it is fetched again.
const REFRESH: Duration = Duration::from_secs(3600);
/// How long to wait after an attempt that failed.
const RETRY: Duration = Duration::from_secs(10);
/// How long one attempt may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A public key, and the algorithm that belongs to it.
pub(super) struct KnownKey {
    pub(super) key: DecodingKey,
    pub(super) algorithm: Algorithm,
}

/// A set of public keys, fetched when it is first needed.
pub(super) struct Jwks {
    place: Place,
    keys: RwLock<Option<Arc<KeySet>>>,
    /// One fetch at a time.
    fetch: Mutex<Option<Instant>>,
}

type Keys = HashMap<String, Arc<KnownKey>>;

struct KeySet {
    keys: Keys,
    fetched: Instant,
}

enum Place {
    Fixed,
    File(String),
    Url(String),
}

impl Jwks {
    /// The keys of a URL, or of a file where it is none.
    pub(super) fn at(url: &str) -> Self {
        let place = if url.starts_with("http") {
            Place::Url(url.to_owned())
        } else {
            Place::File(url.to_owned())
        };
        Self {
            place,
            keys: RwLock::default(),
            fetch: Mutex::default(),
        }
    }

    /// One key.
    pub(super) fn of(name: String, key: KnownKey) -> Self {
        let set = KeySet {
            keys: HashMap::from([(name, Arc::new(key))]),
            fetched: Instant::now(),
        };
        Self {
            place: Place::Fixed,
            keys: RwLock::new(Some(Arc::new(set))),
            fetch: Mutex::default(),
        }
    }

    pub(super) async fn find(&self, name: &str) -> Option<Arc<KnownKey>> {
        self.current().await?.keys.get(name).cloned()
    }

    pub(super) async fn problem(&self) -> Option<String> {
        match self.current().await {
            Some(_) => None,
            None => {
                Some("the trusted keys of [api_auth] trusted_jwks_url cannot be read".to_owned())
            }
        }
    }

    /// The keys as they are now. Old keys are better than none: they stay while fetching fails.
    async fn current(&self) -> Option<Arc<KeySet>> {
        let held = self.keys.read().await.clone();
        match held {
            Some(set) if !self.is_old(&set) => Some(set),
            // A box, for it is much and seldom done.
            held => Box::pin(self.fetch(held)).await,
        }
    }

    fn is_old(&self, set: &KeySet) -> bool {
        matches!(self.place, Place::Url(_)) && set.fetched.elapsed() > REFRESH
    }

    async fn fetch(&self, held: Option<Arc<KeySet>>) -> Option<Arc<KeySet>> {
        let mut last = self.fetch.lock().await;
        // Somebody else may have fetched while this waited.
        if let Some(set) = self.keys.read().await.clone()
            && !self.is_old(&set)
        {
            return Some(set);
        }
        if last.is_some_and(|attempt| attempt.elapsed() < RETRY) {
            return held;
        }
        *last = Some(Instant::now());
        match self.read().await {
            Ok(keys) => {
                let set = Arc::new(KeySet {
                    keys,
                    fetched: Instant::now(),
                });
                *self.keys.write().await = Some(set.clone());
                Some(set)
            }
            Err(reason) => {
                tracing::error!(reason, "the trusted keys cannot be read");
                held
            }
        }
    }

    async fn read(&self) -> Result<Keys, String> {
        let text = match &self.place {
            Place::Fixed => return Err("there is nowhere to read them".to_owned()),
            Place::File(path) => std::fs::read(path).map_err(|error| format!("{path}: {error}"))?,
            Place::Url(url) => get(url)
                .await
                .map_err(|error| error.without_url().to_string())?,
        };
        let set: JwkSet = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
        Ok(set.keys.iter().filter_map(known).collect())
    }
}

async fn get(url: &str) -> Result<Vec<u8>, reqwest::Error> {
    crate::upstream::install_tls();
    let client = reqwest::Client::builder().timeout(TIMEOUT).build()?;
    let answer = client.get(url).send().await?.error_for_status()?;
    Ok(answer.bytes().await?.to_vec())
}

/// A key with a name and an algorithm that can be checked here.
fn known(jwk: &Jwk) -> Option<(String, Arc<KnownKey>)> {
    let name = jwk.common.key_id.clone()?;
    let algorithm = match jwk.common.key_algorithm {
        Some(algorithm) => algorithm.to_string().parse().ok()?,
        None => guess(&jwk.algorithm)?,
    };
    let key = DecodingKey::from_jwk(jwk).ok()?;
    Some((name, Arc::new(KnownKey { key, algorithm })))
}

fn guess(parameters: &AlgorithmParameters) -> Option<Algorithm> {
    match parameters {
        AlgorithmParameters::RSA(_) => Some(Algorithm::RS256),
        AlgorithmParameters::OctetKey(_) => Some(Algorithm::HS256),
        AlgorithmParameters::OctetKeyPair(_) => Some(Algorithm::EdDSA),
        AlgorithmParameters::EllipticCurve(curve) => match curve.curve {
            EllipticCurve::P256 => Some(Algorithm::ES256),
            EllipticCurve::P384 => Some(Algorithm::ES384),
            _ => None,
        },
        _ => None,
    }
}
