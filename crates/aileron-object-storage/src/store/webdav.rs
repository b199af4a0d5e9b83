//! WebDAV at a server.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::http::HttpBuilder;

use crate::digest::Tag;
use crate::http::Connector;
use crate::{Location, OpenError, retries};

pub(super) fn open(location: &Location) -> Result<Arc<dyn ObjectStore>, OpenError> {
    let server = format!("{}://{}", location.scheme(), location.bucket());
    let builder = HttpBuilder::new()
        .with_url(server)
        .with_retry(retries())
        .with_http_connector(Connector(Tag::Opaque));
    Ok(Arc::new(builder.build()?))
}
