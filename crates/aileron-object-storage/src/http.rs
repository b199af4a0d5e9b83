//! HTTP for object stores: with the roots that are part of this program, so that it works in an image without files.

use std::sync::Arc;
use std::time::Duration;

use object_store::ClientOptions;
use object_store::client::{HttpClient, HttpConnector};
use rustls::{ClientConfig, RootCertStore};

use crate::digest::{Tag, Telling};

/// Makes clients as `aileron-client` makes them, for a kind of store.
#[derive(Debug)]
pub(crate) struct Connector(pub(crate) Tag);

impl HttpConnector for Connector {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        let refused =
            |error: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic {
                store: "HTTP",
                source: error,
            };
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(error.into()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .http1_only()
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(30))
            .user_agent(concat!("aileron/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| refused(error.into()))?;
        Ok(HttpClient::new(Telling {
            client,
            tag: self.0,
        }))
    }
}
