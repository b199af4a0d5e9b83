//! The cryptography of `jsonwebtoken`, by `ring`.
//!
//! `ring` is in the program already, for TLS. The ready-made providers would bring a second library
//! for the same, or one whose RSA leaks time.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::rand::SystemRandom;
use ring::signature::{self as ring_signature, RsaKeyPair, UnparsedPublicKey};
use ring::{hmac, signature::Ed25519KeyPair};
use signature::{Error as SignatureError, Signer, Verifier};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(RingSigner::new(*algorithm, key)?)),
    verifier_factory: |algorithm, key| Ok(Box::new(RingVerifier::new(*algorithm, key)?)),
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes `jsonwebtoken` use `ring`. Another provider that was installed before stays.
pub(super) fn install() {
    // An error means that there is one already.
    let _ = PROVIDER.install_default();
}

fn hmac_of(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::HS256 => Some(hmac::HMAC_SHA256),
        Algorithm::HS384 => Some(hmac::HMAC_SHA384),
        Algorithm::HS512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

fn rsa_encoding(algorithm: Algorithm) -> Option<&'static dyn ring_signature::RsaEncoding> {
    match algorithm {
        Algorithm::RS256 => Some(&ring_signature::RSA_PKCS1_SHA256),
        Algorithm::RS384 => Some(&ring_signature::RSA_PKCS1_SHA384),
        Algorithm::RS512 => Some(&ring_signature::RSA_PKCS1_SHA512),
        Algorithm::PS256 => Some(&ring_signature::RSA_PSS_SHA256),
        Algorithm::PS384 => Some(&ring_signature::RSA_PSS_SHA384),
        Algorithm::PS512 => Some(&ring_signature::RSA_PSS_SHA512),
        _ => None,
    }
}

fn rsa_parameters(algorithm: Algorithm) -> Option<&'static ring_signature::RsaParameters> {
    match algorithm {
        Algorithm::RS256 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Some(&ring_signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Some(&ring_signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Some(&ring_signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Some(&ring_signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

/// The algorithms whose public key is one run of bytes.
fn flat(algorithm: Algorithm) -> Option<&'static dyn ring_signature::VerificationAlgorithm> {
    match algorithm {
        Algorithm::ES256 => Some(&ring_signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Some(&ring_signature::ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Some(&ring_signature::ED25519),
        _ => None,
    }
}

enum SigningKey {
    Hmac(hmac::Key),
    Rsa(&'static dyn ring_signature::RsaEncoding, Box<RsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

struct RingSigner {
    algorithm: Algorithm,
    key: SigningKey,
}

impl RingSigner {
    fn new(algorithm: Algorithm, key: &EncodingKey) -> Result<Self, Error> {
        let bytes = key.as_bytes();
        let signing = match key.family() {
            AlgorithmFamily::Hmac => {
                hmac_of(algorithm).map(|kind| SigningKey::Hmac(hmac::Key::new(kind, bytes)))
            }
            AlgorithmFamily::Rsa => {
                let pair = RsaKeyPair::from_der(bytes)
                    .map_err(|error| ErrorKind::InvalidRsaKey(error.to_string()))?;
                rsa_encoding(algorithm).map(|encoding| SigningKey::Rsa(encoding, Box::new(pair)))
            }
            AlgorithmFamily::Ed if algorithm == Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(bytes)
                    .map_err(|_| ErrorKind::InvalidEddsaKey)?;
                Some(SigningKey::Ed25519(Box::new(pair)))
            }
            _ => None,
        };
        let key = signing.ok_or(ErrorKind::InvalidAlgorithm)?;
        Ok(Self { algorithm, key })
    }
}

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        match &self.key {
            SigningKey::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            SigningKey::Rsa(encoding, pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| SignatureError::new())?;
                Ok(signature)
            }
            SigningKey::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

enum CheckingKey {
    Hmac(hmac::Key),
    RsaParts {
        parameters: &'static ring_signature::RsaParameters,
        n: Vec<u8>,
        e: Vec<u8>,
    },
    Bytes(UnparsedPublicKey<Vec<u8>>),
}

struct RingVerifier {
    algorithm: Algorithm,
    key: CheckingKey,
}

impl RingVerifier {
    fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self, Error> {
        let checking = match (key.family(), key.kind()) {
            (AlgorithmFamily::Hmac, DecodingKeyKind::SecretOrDer(bytes)) => {
                hmac_of(algorithm).map(|kind| CheckingKey::Hmac(hmac::Key::new(kind, bytes)))
            }
            (AlgorithmFamily::Rsa, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                rsa_parameters(algorithm).map(|parameters| CheckingKey::RsaParts {
                    parameters,
                    n: n.clone(),
                    e: e.clone(),
                })
            }
            (AlgorithmFamily::Rsa, DecodingKeyKind::SecretOrDer(bytes)) => {
                rsa_parameters(algorithm).map(|parameters| {
                    CheckingKey::Bytes(UnparsedPublicKey::new(parameters, bytes.clone()))
                })
            }
            (_, DecodingKeyKind::SecretOrDer(bytes)) => flat(algorithm)
                .map(|kind| CheckingKey::Bytes(UnparsedPublicKey::new(kind, bytes.clone()))),
            _ => None,
        };
        let key = checking.ok_or(ErrorKind::InvalidAlgorithm)?;
        Ok(Self { algorithm, key })
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let verified = match &self.key {
            // `ring` compares in constant time.
            CheckingKey::Hmac(key) => hmac::verify(key, message, signature),
            CheckingKey::RsaParts { parameters, n, e } => {
                let key = ring_signature::RsaPublicKeyComponents { n, e };
                key.verify(parameters, message, signature)
            }
            CheckingKey::Bytes(key) => key.verify(message, signature),
        };
        verified.map_err(|_| SignatureError::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
