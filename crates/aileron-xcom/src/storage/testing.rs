//! A directory with objects, for tests.

use std::fs;
use std::path::{Path, PathBuf};

use aileron_config::Config;
use tempfile::TempDir;

use super::{Coordinate, Layout, ObjectStorage, Reference, Settings};

/// A base in a directory, and all that is in it.
pub(super) struct Stored {
    pub(super) directory: TempDir,
    pub(super) storage: ObjectStorage,
}

impl Stored {
    /// An empty one, with the compression of this name or none.
    pub(super) fn new(compression: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let base = format!("file://{}", directory.path().display());
        let settings = Settings::of_xcoms(&Config::with_environment([
            ("AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH", &*base),
            (
                "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_COMPRESSION",
                compression,
            ),
        ]));
        let storage = ObjectStorage::open(&settings.unwrap(), None).unwrap();
        Self { directory, storage }
    }

    /// A name for an XCom, below the directory `d`.
    pub(super) fn object(&self) -> Reference {
        let task = Coordinate {
            dag_id: "d",
            run_id: "r",
            task_id: "t",
            ti_id: None,
        };
        self.storage.xcom(Layout::Airflow33, &task, "k").unwrap()
    }

    /// The file that an object is.
    pub(super) fn file(&self, object: &Reference) -> PathBuf {
        let file = Path::new("/").join(object.path().as_ref());
        assert!(file.starts_with(self.directory.path()));
        file
    }

    /// An object of this text.
    pub(super) fn text(&self, text: &str) -> Reference {
        let object = self.object();
        let file = self.file(&object);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        object
    }

    /// How many files there are, whole or not.
    pub(super) fn files(&self) -> usize {
        count(self.directory.path())
    }
}

fn count(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).unwrap();
    let each = entries.map(|entry| match entry.unwrap().path() {
        path if path.is_dir() => count(&path),
        _ => 1,
    });
    each.sum()
}
