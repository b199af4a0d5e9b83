//! What opening a file promises.

#![allow(clippy::unwrap_used, missing_docs)]

use aileron_metastore::Metastore;
use aileron_metastore::database::{DatabaseError, Missing, sql};
use aileron_metastore::schema::REVISION;

async fn count(store: &Metastore, what: &'static str) -> i64 {
    let row = store.database().read().await.unwrap().one(what).await;
    row.unwrap().get("n").unwrap()
}

#[tokio::test]
async fn a_new_file_has_the_whole_schema_and_its_first_rows() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deeper/airflow.db");
    let store = Metastore::open(&path, Missing::Create).await.unwrap();

    let tables = "select count(*) as n from sqlite_master where type = 'table'";
    assert_eq!(count(&store, tables).await, 59);
    assert_eq!(
        count(&store, "select count(*) as n from slot_pool").await,
        1
    );
    assert_eq!(
        count(&store, "select count(*) as n from log_template").await,
        2
    );
}

#[tokio::test]
async fn opening_twice_makes_the_schema_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("airflow.db");
    let (one, other) = tokio::join!(
        Metastore::open(&path, Missing::Create),
        Metastore::open(&path, Missing::Create)
    );
    let store = one.unwrap();
    other.unwrap();
    assert_eq!(
        count(&store, "select count(*) as n from log_template").await,
        2
    );
}

#[tokio::test]
async fn a_schema_of_another_revision_is_refused_and_both_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("airflow.db");
    let store = Metastore::open(&path, Missing::Create).await.unwrap();
    let mut transaction = store.database().begin().await.unwrap();
    let newer = sql("update alembic_version set version_num = $1").bind("0123456789ab");
    transaction.execute(newer).await.unwrap();
    transaction.commit().await.unwrap();

    for missing in [Missing::Create, Missing::Fail] {
        let refusal = Metastore::open(&path, missing).await.unwrap_err();
        assert!(
            matches!(refusal, DatabaseError::Revision { .. }),
            "{refusal:?}"
        );
        let message = refusal.to_string();
        assert!(message.contains("0123456789ab"), "{message}");
        assert!(message.contains(REVISION), "{message}");
    }
}

#[tokio::test]
async fn a_missing_file_is_made_only_when_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("airflow.db");
    let refusal = Metastore::open(&path, Missing::Fail).await.unwrap_err();
    assert!(
        matches!(refusal, DatabaseError::Missing { .. }),
        "{refusal:?}"
    );
    assert!(!path.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_a_new_file() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("airflow.db");
    let _store = Metastore::open(&path, Missing::Create).await.unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?} has mode {mode:o}", entry.path());
    }
}
