//! The rule that lets offloaded XComs expire.

use std::fmt::Write as _;

use quick_xml::escape::escape;

/// Multipart uploads that nobody finished are given up after this many days.
const UNFINISHED_UPLOAD_DAYS: u32 = 7;

/// The name of an identifier has at most so many characters (S3's API reference, `LifecycleRule`).
const LONGEST_ID: usize = 255;

/// Lets the objects below a prefix expire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiryRule {
    /// The beginning of the keys, with a slash at its end; empty for the whole bucket.
    pub prefix: String,
    /// The days after which an object is deleted, counted from its last write.
    pub days: u32,
}

impl ExpiryRule {
    /// The name of the rule: one for each prefix, so that several Airflows can share a bucket.
    #[must_use]
    pub fn id(&self) -> String {
        let mut id = format!("aileron-xcom-expiry {}", self.prefix);
        while id.len() > LONGEST_ID {
            id.pop();
        }
        id.trim_end().to_owned()
    }

    /// As XML of S3. A bucket whose other rules have `<Prefix>` instead of `<Filter>` takes no other form.
    pub(super) fn xml(&self, with_filter: bool) -> String {
        let prefix = format!("<Prefix>{}</Prefix>", escape(&self.prefix));
        let place = match with_filter {
            true => format!("<Filter>{prefix}</Filter>"),
            false => prefix,
        };
        let mut xml = String::new();
        // Writing to a string cannot fail.
        let _ = write!(
            xml,
            "<Rule><ID>{}</ID>{place}<Status>Enabled</Status><Expiration><Days>{}</Days></Expiration>\
             <AbortIncompleteMultipartUpload><DaysAfterInitiation>{UNFINISHED_UPLOAD_DAYS}</DaysAfterInitiation>\
             </AbortIncompleteMultipartUpload></Rule>",
            escape(self.id()),
            self.days,
        );
        xml
    }

    /// As the lifecycle file of a bucket of Google Cloud Storage.
    #[must_use]
    pub fn google(&self) -> serde_json::Value {
        let mut condition = serde_json::json!({"age": self.days});
        if !self.prefix.is_empty() {
            condition["matchesPrefix"] = serde_json::json!([self.prefix]);
        }
        serde_json::json!({"rule": [{"action": {"type": "Delete"}, "condition": condition}]})
    }

    /// As the management policy of a storage account of Azure, for a container.
    #[must_use]
    pub fn azure(&self, container: &str) -> serde_json::Value {
        serde_json::json!({"rules": [{
            "enabled": true,
            "name": "aileron-xcom-expiry",
            "type": "Lifecycle",
            "definition": {
                "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": self.days}}},
                "filters": {"blobTypes": ["blockBlob"], "prefixMatch": [format!("{container}/{}", self.prefix)]},
            },
        }]})
    }
}
