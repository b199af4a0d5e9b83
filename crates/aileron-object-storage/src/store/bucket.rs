//! Requests about a bucket of S3, and not about an object in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use object_store::ClientOptions;
use object_store::aws::{AmazonS3ConfigKey as Key, AwsAuthorizer, AwsCredentialProvider};
use object_store::client::{HttpClient, HttpConnector as _, HttpRequest};
use reqwest::Method;

use super::{aws, bucket};
use crate::digest::Tag;
use crate::http::Connector;
use crate::{Account, Location, OpenError};

/// The region of a bucket of which nobody says one, as for AWS's own programs.
const REGION: &str = "us-east-1";

/// A bucket of S3, or of what speaks its protocol.
#[derive(Debug)]
pub struct Bucket {
    url: String,
    region: String,
    credentials: AwsCredentialProvider,
    client: HttpClient,
}

/// What the store answers.
#[derive(Debug, Clone)]
pub struct BucketAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The headers that were asked for, as far as they are there.
    pub headers: Vec<(&'static str, String)>,
    /// The body, an XML document.
    pub body: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// The account.
    #[error("the credentials cannot be used: {0}")]
    Credentials(#[source] object_store::Error),
    /// The request cannot be made.
    #[error("no request can be made to {url}: {problem}")]
    Request {
        /// The URL of the bucket.
        url: String,
        /// What is wrong.
        problem: String,
    },
    /// Nobody answers.
    #[error("{url} does not answer: {source}")]
    Away {
        /// The URL of the bucket.
        url: String,
        /// Why.
        source: object_store::client::HttpError,
    },
}

impl Location {
    /// The bucket, for requests about itself. Nothing is sent yet.
    ///
    /// # Errors
    /// [`OpenError`]: when it is none of S3, or the account is not one for it.
    pub fn open_bucket(&self, account: Option<&Account>) -> Result<Bucket, OpenError> {
        if !matches!(self.scheme(), "s3" | "s3a" | "s3n") {
            return Err(OpenError::location(format_args!(
                "begins with {}://, and is no bucket of S3",
                self.scheme()
            )));
        }
        let builder = aws::builder(self, account)?;
        let region = builder.get_config_value(&Key::Region);
        let region = region.unwrap_or_else(|| REGION.to_owned());
        let own_name = builder
            .get_config_value(&Key::VirtualHostedStyleRequest)
            .is_some_and(|value| value == "true");
        let url = match builder.get_config_value(&Key::Endpoint) {
            // The endpoint names the bucket then.
            Some(endpoint) if own_name => endpoint.trim_end_matches('/').to_owned(),
            Some(endpoint) => format!("{}/{}", endpoint.trim_end_matches('/'), bucket(self)?),
            None => format!("https://s3.{region}.amazonaws.com/{}", bucket(self)?),
        };
        let client = Connector(Tag::Opaque).connect(&ClientOptions::new())?;
        Ok(Bucket {
            url,
            region,
            credentials: builder.build()?.credentials().clone(),
            client,
        })
    }
}

impl Bucket {
    /// Asks for a part of the bucket's own settings, `lifecycle` for instance, and for these headers of the answer.
    ///
    /// # Errors
    /// [`BucketError`]. An answer with any status is none.
    pub async fn get(
        &self,
        setting: &str,
        headers: &[&'static str],
    ) -> Result<BucketAnswer, BucketError> {
        self.send(Method::GET, setting, &[], String::new(), headers)
            .await
    }

    /// Replaces a part of the bucket's own settings.
    ///
    /// # Errors
    /// [`BucketError`]. An answer with any status is none.
    pub async fn put(
        &self,
        setting: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<BucketAnswer, BucketError> {
        self.send(Method::PUT, setting, headers, body, &[]).await
    }

    async fn send(
        &self,
        method: Method,
        setting: &str,
        headers: &[(&'static str, String)],
        body: String,
        asked: &[&'static str],
    ) -> Result<BucketAnswer, BucketError> {
        let refused = |problem: String| BucketError::Request {
            url: self.url.clone(),
            problem,
        };
        // S3 wants a digest of settings.
        let digest = STANDARD.encode(Md5::digest(&body));
        let has_body = !body.is_empty();
        let mut request = HttpRequest::new(body.into());
        *request.method_mut() = method;
        *request.uri_mut() = format!("{}?{setting}", self.url)
            .parse()
            .map_err(|_| refused("its URL is none".to_owned()))?;
        let mut all: Vec<(&'static str, String)> = headers.to_vec();
        if has_body {
            all.push(("content-md5", digest));
        }
        for (name, value) in all {
            let value = value.parse();
            let value = value.map_err(|_| refused(format!("its header {name} is none")))?;
            request.headers_mut().insert(name, value);
        }
        let credential = self
            .credentials
            .get_credential()
            .await
            .map_err(BucketError::Credentials)?;
        AwsAuthorizer::new(&credential, "s3", &self.region)
            .try_authorize(&mut request, None)
            .map_err(BucketError::Credentials)?;
        let away = |source| BucketError::Away {
            url: self.url.clone(),
            source,
        };
        let answer = self.client.execute(request).await.map_err(away)?;
        let (parts, body) = answer.into_parts();
        let found = asked.iter().filter_map(|name| {
            let value = parts.headers.get(*name)?.to_str().ok()?;
            Some((*name, value.to_owned()))
        });
        let headers = found.collect();
        let body = body.bytes().await.map_err(away)?;
        Ok(BucketAnswer {
            status: parts.status.as_u16(),
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }
}
