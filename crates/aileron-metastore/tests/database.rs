//! What the SQL layer promises, on SQLite.

#![allow(clippy::unwrap_used, missing_docs)]

use aileron_metastore::database::{Database, Missing, Value, sql};
use aileron_wire::json::RawJson;
use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

async fn database(directory: &tempfile::TempDir) -> Database {
    let path = directory.path().join("values.db");
    let database = Database::sqlite(&path, Missing::Create).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    let table = "create table v (b boolean, i integer, f float, t text, ts timestamp, u char(32), j json, x blob)";
    transaction.execute(table).await.unwrap();
    transaction.commit().await.unwrap();
    database
}

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(&directory).await;
    let time: Timestamp = "2026-11-20T08:20:41.053358Z".parse().unwrap();
    let id = Uuid::now_v7();
    let mut transaction = database.begin().await.unwrap();
    let insert = sql("insert into v values ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(true)
        .bind(-7i64)
        .bind(2.0)
        .bind("t")
        .bind(time)
        .bind(id)
        .bind(RawJson::null())
        .bind(vec![0u8, 255]);
    assert_eq!(transaction.execute(insert).await.unwrap(), 1);
    transaction.commit().await.unwrap();

    let row = database
        .read()
        .await
        .unwrap()
        .one("select * from v")
        .await
        .unwrap();
    assert!(row.get::<bool>("b").unwrap());
    assert_eq!(row.get::<i64>("i").unwrap(), -7);
    assert_eq!(row.get::<f64>("f").unwrap(), 2.0);
    assert_eq!(row.get::<String>("t").unwrap(), "t");
    assert_eq!(row.get::<Timestamp>("ts").unwrap(), time);
    assert_eq!(row.get::<Uuid>("u").unwrap(), id);
    assert_eq!(
        row.get::<Option<RawJson>>("j").unwrap(),
        Some(RawJson::null())
    );
    assert_eq!(row.get::<Vec<u8>>("x").unwrap(), [0, 255]);

    let raw = "select typeof(b) || ' ' || typeof(ts) || ' ' || ts || ' ' || u as raw from v";
    let row = database.read().await.unwrap().one(raw).await.unwrap();
    let expected = format!("integer text 2026-11-20 08:20:41.053358 {}", id.simple());
    assert_eq!(row.get::<String>("raw").unwrap(), expected);
}

#[tokio::test]
async fn a_null_is_only_read_as_an_option() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(&directory).await;
    let mut transaction = database.begin().await.unwrap();
    let insert = sql("insert into v (t, i, j) values ($1, $2, $3)")
        .bind(None::<String>)
        .bind(None::<i64>)
        .bind(None::<RawJson>);
    transaction.execute(insert).await.unwrap();
    let row = transaction.one("select * from v").await.unwrap();
    assert_eq!(row.get::<Option<String>>("t").unwrap(), None);
    assert_eq!(row.get::<Option<i64>>("i").unwrap(), None);
    assert_eq!(row.get::<Option<RawJson>>("j").unwrap(), None);
    let error = row.get::<String>("t").unwrap_err().to_string();
    assert_eq!(error, "column t: null is no text");
}

#[tokio::test]
async fn a_transaction_that_is_dropped_has_changed_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(&directory).await;
    let mut transaction = database.begin().await.unwrap();
    transaction
        .execute("insert into v (i) values (1)")
        .await
        .unwrap();
    drop(transaction);

    let mut transaction = database.begin().await.unwrap();
    let row = transaction
        .one("select count(*) as n from v")
        .await
        .unwrap();
    assert_eq!(row.get::<i64>("n").unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_wait_for_each_other_and_none_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(&directory).await;
    // A second pool on the same file stands for another process.
    let path = directory.path().join("values.db");
    let other = Database::sqlite(&path, Missing::Fail).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    transaction
        .execute("insert into v (i) values (0)")
        .await
        .unwrap();
    transaction.commit().await.unwrap();

    let writers: Vec<_> = (0..40)
        .map(|number| {
            let database = if number % 2 == 0 {
                database.clone()
            } else {
                other.clone()
            };
            tokio::spawn(async move {
                let mut transaction = database.begin().await?;
                // Reads first: without the lock from the start this would be refused.
                let row = transaction.one("select i from v").await?;
                let next = row.get::<i64>("i")? + 1;
                transaction
                    .execute(sql("update v set i = $1").bind(next))
                    .await?;
                transaction.commit().await
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    let row = database
        .read()
        .await
        .unwrap()
        .one("select i from v")
        .await
        .unwrap();
    assert_eq!(row.get::<i64>("i").unwrap(), 40);
}

#[tokio::test]
async fn json_of_any_kind_comes_back_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let database = database(&directory).await;
    for text in [
        "1",
        "-1",
        "1.0",
        "-0",
        "0",
        "1e3",
        "1.50",
        "9223372036854775807",
        "9223372036854775808",
        "123456789012345678901234567890",
        "1e400",
        "\"1.0\"",
        "\" 7\"",
        "null",
        "true",
        "[1.0]",
        "{\"a\": 1.0}",
        "\"\"",
        "\"Infinity\"",
        " 12",
        "12 ",
    ] {
        assert_eq!(stored(&database, text).await, text.trim());
    }
}

async fn stored(database: &Database, text: &str) -> String {
    let mut transaction = database.begin().await.unwrap();
    let value = RawJson::from_text(text.to_owned()).unwrap();
    transaction.execute("delete from v").await.unwrap();
    let insert = sql("insert into v (j) values ($1)").bind(Value::Json(value));
    transaction.execute(insert).await.unwrap();
    let row = transaction.one("select j from v").await.unwrap();
    row.get::<RawJson>("j").unwrap().get().to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn no_json_number_changes_in_a_column(text in "-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?") {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let directory = tempfile::tempdir().unwrap();
            let database = database(&directory).await;
            assert_eq!(stored(&database, &text).await, text);
        });
    }
}
