//! `gs://BUCKET/PREFIX`.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey as Key};

use super::bucket;
use crate::digest::Tag;
use crate::http::Connector;
use crate::{Account, Location, OpenError, retries};

/// Without a connection the account is found as Google's own programs find it.
pub(super) fn open(
    location: &Location,
    account: Option<&Account>,
) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_http_connector(Connector(Tag::Opaque))
        .with_retry(retries())
        .with_bucket_name(bucket(location)?);
    if let Some(account) = account {
        if let Some(key) = account.extra("keyfile_dict") {
            builder = builder.with_config(Key::ServiceAccountKey, key);
        } else if let Some(path) = account.extra("key_path") {
            builder = builder.with_config(Key::ServiceAccount, path);
        }
    }
    Ok(Arc::new(builder.build()?))
}
