//! A URL of Airflow's object storage.

use std::fmt;

use crate::{Account, OpenError, Place, store};

/// A place in an object store, as Airflow writes it: `scheme://conn_id@bucket/prefix`.
///
/// Nothing is decoded or encoded: `%20` stands for three characters, and a space for itself, as for Airflow's own
/// `ObjectStoragePath`. It is displayed as Airflow displays it, and that text begins the references to objects below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    scheme: String,
    connection_id: Option<String>,
    bucket: String,
    path: String,
}

impl Location {
    /// Reads a URL, or the absolute path of a directory.
    ///
    /// # Errors
    /// [`OpenError::Location`] when it is neither.
    pub fn parse(text: &str) -> Result<Self, OpenError> {
        let text = text.trim();
        if text.starts_with('/') {
            return Ok(Self::new("", None, "", text));
        }
        let (scheme, rest) = text
            .split_once("://")
            .filter(|(scheme, _)| is_scheme(scheme))
            .ok_or_else(|| {
                OpenError::location(format_args!("is neither a path nor a URL: `{text}`"))
            })?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (connection, bucket) = match authority.rsplit_once('@') {
            // `CONTAINER@ACCOUNT.dfs.core.windows.net` is a URL of Azure's own. No bucket of Azure has a dot.
            Some((_, host)) if store::is_azure(scheme) && host.contains('.') => (None, authority),
            Some((id, bucket)) => (Some(id).filter(|id| !id.is_empty()), bucket),
            None => (None, authority),
        };
        Ok(Self::new(
            &scheme.to_ascii_lowercase(),
            connection,
            bucket,
            path,
        ))
    }

    fn new(scheme: &str, connection: Option<&str>, bucket: &str, path: &str) -> Self {
        Self {
            scheme: scheme.to_owned(),
            connection_id: connection.map(str::to_owned),
            bucket: bucket.to_owned(),
            path: path.trim_end_matches('/').to_owned(),
        }
    }

    /// The scheme; empty for a plain path.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The connection that is to be looked up before [`Location::open`]; none for a store that needs none.
    #[must_use]
    pub fn connection_id(&self) -> Option<&str> {
        let directory = matches!(self.scheme.as_str(), "" | "file" | "local");
        self.connection_id.as_deref().filter(|_| !directory)
    }

    /// The bucket or container; empty for a directory.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What is behind the bucket, without a slash at its end: empty or `/prefix`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Makes the store. Nothing is sent yet.
    ///
    /// Without an account it is found as the store's own programs find it, from environment variables and the machine's
    /// role, but not from their files.
    ///
    /// # Errors
    /// [`OpenError`]: when there is no store for the scheme, or the account is not one for it.
    pub fn open(&self, account: Option<&Account>) -> Result<Place, OpenError> {
        store::open(self, account)
    }
}

/// As Airflow displays it: without a slash at the end, but behind a bucket that is all.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}://", self.scheme)?;
        }
        if let Some(id) = &self.connection_id {
            write!(f, "{id}@")?;
        }
        let path = if self.path.is_empty() {
            "/"
        } else {
            &self.path
        };
        write!(f, "{}{path}", self.bucket)
    }
}

fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_displayed_as_airflow_displays_it() {
        // Each as `str(ObjectStoragePath(..))` of 3.3.2 gives it.
        for (text, shown) in [
            ("s3://my_conn@bucket/pre/fix", "s3://my_conn@bucket/pre/fix"),
            (
                "s3://my_conn@bucket/pre/fix/",
                "s3://my_conn@bucket/pre/fix",
            ),
            ("file:///tmp/x/", "file:///tmp/x"),
            ("file://c@/tmp/x", "file://c@/tmp/x"),
            ("s3://bucket", "s3://bucket/"),
            ("s3://c@bucket/", "s3://c@bucket/"),
            ("s3://bucket/a b/ü", "s3://bucket/a b/ü"),
            ("s3a://bucket/x", "s3a://bucket/x"),
            ("/tmp/plain", "/tmp/plain"),
        ] {
            assert_eq!(Location::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn the_connection_stands_before_the_bucket() {
        let location = Location::parse("gs://my conn@bucket/a@b/").unwrap();
        assert_eq!(location.connection_id(), Some("my conn"));
        assert_eq!((location.bucket(), location.path()), ("bucket", "/a@b"));
        assert_eq!(Location::parse("s3://@b/x").unwrap().connection_id(), None);
        assert_eq!(
            Location::parse("file://c@/tmp/x").unwrap().connection_id(),
            None
        );
        let azure = Location::parse("abfs://logs@acme.dfs.core.windows.net/a").unwrap();
        assert_eq!(azure.connection_id(), None);
        let azure = Location::parse("abfs://conn@logs/a").unwrap();
        assert_eq!(azure.connection_id(), Some("conn"));
    }

    #[test]
    fn what_is_no_location_is_said() {
        for text in ["", "logs", "://x", "a b://x", "1s://x"] {
            let error = Location::parse(text).unwrap_err().to_string();
            assert!(error.contains("neither a path nor a URL"), "{error}");
        }
    }
}
