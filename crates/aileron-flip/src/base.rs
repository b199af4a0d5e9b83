//! The place below which offloaded XComs lie.

use aileron_object_storage::Location;
use aileron_xcom::storage::ObjectStorage;
use object_store::ObjectStore;
use object_store::path::Path;

/// What references to objects below a base path look like.
///
/// The connection in a reference does not matter: it is the one that was configured when it was written.
#[derive(Debug, Clone)]
pub struct BaseName {
    /// As new references begin, with a slash at its end.
    shown: String,
    scheme: String,
    /// Bucket and path, with a slash at its end: the part that every reference has.
    tail: String,
}

impl BaseName {
    /// The name of `[common.io] xcom_objectstorage_path`.
    #[must_use]
    pub fn of(location: &Location) -> Self {
        Self {
            shown: format!("{}/", location.to_string().trim_end_matches('/')),
            scheme: location.scheme().to_owned(),
            tail: format!("{}{}/", location.bucket(), location.path()),
        }
    }

    /// As new references begin, with a slash at its end.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The part that every reference has: bucket and path, with a slash at its end.
    #[must_use]
    pub fn tail(&self) -> &str {
        &self.tail
    }

    /// What stands behind the base in a reference; `None` for what is no reference below it.
    #[must_use]
    pub fn below<'a>(&self, reference: &'a str) -> Option<&'a str> {
        let rest = reference.strip_prefix(&self.scheme)?.strip_prefix("://")?;
        let rest = match rest.split_once('@') {
            Some((connection, place)) if !connection.contains('/') => place,
            _ => rest,
        };
        rest.strip_prefix(&self.tail)
    }

    /// What stands behind the base in the JSON text of an XCom that is one reference.
    #[must_use]
    pub fn below_text(&self, text: &str) -> Option<String> {
        let reference: String = serde_json::from_str(text).ok()?;
        self.below(&reference).map(str::to_owned)
    }
}

/// A base path and its store. Nothing outside of it is ever read, written or deleted.
#[derive(Debug, Clone)]
pub struct Base {
    name: BaseName,
    storage: ObjectStorage,
}

impl Base {
    /// A base path that has been opened.
    #[must_use]
    pub fn new(storage: ObjectStorage) -> Self {
        Self {
            name: BaseName::of(storage.base()),
            storage,
        }
    }

    /// What reads and writes values there.
    #[must_use]
    pub fn storage(&self) -> &ObjectStorage {
        &self.storage
    }

    /// What references look like.
    #[must_use]
    pub fn name(&self) -> &BaseName {
        &self.name
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn ObjectStore {
        self.storage.place().store.as_ref()
    }

    /// The path of the base in the store.
    #[must_use]
    pub fn prefix(&self) -> &Path {
        &self.storage.place().path
    }

    /// The object that a reference names; `None` for what is no reference below this base.
    #[must_use]
    pub fn object(&self, reference: &str) -> Option<Path> {
        self.object_below(self.name.below(reference)?)
    }

    /// The object with this path below the base.
    #[must_use]
    pub fn object_below(&self, below: &str) -> Option<Path> {
        // `parse` refuses empty parts, `.` and `..`, but for slashes at either end.
        if below.is_empty() || below.starts_with('/') || below.ends_with('/') {
            return None;
        }
        self.storage.place().below(below).ok()
    }

    /// The path of an object below the base; `None` for one that does not lie there.
    #[must_use]
    pub fn path_below<'a>(&self, object: &'a Path) -> Option<&'a str> {
        let rest = match self.prefix().as_ref() {
            "" => object.as_ref(),
            prefix => object.as_ref().strip_prefix(prefix)?.strip_prefix('/')?,
        };
        (!rest.is_empty()).then_some(rest)
    }
}

#[cfg(test)]
mod tests {
    use aileron_config::Config;
    use aileron_xcom::storage::Settings;
    use proptest::prelude::*;

    use super::*;

    fn base(text: &str) -> Base {
        let config =
            Config::with_environment([("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", text)]);
        let settings = Settings::of_xcoms(&config).unwrap();
        Base::new(ObjectStorage::open(&settings, None).unwrap())
    }

    #[test]
    fn references_and_objects_name_each_other_whatever_the_connection() {
        let base = base("s3://aws@b/x/");
        let below = "d/manual__2026-01-01T00:00:00+00:00/t/1.gz";
        for start in ["s3://aws@b/x/", "s3://b/x/", "s3://older@b/x/"] {
            let object = base.object(&format!("{start}{below}")).unwrap();
            assert_eq!(object.as_ref(), format!("x/{below}"));
            assert_eq!(base.path_below(&object), Some(below));
        }
        assert_eq!(base.name().shown(), "s3://aws@b/x/");
    }

    #[test]
    fn what_is_outside_of_the_base_has_no_object() {
        let base = base("s3://b/x");
        for outside in [
            "s3://b/xy/1",
            "s3://b/x",
            "s3://b/x/",
            "s3://b/x/../y",
            "s3://b/x//1",
            "gs://b/x/1",
            "s3://c/x/1",
            "s3://y/a@b/x/1",
            "x/1",
            "",
        ] {
            assert_eq!(base.object(outside), None, "{outside}");
        }
        for outside in ["xy/1", "x", "y/x/1"] {
            assert_eq!(
                base.path_below(&Path::parse(outside).unwrap()),
                None,
                "{outside}"
            );
        }
    }

    #[test]
    fn a_whole_bucket_and_a_directory_are_bases_too() {
        assert_eq!(
            base("s3://c@b").object("s3://c@b/d/1").unwrap().as_ref(),
            "d/1"
        );
        assert_eq!(
            base("file:///tmp/x")
                .object("file:///tmp/x/d/1")
                .unwrap()
                .as_ref(),
            "tmp/x/d/1"
        );
    }

    proptest! {
        #[test]
        fn no_reference_leads_out_of_the_base(reference in "(s3://([a-z]@)?b/x/)?[a-z./%@\\\\é]{0,20}") {
            if let Some(object) = base("s3://b/x").object(&reference) {
                prop_assert!(object.as_ref().starts_with("x/"), "{object}");
                prop_assert!(!object.as_ref().split('/').any(|part| part == ".."), "{object}");
            }
        }
    }
}
