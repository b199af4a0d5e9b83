//! A database that Aileron makes is the one that `airflow db migrate` makes.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

use aileron_metastore::Metastore;
use aileron_metastore::database::Missing;
use end_to_end::{AirflowVersion, create_database, workspace_root};
use serde_json::Value;

const VERSION: AirflowVersion = AirflowVersion::V3_3_2;

fn schema_of(database: &Path) -> Value {
    let output = Command::new(VERSION.python().unwrap())
        .arg(workspace_root().join("tests/end-to-end/python/schema_of.py"))
        .arg(database)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn ours(directory: &Path) -> PathBuf {
    let path = directory.join("ours.db");
    let store = Metastore::open(&path, Missing::Create).await.unwrap();
    store.database().close().await;
    path
}

#[tokio::test]
async fn tables_columns_keys_indexes_and_first_rows_are_airflows() {
    let directory = tempfile::tempdir().unwrap();
    let theirs = directory.path().join("theirs.db");
    create_database(VERSION.python().unwrap().as_ref(), &theirs).unwrap();
    let ours = schema_of(&ours(directory.path()).await);
    let theirs = schema_of(&theirs);

    let names = |schema: &Value| -> Vec<String> {
        let mut names: Vec<_> = schema["tables"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&ours), names(&theirs));
    for name in names(&theirs) {
        let (ours, theirs) = (&ours["tables"][&name], &theirs["tables"][&name]);
        for part in ["columns", "indexes", "foreign_keys", "text"] {
            assert_eq!(ours[part], theirs[part], "{part} of {name}");
        }
    }
    for part in ["indexes", "others", "rows"] {
        assert_eq!(ours[part], theirs[part], "{part}");
    }
}
