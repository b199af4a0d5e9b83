//! Which object store, and which object in it.
//!
//! Airflow names a place in an object store by a URL, `s3://CONN_ID@BUCKET/PREFIX`: the scheme says which kind of store, and the
//! connection who may use it and where it is. [`Location`] reads the URL as Airflow's `ObjectStoragePath` does (3.3.2,
//! `airflow/sdk/io/path.py`), [`Account`] what a connection says, and [`Location::open`] makes the store.
//!
//! | Scheme | Store | Connection |
//! |---|---|---|
//! | `file` | a directory; a path without a scheme is one, too | none |
//! | `s3`, `s3a`, `s3n` | S3 and what speaks its protocol | `aws` |
//! | `gs`, `gcs` | Google Cloud Storage | `google_cloud_platform` |
//! | `abfs`, `abfss`, `az`, `adl`, `wasb` | Azure Blob Storage | `wasb`, `adls` |
//! | `http`, `https` | WebDAV | none |
//!
//! Requests that fail on the way are tried again with growing pauses ([`retries`]), connections time out, and a server is known by
//! the certificates that are part of this program: there is no OpenSSL and no file that must be there.
//!
//! ```
//! use aileron_object_storage::{Account, Location};
//! use aileron_uri::ConnectionFields;
//!
//! let location = Location::parse("s3://minio@xcoms/prod")?;
//! let account = match location.connection_id() {
//!     None => None,
//!     // Look it up wherever connections come from: the supervisor, the API server, an environment variable.
//!     Some("minio") => Some(Account::new(ConnectionFields::from_text(
//!         "aws://key:secret@/?region_name=eu-west-1&endpoint_url=http%3A%2F%2F127.0.0.1%3A9000",
//!     )?)?),
//!     Some(other) => panic!("no connection {other}"),
//! };
//! let place = location.open(account.as_ref())?;
//! assert_eq!(place.path.as_ref(), "prod");
//! assert_eq!(place.below("orders/run/task/7")?.as_ref(), "prod/orders/run/task/7");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod account;
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp", feature = "http"))]
mod digest;
mod error;
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp", feature = "http"))]
mod http;
mod incoming;
mod location;
mod read;
mod retry;
mod store;

pub use account::Account;
pub use error::OpenError;
pub use incoming::{Chunks, Incoming};
pub use location::Location;
pub use read::ReadError;
pub use retry::retries;
pub use store::Place;
#[cfg(feature = "aws")]
pub use store::{Bucket, BucketAnswer, BucketError};

/// The crate that the stores come from.
pub use object_store;
