//! Files that are damaged, locked or full: an error that says what to do, and nothing half done.

use std::path::Path;
use std::time::Duration;

use aileron_execution_api::ErrorKind;

use super::{Database, DatabaseError, Missing, sql};
use crate::Metastore;

async fn impatient(path: &Path) -> Database {
    let wait = Duration::from_millis(50);
    Database::sqlite_that_waits(path, Missing::Create, wait)
        .await
        .unwrap()
}

async fn pools(database: &Database) -> i64 {
    let mut session = database.read().await.unwrap();
    let row = session.one("select count(*) as n from slot_pool").await;
    row.unwrap().get("n").unwrap()
}

#[tokio::test]
async fn a_file_that_another_process_writes_to_is_said_to_be_locked() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("airflow.db");
    // Another pool stands for another process.
    let other = Metastore::open(&path, Missing::Create).await.unwrap();
    let holder = other.database().begin().await.unwrap();

    let database = impatient(&path).await;
    let error = database.begin().await.unwrap_err();
    assert!(matches!(error, DatabaseError::Locked { .. }), "{error:?}");
    let error = error.into_api("put");
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("try again"), "{}", error.message);
    assert_eq!(pools(&database).await, 1, "who reads does not wait");

    holder.rollback().await.unwrap();
    database.begin().await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_changes_nothing_and_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("airflow.db");
    let store = Metastore::open(&path, Missing::Create).await.unwrap();
    let mut transaction = store.database().begin().await.unwrap();
    let pages = transaction.one("pragma page_count").await.unwrap();
    let pages: i64 = pages.get("page_count").unwrap();
    let limit = sql(format!("pragma max_page_count = {}", pages + 1));
    transaction.all(limit).await.unwrap();
    transaction.execute("delete from slot_pool").await.unwrap();
    let large = sql("insert into variable (key, val, is_encrypted) values ('k', $1, false)");
    let error = transaction
        .execute(large.bind("x".repeat(100_000)))
        .await
        .unwrap_err();
    assert!(matches!(error, DatabaseError::Full { .. }), "{error:?}");
    assert_eq!(error.into_api("put").kind, ErrorKind::Unavailable);
    drop(transaction);
    let mut transaction = store.database().begin().await.unwrap();
    let row = transaction.one("select count(*) as n from slot_pool").await;
    assert_eq!(row.unwrap().get::<i64>("n").unwrap(), 1);
}

/// SQLite does this when there is no room for what a commit writes.
#[tokio::test]
async fn a_transaction_that_the_database_has_ended_by_itself_is_not_in_the_way_of_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let database = impatient(&directory.path().join("airflow.db")).await;
    for _ in 0..6 {
        let mut transaction = database.begin().await.unwrap();
        transaction.execute("rollback").await.unwrap();
        drop(transaction);
    }
    database.begin().await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("airflow.db");
    let text = "these are not the pages you are looking for\n".repeat(100);
    std::fs::write(&path, &text).unwrap();
    for missing in [Missing::Create, Missing::Fail] {
        let error = Metastore::open(&path, missing).await.unwrap_err();
        assert!(
            matches!(error, DatabaseError::NotADatabase { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("airflow.db"), "{error}");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn a_database_of_something_else_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("other.db");
    let other = impatient(&path).await;
    let mut transaction = other.begin().await.unwrap();
    transaction
        .execute("create table notes (text text)")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let error = Metastore::open(&path, Missing::Create).await.unwrap_err();
    assert!(
        matches!(error, DatabaseError::Revision { found: None, .. }),
        "{error:?}"
    );
    let row = other
        .read()
        .await
        .unwrap()
        .one("select count(*) as n from sqlite_master")
        .await;
    assert_eq!(row.unwrap().get::<i64>("n").unwrap(), 1);
}

#[tokio::test]
async fn a_half_made_file_is_made_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("airflow.db");
    // What a process leaves that is killed before the first commit.
    impatient(&path).await.close().await;
    let store = Metastore::open(&path, Missing::Create).await.unwrap();
    assert_eq!(pools(store.database()).await, 1);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_without_its_password() {
    let error = Metastore::connect("postgresql+psycopg2://ada:hunter2@127.0.0.1:1/airflow").await;
    let error = error.unwrap_err();
    assert!(matches!(error, DatabaseError::Away { .. }), "{error:?}");
    let said = format!("{error} {error:?}");
    assert!(said.contains("127.0.0.1:1/airflow"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let error = Metastore::connect("hunter2").await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
