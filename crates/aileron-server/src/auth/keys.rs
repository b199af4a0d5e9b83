//! The private key of a file.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::rsa::PublicKeyComponents;
use ring::signature::{Ed25519KeyPair, KeyPair, RsaKeyPair};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::AuthError;

/// A private key, and the public one that belongs to it.
pub(super) struct PrivateKey {
    pub(super) signing: EncodingKey,
    pub(super) checking: DecodingKey,
    pub(super) algorithm: Algorithm,
    /// The digest of the public key as a JWK, by which tokens name it.
    pub(super) thumbprint: String,
}

impl PrivateKey {
    pub(super) fn read(path: &Path) -> Result<Self, AuthError> {
        let refused = |reason: String| AuthError::KeyFile {
            key: "jwt_private_key_path",
            path: path.to_owned(),
            reason,
        };
        let pem = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        if let Ok(key) = EncodingKey::from_rsa_pem(&pem) {
            return rsa(key).map_err(refused);
        }
        let key = EncodingKey::from_ed_pem(&pem)
            .map_err(|_| refused("it holds no RSA or Ed25519 private key in PEM".to_owned()))?;
        ed25519(key).map_err(refused)
    }
}

fn rsa(signing: EncodingKey) -> Result<PrivateKey, String> {
    let pair = RsaKeyPair::from_der(signing.as_bytes()).map_err(|error| error.to_string())?;
    let public: PublicKeyComponents<Vec<u8>> = pair.public().into();
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    // The keys are in alphabetical order, as the digest needs them.
    let jwk = json!({
        "e": encoded(&public.e), "key_ops": ["verify"], "kty": "RSA", "n": encoded(&public.n),
    });
    Ok(PrivateKey {
        checking: DecodingKey::from_rsa_raw_components(&public.n, &public.e),
        signing,
        algorithm: Algorithm::RS256,
        thumbprint: digest(&jwk.to_string()),
    })
}

fn ed25519(signing: EncodingKey) -> Result<PrivateKey, String> {
    let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(signing.as_bytes())
        .map_err(|error| error.to_string())?;
    let public = pair.public_key().as_ref();
    let jwk = json!({"crv": "Ed25519", "kty": "OKP", "x": URL_SAFE_NO_PAD.encode(public)});
    Ok(PrivateKey {
        checking: DecodingKey::from_ed_der(public),
        signing,
        algorithm: Algorithm::EdDSA,
        thumbprint: digest(&jwk.to_string()),
    })
}

fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}
