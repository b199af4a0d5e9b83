//! Objects below a base: their references, and writing, reading and deleting them.

use std::fmt;
use std::sync::Arc;

use aileron_object_storage::object_store::path::Path;
use aileron_object_storage::object_store::{self, ObjectStoreExt as _};
use aileron_object_storage::{Account, Location, Place};
use aileron_wire::json;
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::object_text::ObjectText;
use super::text::EncodedText;
use super::upload::{Destination, upload_text};
use super::value::{self, Outcome, Target};
use super::{
    Codec, Coordinate, Layout, Problem, Settings, SettingsError, StorageError, ValueError,
    WriteError,
};
use crate::is_json_at_least;

/// What the database holds instead of a value: the URL of the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    text: String,
    path: Path,
}

impl Reference {
    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The object in the store.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A base in an object store, with what is configured for it.
#[derive(Debug, Clone)]
pub struct ObjectStorage {
    base: Location,
    /// The base as references begin, with a slash at its end.
    shown: String,
    place: Place,
    compression: Option<Codec>,
}

impl ObjectStorage {
    /// Opens the store. Nothing is sent yet. The account is that of [`Location::connection_id`] of the base.
    ///
    /// # Errors
    /// [`SettingsError::Open`].
    pub fn open(settings: &Settings, account: Option<&Account>) -> Result<Self, SettingsError> {
        let base = &settings.base;
        let place = base.open(account).map_err(|error| SettingsError::Open {
            key: settings.key,
            base: base.to_string(),
            error,
        })?;
        let mut shown = base.to_string();
        if !shown.ends_with('/') {
            shown.push('/');
        }
        Ok(Self {
            base: base.clone(),
            shown,
            place,
            compression: settings.compression,
        })
    }

    /// The base.
    #[must_use]
    pub fn base(&self) -> &Location {
        &self.base
    }

    /// The store and the place of the base in it.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The object that a text refers to; `None` for a text that is a plain value, because it names nothing below the base.
    #[must_use]
    pub fn reference(&self, text: &str) -> Option<Reference> {
        let below = match text.strip_prefix(&self.shown) {
            Some(below) => below.to_owned(),
            None => self.below_without_connection(text)?,
        };
        let below = below.trim_start_matches('/');
        if below.is_empty() {
            return None;
        }
        let path = self.place.below(below).ok()?;
        Some(Reference {
            text: text.to_owned(),
            path,
        })
    }

    /// What is behind the base in a URL that names the same bucket and another connection, or none.
    fn below_without_connection(&self, text: &str) -> Option<String> {
        if !text.starts_with(self.base.scheme()) {
            return None;
        }
        let other = Location::parse(text).ok()?;
        let same = other.scheme() == self.base.scheme() && other.bucket() == self.base.bucket();
        let below = other.path().strip_prefix(self.base.path())?;
        (same && below.starts_with('/')).then(|| below.to_owned())
    }

    /// A new object for an XCom, with the suffix of the compression that is configured.
    ///
    /// # Errors
    /// [`SettingsError::Name`] when no object can be named for these ids.
    pub fn xcom(
        &self,
        layout: Layout,
        coordinate: &Coordinate<'_>,
        key: &str,
    ) -> Result<Reference, SettingsError> {
        let base = self.base.to_string().len();
        let path = coordinate.path(layout, key, &self.suffix(), base)?;
        self.object(&path)
    }

    /// The suffix of new objects with its dot, or nothing.
    pub(crate) fn suffix(&self) -> String {
        self.compression
            .map_or_else(String::new, |codec| format!(".{}", codec.suffix()))
    }

    /// The object at this path below the base.
    ///
    /// # Errors
    /// [`SettingsError::Name`] when no object can have the path.
    pub fn object(&self, path: &str) -> Result<Reference, SettingsError> {
        let named = self.place.below(path);
        Ok(Reference {
            text: format!("{}{path}", self.shown),
            path: named.map_err(|error| SettingsError::Name {
                reason: error.to_string(),
            })?,
        })
    }

    /// Writes an encoded value (MessagePack) as JSON into an object, compressed as its suffix says, and returns the bytes the object
    /// has.
    ///
    /// The text is made as it is sent: beside the encoded value, memory holds some parts of 5 MiB. Whoever reads meanwhile
    /// reads what was there before, or nothing.
    ///
    /// # Errors
    /// [`StorageError`], which names the object. Nothing of it is visible then.
    pub async fn write(&self, object: &Reference, encoded: Bytes) -> Result<u64, StorageError> {
        let failed = |problem| failed("write", object, problem);
        let codec = codec(object).map_err(failed)?;
        let (length, text) = (encoded.len(), EncodedText::new(encoded));
        let written = upload_text(&self.destination(object), codec, text, length).await;
        written.map_err(failed)
    }

    /// Writes a value as JSON into an object, compressed as its suffix says, and returns the bytes the object has; `None`, and
    /// nothing is written, when its text is shorter than a threshold.
    ///
    /// The object is the same as if the value were encoded and [written](Self::write), and this takes less time. In a directory the
    /// object is written while the text is made, and memory holds some pieces of 256 KiB. Otherwise memory holds all of the text, and
    /// gives it up as it is sent, in parts of 5 MiB.
    ///
    /// # Errors
    /// [`WriteError`], which names the object or the place in the value. Nothing of it is visible then.
    pub async fn write_value<T: Serialize + ?Sized>(
        &self,
        object: &Reference,
        value: &T,
        threshold: u64,
    ) -> Result<Option<u64>, WriteError> {
        let failed = |problem| failed("write", object, problem);
        let target = Target {
            to: self.destination(object),
            codec: codec(object).map_err(failed)?,
            threshold,
        };
        match value::write(value, target).await.map_err(failed)? {
            Outcome::Written(size) => Ok(Some(size)),
            Outcome::Short => Ok(None),
            Outcome::Unusual => {
                let encoded = json::encode(value)?;
                if !is_json_at_least(&encoded, threshold) {
                    return Ok(None);
                }
                Ok(Some(self.write(object, encoded.into()).await?))
            }
        }
    }

    pub(super) fn destination(&self, object: &Reference) -> Destination {
        Destination {
            store: Arc::clone(&self.place.store),
            path: object.path.clone(),
            is_local: self.base.scheme() == "file",
        }
    }

    /// Reads the JSON text in an object, decompressed as its suffix says.
    ///
    /// # Errors
    /// [`StorageError`], which names the object.
    pub async fn read(&self, object: &Reference) -> Result<Vec<u8>, StorageError> {
        let failed = |problem| failed("read", object, problem);
        let codec = codec(object).map_err(failed)?;
        let bytes = self.place.read(&object.path).await;
        let bytes = bytes.map_err(|error| failed(error.into()))?;
        match codec {
            None => Ok(bytes),
            Some(codec) => codec
                .decode(&bytes)
                .map_err(|error| failed(damaged(codec, error))),
        }
    }

    /// Reads the JSON text in an object as [`read`](Self::read) does, to be decoded.
    ///
    /// # Errors
    /// [`StorageError`], which names the object.
    pub async fn read_text(&self, object: &Reference) -> Result<ObjectText, StorageError> {
        let failed = |problem| failed("read", object, problem);
        let pieces = match codec(object).map_err(failed)? {
            None => {
                let pieces = self.place.read_pieces(&object.path).await;
                pieces.map_err(|error| failed(error.into()))?
            }
            Some(codec) => {
                let bytes = self.place.read(&object.path).await;
                let bytes = bytes.map_err(|error| failed(error.into()))?;
                let pieces = codec.decode_pieces(&bytes);
                pieces.map_err(|error| failed(damaged(codec, error)))?
            }
        };
        Ok(ObjectText::new(pieces))
    }

    /// Reads the value in an object into a Rust type: [`read_text`](Self::read_text) and [`ObjectText::decode`].
    ///
    /// # Errors
    /// [`ValueError`], which names the object or the place in the value.
    pub async fn read_value<T: DeserializeOwned>(
        &self,
        object: &Reference,
    ) -> Result<T, ValueError> {
        Ok(self.read_text(object).await?.decode()?)
    }

    /// Deletes an object; one that is not there is fine.
    ///
    /// Delete the row first, and the object when that is done. A process that dies in between leaves an object that nobody refers
    /// to, which `aileron xcom sweep` finds. In the other order it would leave a row that refers to nothing, and a task that reads it
    /// fails.
    ///
    /// # Errors
    /// [`StorageError`], which names the object.
    pub async fn delete(&self, object: &Reference) -> Result<(), StorageError> {
        match self.place.store.delete(&object.path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("delete", object, Problem::Store(error))),
        }
    }

    /// Deletes all objects below this one's name.
    ///
    /// # Errors
    /// [`StorageError`], which names the first object that could not be deleted.
    pub(super) async fn clear_directory(&self, directory: &Reference) -> Result<(), StorageError> {
        let store = &self.place.store;
        let mut found = store.list(Some(directory.path()));
        while let Some(object) = found.next().await {
            let object =
                object.map_err(|error| failed("list", directory, Problem::Store(error)))?;
            match store.delete(&object.location).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => {
                    let object = Reference {
                        text: format!(
                            "{directory}/{}",
                            object.location.filename().unwrap_or_default()
                        ),
                        path: object.location,
                    };
                    return Err(failed("delete", &object, Problem::Store(error)));
                }
            }
        }
        Ok(())
    }
}

pub(super) fn failed(doing: &'static str, object: &Reference, problem: Problem) -> StorageError {
    StorageError {
        doing,
        object: object.text.clone(),
        problem,
    }
}

pub(super) fn damaged(codec: Codec, error: std::io::Error) -> Problem {
    Problem::Codec {
        codec: codec.name(),
        error,
    }
}

pub(super) fn codec(object: &Reference) -> Result<Option<Codec>, Problem> {
    Codec::of_path(object.path.as_ref()).map_err(|codec| Problem::UnknownCodec { codec })
}

#[cfg(test)]
mod tests {
    use aileron_config::Config;
    use aileron_wire::json::encode;
    use serde_json::Value;

    use super::*;

    fn storage(path: &str, compression: &str) -> ObjectStorage {
        let settings = Settings::of_xcoms(&Config::with_environment([
            ("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", path),
            (
                "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_COMPRESSION",
                compression,
            ),
        ]));
        ObjectStorage::open(&settings.unwrap(), None).unwrap()
    }

    fn directory() -> (tempfile::TempDir, String) {
        let directory = tempfile::tempdir().unwrap();
        let base = format!("file://{}/b c", directory.path().display());
        (directory, base)
    }

    const TASK: Coordinate<'_> = Coordinate {
        dag_id: "d",
        run_id: "manual__2026-01-01T00:00:00+00:00",
        task_id: "t",
        ti_id: None,
    };

    #[test]
    fn only_what_names_something_below_the_base_is_a_reference() {
        let storage = storage("s3://conn@bucket/pre/fix/", "");
        for (text, path) in [
            ("s3://conn@bucket/pre/fix/d/x.gz", "pre/fix/d/x.gz"),
            ("s3://conn@bucket/pre/fix//d/x", "pre/fix/d/x"),
            ("s3://bucket/pre/fix/d/x", "pre/fix/d/x"),
            ("s3://other@bucket/pre/fix/d", "pre/fix/d"),
        ] {
            let found = storage.reference(text).unwrap();
            assert_eq!(found.path().as_ref(), path, "{text}");
            assert_eq!(found.as_str(), text);
        }
        for plain in [
            "",
            "text",
            "s3://conn@bucket/pre/fix",
            "s3://conn@bucket/pre/fix/",
            "s3://conn@bucket/pre/fixes/x",
            "s3://conn@bucket/pre/fix/../x",
            "s3://conn@bucket/other/x",
            "s3://conn@other/pre/fix/x",
            "s3a://conn@bucket/pre/fix/x",
            "/pre/fix/x",
        ] {
            assert_eq!(storage.reference(plain), None, "{plain}");
        }
    }

    #[tokio::test]
    async fn a_value_comes_back_with_every_codec_small_and_large() {
        let (_directory, base) = directory();
        let rows: Vec<Value> = (0..3_000)
            .map(|id| serde_json::json!({"id": id, "name": "ü".repeat(id % 50), "at": id as f64 / 7.0}))
            .collect();
        for codec in ["", "gzip", "bz2", "xz", "lzma", "zstd", "zip"] {
            let storage = storage(&base, codec);
            for value in [Value::from("é"), Value::from(rows.clone())] {
                let object = storage.xcom(Layout::Airflow33, &TASK, "k").unwrap();
                let size = storage.write_value(&object, &value, 0).await;
                let size = size.unwrap().unwrap();
                let at_once = storage.read(&object).await.unwrap();
                let encoded = encode(&value).unwrap();
                storage.write(&object, encoded.into()).await.unwrap();
                let found = storage.reference(object.as_str()).unwrap();
                assert_eq!(found, object);
                let text = storage.read(&found).await.unwrap();
                assert!(at_once == text, "{codec}");
                let read: Value = serde_json::from_slice(&text).unwrap();
                assert!(read == value, "{codec}");
                assert!(size > 0 && (!codec.is_empty() || size == text.len() as u64));
                storage.delete(&object).await.unwrap();
                storage.delete(&object).await.unwrap();
                let error = storage.read(&object).await.unwrap_err();
                assert!(matches!(error.problem, Problem::Missing), "{error}");
                assert!(error.to_string().contains(object.as_str()), "{error}");
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_plain_json_is_written_as_it_is_encoded() {
        let (_directory, base) = directory();
        let storage = storage(&base, "");
        let object = storage.xcom(Layout::Airflow33, &TASK, "k").unwrap();
        let by_number: std::collections::BTreeMap<u32, u32> = (0..5_000).map(|n| (n, n)).collect();
        let size = storage.write_value(&object, &by_number, 0).await.unwrap();
        let text = storage.read(&object).await.unwrap();
        assert_eq!(size, Some(text.len() as u64));
        assert!(text.starts_with(br#"{"0": 0, "1": 1, "#));
        let short = storage
            .write_value(&object, &by_number, text.len() as u64 + 1)
            .await;
        assert_eq!(short.unwrap(), None);
        let error = storage.write_value(&object, &[1.0, f64::NAN], 0).await;
        assert!(matches!(error, Err(WriteError::Encode(_))), "{error:?}");
        assert_eq!(storage.read(&object).await.unwrap(), text);
    }

    #[tokio::test]
    async fn an_object_that_is_not_what_its_name_says_is_named() {
        let (_directory, base) = directory();
        let storage = storage(&base, "gzip");
        let object = storage.xcom(Layout::Airflow33, &TASK, "k").unwrap();
        let file = std::path::Path::new("/").join(object.path().as_ref());
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, b"[1, 2]").unwrap();
        let error = storage.read(&object).await.unwrap_err().to_string();
        assert!(
            error.contains("gzip") && error.contains(object.as_str()),
            "{error}"
        );
    }
}
