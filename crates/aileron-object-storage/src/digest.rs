//! What a store says about the content of an object.
//!
//! Stores send the MD5 of an object along with it, under different names. Whoever reads the object compares.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use object_store::client::{HttpError, HttpRequest, HttpResponse, HttpService};
use reqwest::header::{ETAG, HeaderMap};
use reqwest::{Client, Method, StatusCode};

/// The MD5 of a whole object, as its store says it. Among the extensions of a `GetResult`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentMd5(pub(crate) [u8; 16]);

/// What the `ETag` of a store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    /// The MD5 of the content, but for what is encrypted or was uploaded in parts: S3.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only S3 has it"))]
    Md5,
    /// Nothing that says something about the content.
    #[cfg_attr(
        not(any(feature = "azure", feature = "gcp", feature = "http")),
        expect(dead_code, reason = "all but S3 have it")
    )]
    Opaque,
}

/// A client that notes what the store says about the content.
#[derive(Debug)]
pub(crate) struct Telling {
    pub(crate) client: Client,
    pub(crate) tag: Tag,
}

#[async_trait]
impl HttpService for Telling {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let get = request.method() == Method::GET;
        let mut response = HttpService::call(&self.client, request).await?;
        // A part of an object comes with the MD5 of the whole.
        if get
            && response.status() == StatusCode::OK
            && let Some(md5) = content_md5(response.headers(), self.tag)
        {
            response.extensions_mut().insert(ContentMd5(md5));
        }
        Ok(response)
    }
}

/// `Content-MD5` (Azure, RFC 1864), `x-goog-hash` (Google), or the `ETag` of S3 where that is the MD5.
fn content_md5(headers: &HeaderMap, tag: Tag) -> Option<[u8; 16]> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let base64 = |text: &str| STANDARD.decode(text.trim()).ok()?.try_into().ok();
    if let Some(md5) = text("content-md5") {
        return base64(md5);
    }
    let google = headers.get_all("x-goog-hash").into_iter();
    let google = google.filter_map(|value| value.to_str().ok());
    let mut google = google.flat_map(|value| value.split(','));
    if let Some(md5) = google.find_map(|hash| hash.trim().strip_prefix("md5=")) {
        return base64(md5);
    }
    if tag == Tag::Opaque || is_encrypted(headers) {
        return None;
    }
    // That of an object in parts has their number behind a dash, and is no MD5.
    let tag = headers.get(ETAG)?.to_str().ok()?.trim_matches('"');
    hex::decode(tag).ok()?.try_into().ok()
}

/// Whether S3's tag is that of the encrypted content: with keys of KMS or of the customer.
fn is_encrypted(headers: &HeaderMap) -> bool {
    let with = headers.get("x-amz-server-side-encryption");
    with.is_some_and(|with| with != "AES256")
        || headers.contains_key("x-amz-server-side-encryption-customer-algorithm")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn md5(tag: Tag, pairs: &[(&'static str, &str)]) -> Option<[u8; 16]> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a header"));
        }
        content_md5(&headers, tag)
    }

    const HEX: &str = "\"00000000000000000000000000000001\"";
    const BASE64: &str = "AAAAAAAAAAAAAAAAAAAAAQ==";

    #[test]
    fn the_md5_is_found_under_the_name_of_each_store() {
        let one = 1_u128.to_be_bytes();
        assert_eq!(md5(Tag::Opaque, &[("content-md5", BASE64)]), Some(one));
        let google = format!("md5={BASE64}");
        let google = [
            ("x-goog-hash", "crc32c=n03x6A=="),
            ("x-goog-hash", &*google),
        ];
        assert_eq!(md5(Tag::Opaque, &google), Some(one));
        assert_eq!(md5(Tag::Md5, &[("etag", HEX)]), Some(one));
    }

    #[test]
    fn a_tag_that_is_no_md5_is_not_taken_for_one() {
        let of = |tag: &str, more: (&'static str, &str)| md5(Tag::Md5, &[("etag", tag), more]);
        let parts = "\"00000000000000000000000000000001-2\"";
        assert_eq!(of(parts, ("a", "b")), None);
        assert_eq!(of("\"abc\"", ("a", "b")), None);
        assert_eq!(of(HEX, ("x-amz-server-side-encryption", "aws:kms")), None);
        assert!(of(HEX, ("x-amz-server-side-encryption", "AES256")).is_some());
        let customer = "x-amz-server-side-encryption-customer-algorithm";
        assert_eq!(of(HEX, (customer, "AES256")), None);
        assert_eq!(md5(Tag::Opaque, &[("etag", HEX)]), None);
    }
}
