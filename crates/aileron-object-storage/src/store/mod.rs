//! The store of a location.

#[cfg(feature = "aws")]
mod aws;
#[cfg(feature = "azure")]
mod azure;
#[cfg(feature = "aws")]
mod bucket;
#[cfg(feature = "gcp")]
mod gcp;
mod local;
#[cfg(feature = "http")]
mod webdav;

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;

use crate::{Account, Location, OpenError};

#[cfg(feature = "aws")]
pub use bucket::{Bucket, BucketAnswer, BucketError};

/// A store and a place in it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// The place: what the location names behind the bucket.
    pub path: Path,
}

impl Place {
    /// The object at this path below the place.
    ///
    /// # Errors
    /// [`OpenError::Location`] when no object can have that path: a part of it is empty, `.` or `..`.
    pub fn below(&self, path: &str) -> Result<Path, OpenError> {
        let whole = if self.path.as_ref().is_empty() {
            path.to_owned()
        } else {
            format!("{}/{path}", self.path)
        };
        Path::parse(whole).map_err(OpenError::location)
    }
}

/// Whether Azure has the scheme.
pub(crate) fn is_azure(scheme: &str) -> bool {
    matches!(
        scheme.to_ascii_lowercase().as_str(),
        "abfs" | "abfss" | "az" | "adl" | "wasb" | "wasbs"
    )
}

pub(crate) fn open(location: &Location, account: Option<&Account>) -> Result<Place, OpenError> {
    let store = match location.scheme() {
        "" | "file" | "local" => local::open(location)?,
        #[cfg(feature = "aws")]
        "s3" | "s3a" | "s3n" => aws::open(location, account)?,
        #[cfg(feature = "gcp")]
        "gs" | "gcs" => gcp::open(location, account)?,
        #[cfg(feature = "azure")]
        scheme if is_azure(scheme) => azure::open(location, account)?,
        #[cfg(feature = "http")]
        "http" | "https" => webdav::open(location)?,
        other => {
            let _ = account;
            return Err(OpenError::location(format_args!(
                "begins with {other}://, for which this program has no store"
            )));
        }
    };
    Ok(Place {
        store,
        path: Path::parse(location.path()).map_err(OpenError::location)?,
    })
}

/// The bucket, which a store in the cloud cannot be without.
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
fn bucket(location: &Location) -> Result<&str, OpenError> {
    Some(location.bucket())
        .filter(|bucket| !bucket.is_empty())
        .ok_or_else(|| OpenError::location(format_args!("names no bucket: `{location}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "dag/manual__2026-01-01T00:00:00+00:00/t/1";

    #[test]
    fn an_object_is_named_as_airflow_names_it() {
        for (text, prefix) in [
            ("s3://bucket", ""),
            ("s3://bucket/", ""),
            ("gs://bucket/a/b c/", "a/b c/"),
            ("abfs://bucket/ü/100%25/", "ü/100%25/"),
        ] {
            let account = Account::new(aileron_uri::ConnectionFields {
                login: Some("name".to_owned()),
                password: Some("a2V5".to_owned()),
                ..Default::default()
            });
            let account = account.unwrap();
            let place = Location::parse(text).unwrap().open(Some(&account)).unwrap();
            assert_eq!(place.below(RUN).unwrap().as_ref(), format!("{prefix}{RUN}"));
            assert!(place.below("a//b").is_err());
            assert!(place.below("../b").is_err());
        }
    }

    #[test]
    fn a_place_that_cannot_be_opened_is_named() {
        for (text, part) in [
            ("ftp://x/y", "ftp://"),
            ("cloudwatch://arn", "cloudwatch://"),
            ("s3:///prefix", "names no bucket"),
            ("s3://bucket//prefix", "prefix"),
        ] {
            let error = Location::parse(text).unwrap().open(None);
            let error = error.err().unwrap().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
