//! Whom to trust, and who this host is.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use aileron_config::Config;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::ClientError;

/// Whom to trust, and who this host is, where the server's URL says `https`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// Certificates (PEM) that are trusted as issuers (`[api] ssl_ca_file`).
    pub ca_file: Option<PathBuf>,
    /// The certificate of the server itself (PEM), which is trusted (`[api] ssl_cert`). It may be self-signed.
    pub server_certificate: Option<PathBuf>,
    /// Whether the public roots, which are part of this crate, are trusted too (`[api] client_use_public_certs`).
    pub public_roots: bool,
    /// The certificate and the key (PEM) with which this host proves who it is (`[api] client_ssl_cert`, `client_ssl_key`).
    pub client: Option<(PathBuf, PathBuf)>,
}

/// The public roots and nothing else.
impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            ca_file: None,
            server_certificate: None,
            public_roots: true,
            client: None,
        }
    }
}

impl TlsSettings {
    /// What `[api]` says: the options that are named above.
    ///
    /// # Errors
    /// When the configuration cannot be read, or an option makes no sense.
    pub fn from_config(config: &Config) -> Result<Self, ClientError> {
        let path = |key| -> Result<Option<PathBuf>, ClientError> {
            let text = config.get("api", key)?;
            Ok(text.filter(|text| !text.is_empty()).map(PathBuf::from))
        };
        let client = match (path("client_ssl_cert")?, path("client_ssl_key")?) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (certificate, _) => {
                let (key, other) = match certificate {
                    Some(_) => ("client_ssl_key", "client_ssl_cert"),
                    None => ("client_ssl_cert", "client_ssl_key"),
                };
                return Err(ClientError::Option {
                    section: "api",
                    key,
                    reason: format!("it is needed, as {other} is set"),
                });
            }
        };
        Ok(Self {
            ca_file: path("ssl_ca_file")?,
            server_certificate: path("ssl_cert")?,
            public_roots: config
                .boolean("api", "client_use_public_certs")?
                .unwrap_or(true),
            client,
        })
    }

    /// The settings of TLS for other clients of the same server; `used` says whether a connection will need them.
    ///
    /// # Errors
    /// When a file cannot be used.
    pub fn client_config(&self, used: bool) -> Result<ClientConfig, ClientError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|error| ClientError::Http(error.to_string()))?;
        if !used {
            // Nothing is read and nobody is trusted, which costs nothing.
            return Ok(builder
                .with_root_certificates(RootCertStore::empty())
                .with_no_client_auth());
        }
        let own = match &self.server_certificate {
            None => Vec::new(),
            Some(path) => certificates("ssl_cert", path)?,
        };
        let roots = Arc::new(self.roots(&own)?);
        let issuers = WebPkiServerVerifier::builder_with_provider(roots, provider)
            .build()
            .map_err(|error| ClientError::Http(error.to_string()))?;
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier { issuers, own }));
        match &self.client {
            None => Ok(builder.with_no_client_auth()),
            Some((certificate, key)) => {
                let chain = certificates("client_ssl_cert", certificate)?;
                let secret = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| refused("client_ssl_key", key, error))?;
                builder
                    .with_client_auth_cert(chain, secret)
                    .map_err(|error| refused("client_ssl_cert", certificate, error))
            }
        }
    }

    fn roots(&self, own: &[CertificateDer<'static>]) -> Result<RootCertStore, ClientError> {
        let mut roots = RootCertStore::empty();
        if self.public_roots {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        if let Some(path) = &self.ca_file {
            for certificate in certificates("ssl_ca_file", path)? {
                roots
                    .add(certificate)
                    .map_err(|error| refused("ssl_ca_file", path, error))?;
            }
        }
        if let Some(path) = &self.server_certificate {
            for certificate in own {
                roots
                    .add(certificate.clone())
                    .map_err(|error| refused("ssl_cert", path, error))?;
            }
        }
        if roots.is_empty() {
            return Err(ClientError::Option {
                section: "api",
                key: "ssl_ca_file",
                reason:
                    "it is needed for https, as client_use_public_certs is off: nobody is trusted"
                        .to_owned(),
            });
        }
        Ok(roots)
    }
}

fn certificates(
    key: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| refused(key, path, error))?;
    if certificates.is_empty() {
        return Err(refused(key, path, "it holds no PEM certificate"));
    }
    Ok(certificates)
}

fn refused(key: &'static str, path: &Path, reason: impl ToString) -> ClientError {
    ClientError::Certificate {
        key,
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

/// Trusts the issuers, and the server's own certificate.
///
/// A self-signed certificate usually says that it may issue others. Python takes such a one as a server's, webpki does not: so
/// that one refusal, which comes after the dates were found good, is lifted for exactly the certificates of `[api] ssl_cert`.
#[derive(Debug)]
struct Verifier {
    issuers: Arc<WebPkiServerVerifier>,
    own: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.issuers.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            Err(error) if is_issuer(&error) && self.own.iter().any(|own| own == end_entity) => {
                let certificate = ParsedCertificate::try_from(end_entity)?;
                rustls::client::verify_server_name(&certificate, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issuers.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.issuers.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.issuers.supported_verify_schemes()
    }
}

/// Whether the certificate was refused because it may issue others.
fn is_issuer(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else {
        return false;
    };
    matches!(
        other.0.downcast_ref(),
        Some(webpki::Error::CaUsedAsEndEntity)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)]) -> Config {
        Config::with_environment(variables.iter().copied())
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        for variable in [
            "AIRFLOW__API__CLIENT_SSL_CERT",
            "AIRFLOW__API__CLIENT_SSL_KEY",
        ] {
            let error = TlsSettings::from_config(&config(&[(variable, "/x")])).unwrap_err();
            assert!(error.to_string().contains("it is needed"), "{error}");
        }
    }

    #[test]
    fn files_are_only_read_where_the_url_says_https() {
        let settings =
            TlsSettings::from_config(&config(&[("AIRFLOW__API__SSL_CA_FILE", "/nowhere.pem")]))
                .unwrap();
        assert!(settings.client_config(false).is_ok());
        let error = settings.client_config(true).unwrap_err().to_string();
        assert!(
            error.contains("ssl_ca_file") && error.contains("/nowhere.pem"),
            "{error}"
        );
    }

    #[test]
    fn trusting_nobody_is_an_error_at_once() {
        let settings = TlsSettings::from_config(&config(&[(
            "AIRFLOW__API__CLIENT_USE_PUBLIC_CERTS",
            "False",
        )]))
        .unwrap();
        let error = settings.client_config(true).unwrap_err().to_string();
        assert!(error.contains("nobody is trusted"), "{error}");
    }
}
