use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

use crate::testing::Airflow;
use crate::{Context, Pulled};

/// An Airflow whose XComs of ten bytes and more lie in files of this directory.
fn airflow(directory: &Path) -> Airflow {
    let base = format!("file://{}", directory.display());
    Airflow::new()
        .config("core", "xcom_backend", aileron_xcom::XCOM_BACKEND)
        .config("common.io", "xcom_objectstorage_path", &base)
        .config("common.io", "xcom_objectstorage_threshold", "10")
        .config("common.io", "xcom_objectstorage_compression", "gzip")
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("it is a directory") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                directories.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

fn push(cx: &Context, key: &str, value: &Value) {
    cx.block_on(cx.xcom().push(key, value))
        .expect("it can be pushed");
}

#[test]
fn a_large_value_goes_into_an_object_and_comes_back() {
    let directory = tempfile::tempdir().unwrap();
    let airflow = airflow(directory.path());
    let cx = airflow.context("extract");
    push(&cx, "small", &json!("1234567"));
    push(&cx, "large", &json!("12345678"));
    assert_eq!(airflow.stored("extract", "small"), Some(json!("1234567")));
    let stored = airflow.stored("extract", "large").unwrap();
    let reference = stored.as_str().unwrap();
    assert!(
        reference.starts_with("file://") && reference.ends_with(".gz"),
        "{reference}"
    );
    let pull = |key: &str| {
        let pull = cx.xcom().from("extract").key(key);
        cx.block_on(pull.require::<String>()).unwrap()
    };
    assert_eq!(
        (pull("small").as_str(), pull("large").as_str()),
        ("1234567", "12345678")
    );
    assert_eq!(
        airflow.pushed::<String>("extract", "small").unwrap(),
        "1234567"
    );
}

#[test]
fn a_value_that_replaces_another_and_a_deleted_one_leave_no_object() {
    let directory = tempfile::tempdir().unwrap();
    let cx = airflow(directory.path()).context("extract");
    push(&cx, "k", &json!([1, 2, 3, 4, 5]));
    push(&cx, "k", &json!([1, 2, 3, 4, 6]));
    assert_eq!(files(directory.path()).len(), 1);
    push(&cx, "k", &json!(1));
    assert_eq!(files(directory.path()).len(), 0);
    push(&cx, "k", &json!([1, 2, 3, 4, 7]));
    cx.block_on(cx.xcom().delete("k")).unwrap();
    assert_eq!(files(directory.path()).len(), 0);
    let missing = cx.block_on(cx.xcom().from("extract").key("k").fetch::<Value>());
    assert_eq!(missing.unwrap(), Pulled::Missing);
}

#[test]
fn a_missing_object_fails_the_pull_and_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let airflow = airflow(directory.path());
    let cx = airflow.context("extract");
    push(&cx, "return_value", &json!([1, 2, 3, 4, 5]));
    let reference = airflow.stored("extract", "return_value").unwrap();
    for file in files(directory.path()) {
        std::fs::remove_file(file).unwrap();
    }
    let error = cx
        .block_on(cx.xcom().pull::<Vec<u8>>("extract"))
        .unwrap_err();
    for part in [
        "`return_value`",
        "`extract`",
        reference.as_str().unwrap(),
        "not there",
    ] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn the_instances_of_a_mapped_task_are_resolved_one_by_one() {
    let directory = tempfile::tempdir().unwrap();
    let airflow = airflow(directory.path());
    let texts = ["short", "a longer text", "x", "another longer text"];
    for (index, text) in (0..).zip(texts) {
        let cx = airflow.clone().map_index(index).context("mapped");
        push(&cx, "return_value", &json!(text));
    }
    let cx = airflow.clone().map_index(-1).context("sum");
    let all = cx.xcom().sequence::<String>("mapped");
    assert_eq!(cx.block_on(all.stream().all()).unwrap(), texts);
    assert_eq!(cx.block_on(all.item(-1)).unwrap().unwrap(), texts[3]);
    let backwards = cx.block_on(async { all.slice(None, None, -1).await?.all().await });
    let expected: Vec<&str> = texts.into_iter().rev().collect();
    assert_eq!(backwards.unwrap(), expected);
}

#[test]
fn what_lies_outside_the_base_is_a_plain_value() {
    let directory = tempfile::tempdir().unwrap();
    let airflow = airflow(directory.path()).xcom("extract", "s3://bucket/some/file");
    let cx = airflow.context("load");
    let value = cx.block_on(cx.xcom().pull::<String>("extract")).unwrap();
    assert_eq!(value, "s3://bucket/some/file");
}

#[test]
fn a_null_in_an_object_is_a_null() {
    let directory = tempfile::tempdir().unwrap();
    let airflow =
        airflow(directory.path()).config("common.io", "xcom_objectstorage_threshold", "0");
    let cx = airflow.context("extract");
    push(&cx, "return_value", &Value::Null);
    assert_eq!(files(directory.path()).len(), 1);
    let found = cx.block_on(cx.xcom().from("extract").fetch::<i64>());
    assert_eq!(found.unwrap(), Pulled::Null);
}

#[test]
fn a_store_that_cannot_be_opened_fails_the_push_and_names_the_option() {
    let airflow = Airflow::new()
        .config("core", "xcom_backend", aileron_xcom::XCOM_BACKEND)
        .config("common.io", "xcom_objectstorage_path", "s3://nobody@b/x");
    let cx = airflow.context("extract");
    let error = cx
        .block_on(cx.xcom().push("k", &1))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("nobody") && error.contains("s3://nobody@b/x"),
        "{error}"
    );
}

/// An Airflow whose workers keep state in files of this directory, from this size on.
fn airflow_with_states(directory: &Path, threshold: &str) -> Airflow {
    let base = format!("file://{}", directory.display());
    Airflow::new()
        .config(
            "workers",
            "state_store_backend",
            aileron_xcom::STATE_BACKEND,
        )
        .config("common.io", "state_store_objectstorage_path", &base)
        .config(
            "common.io",
            "state_store_objectstorage_threshold",
            threshold,
        )
}

#[tokio::test(flavor = "current_thread")]
async fn the_state_of_a_task_lies_in_an_object_and_goes_with_its_key() {
    let directory = tempfile::tempdir().unwrap();
    let airflow = airflow_with_states(directory.path(), "10");
    let cx = airflow.context("t");
    let store = cx.task_state_store();
    store.set("small", &1).await.unwrap();
    store.set("large", "12345678").await.unwrap();
    store.set("large", "123456789").await.unwrap();
    assert_eq!(files(directory.path()).len(), 1);
    let again = airflow.context("t");
    let store = again.task_state_store();
    assert_eq!(store.get::<i64>("small").await.unwrap(), Some(1));
    let large = store.get::<String>("large").await.unwrap();
    assert_eq!(large.as_deref(), Some("123456789"));
    store.delete("large").await.unwrap();
    assert_eq!(files(directory.path()).len(), 0);
    assert_eq!(store.get::<String>("large").await.unwrap(), None);
    store.set("large", "12345678").await.unwrap();
    store.clear().await.unwrap();
    assert_eq!(files(directory.path()).len(), 0);
}

#[tokio::test(flavor = "current_thread")]
async fn the_state_of_an_asset_lies_in_an_object_and_a_missing_one_is_named() {
    const ORDERS: crate::Asset = crate::Asset::new("orders", "s3://shop/orders");
    let directory = tempfile::tempdir().unwrap();
    let airflow = airflow_with_states(directory.path(), "0").inlet(ORDERS);
    let cx = airflow.context("t");
    let store = cx.asset_state_store();
    store.set("watermark", &7).await.unwrap();
    assert_eq!(store.get::<i64>("watermark").await.unwrap(), Some(7));
    let found = files(directory.path());
    assert!(found[0].ends_with("assets/orders/watermark"), "{found:?}");
    std::fs::remove_file(&found[0]).unwrap();
    let error = store.get::<i64>("watermark").await.unwrap_err().to_string();
    assert!(
        error.contains("watermark") && error.contains("assets/orders"),
        "{error}"
    );
}

#[tokio::test(flavor = "current_thread")]
async fn bytes_and_files_pass_by_reference() {
    let directory = tempfile::tempdir().unwrap();
    let files_of_user = tempfile::tempdir().unwrap();
    let (from, to) = (
        files_of_user.path().join("from"),
        files_of_user.path().join("to"),
    );
    std::fs::write(&from, b"of a file").unwrap();
    let airflow = airflow(directory.path());
    let cx = airflow.context("extract");
    let bytes = cx.objects().put(b"of memory").await.unwrap();
    let file = cx.objects().put_file(&from).await.unwrap();
    let json = serde_json::to_value(&bytes).unwrap();
    assert_eq!(
        (&json["__aileron_object__"], &json["format"], &json["size"]),
        (&json!(1), &json!("bytes"), &json!(9))
    );
    let name = json["uri"].as_str().unwrap();
    assert!(name.contains("/extract/objects/-1/"), "{name}");

    let cx = airflow.context("load");
    let read: crate::StoredObject = serde_json::from_value(json).unwrap();
    assert_eq!(cx.objects().get(&read).await.unwrap(), b"of memory");
    cx.objects().get_file(&file, &to).await.unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), b"of a file");

    cx.objects().delete(&read).await.unwrap();
    let missing = cx.objects().get(&read).await.unwrap_err().to_string();
    assert!(
        missing.contains(&read.uri) && missing.contains("not there"),
        "{missing}"
    );
}

#[tokio::test(flavor = "current_thread")]
async fn bytes_that_are_not_what_was_written_replace_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let cx = airflow(directory.path()).context("t");
    let object = cx.objects().put(b"12345").await.unwrap();
    std::fs::write(&files(directory.path())[0], b"12346").unwrap();
    let target = directory.path().join("target");
    std::fs::write(&target, b"kept").unwrap();
    let error = cx.objects().get_file(&object, &target).await.unwrap_err();
    assert!(
        error.to_string().contains("not what was written"),
        "{error}"
    );
    assert_eq!(std::fs::read(&target).unwrap(), b"kept");
    assert!(!directory.path().join("target.partial").exists());
    let error = cx.objects().get(&object).await.unwrap_err();
    assert!(
        error.to_string().contains("not what was written"),
        "{error}"
    );
}

#[tokio::test(flavor = "current_thread")]
async fn bytes_pass_by_reference_only_below_a_base() {
    let directory = tempfile::tempdir().unwrap();
    let cx = airflow(directory.path()).context("t");
    let mut object = cx.objects().put(b"1").await.unwrap();
    object.uri = "s3://elsewhere/x".to_owned();
    let outside = cx.objects().get(&object).await.unwrap_err().to_string();
    assert!(
        outside.contains("s3://elsewhere/x is not below file://"),
        "{outside}"
    );
    let cx = Airflow::new().context("t");
    let without = cx.objects().put(b"1").await.unwrap_err().to_string();
    assert!(without.contains("xcom_objectstorage_path"), "{without}");
}

#[test]
fn a_null_in_an_object_is_pushed_and_one_that_a_task_returns_is_not() {
    use crate::dag::private::keep_returned;

    let directory = tempfile::tempdir().unwrap();
    let airflow =
        airflow(directory.path()).config("common.io", "xcom_objectstorage_threshold", "0");
    let cx = airflow.context("extract");
    let returned = cx.block_on(keep_returned(&cx, None::<u8>)).unwrap();
    assert_eq!(returned.0.object, None);
    assert_eq!(returned.0.encoded, crate::context::NIL);
    assert!(files(directory.path()).is_empty());
    let returned = cx.block_on(keep_returned(&cx, 7)).unwrap();
    assert!(returned.0.object.is_some());
    push(&cx, "k", &Value::Null);
    assert_eq!(files(directory.path()).len(), 2);
}

#[test]
fn a_task_that_returns_nothing_does_not_ask_for_the_store() {
    use crate::dag::private::keep_returned;

    let airflow = airflow(Path::new("/")).config("common.io", "xcom_objectstorage_path", "no URL");
    let cx = airflow.context("extract");
    cx.block_on(keep_returned(&cx, ())).unwrap();
    let error = cx.block_on(keep_returned(&cx, 7)).unwrap_err();
    assert!(error.to_string().contains("no URL"), "{error}");
}

#[test]
fn what_cannot_be_an_xcom_is_said_as_without_object_storage() {
    let directory = tempfile::tempdir().unwrap();
    let error = |airflow: Airflow| {
        let cx = airflow.context("extract");
        let pushed = cx.block_on(cx.xcom().push("k", &[vec![0.5; 20], vec![f64::NAN]]));
        pushed.unwrap_err().to_string()
    };
    let kept = error(airflow(directory.path()));
    assert_eq!(kept, error(Airflow::new()));
    assert!(kept.contains("[1][0]") && kept.contains("`k`"), "{kept}");
    assert!(files(directory.path()).is_empty());
}

/// Rows of about 2 MB of text.
fn many_rows() -> Vec<(u32, String)> {
    (0..60_000)
        .map(|n| (n, format!("row {n} of many")))
        .collect()
}

async fn push_rows(cx: &Context, rows: &[(u32, String)]) -> crate::Result<()> {
    let mut writer = cx.xcom().push_rows("return_value");
    for row in rows {
        writer.push(row).await?;
    }
    writer.finish().await
}

#[tokio::test(flavor = "current_thread")]
async fn a_list_is_written_and_read_row_by_row() {
    let rows = many_rows();
    let directory = tempfile::tempdir().unwrap();
    for (airflow, threshold) in [
        (airflow(directory.path()), 10),
        (airflow(directory.path()), 100_000_000),
        (Airflow::new(), 0),
    ] {
        let threshold = threshold.to_string();
        let airflow = airflow.config("common.io", "xcom_objectstorage_threshold", &threshold);
        for rows in [&rows[..], &rows[..1], &[]] {
            let cx = airflow.context("extract");
            push_rows(&cx, rows).await.unwrap();
            let whole = cx.xcom().pull::<Vec<(u32, String)>>("extract").await;
            assert!(whole.unwrap() == rows);
            let read = cx.xcom().pull_rows::<(u32, String)>("extract").await;
            assert!(read.unwrap().all().await.unwrap() == rows);
            let read = cx.xcom().pull_rows::<(u32, String)>("extract").await;
            assert!(read.unwrap().try_collect::<Vec<_>>().await.unwrap() == rows);
        }
    }
    // Of the first Airflow one object is left: the last list is too short for one.
    assert_eq!(files(directory.path()).len(), 2);
}

#[tokio::test(flavor = "current_thread")]
async fn a_list_that_is_not_finished_is_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let airflow = airflow(directory.path());
    let airflow = airflow.config("common.io", "xcom_objectstorage_compression", "");
    let cx = airflow.context("extract");
    let mut writer = cx.xcom().push_rows("k");
    let mut rows = many_rows().into_iter().cycle().take(1_000_000);
    while files(directory.path()).is_empty() {
        let row = rows.next().expect("a file was begun long before");
        writer.push(&row).await.unwrap();
    }
    drop(writer);
    let gone = async {
        while !files(directory.path()).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let patience = std::time::Duration::from_secs(60);
    tokio::time::timeout(patience, gone).await.unwrap();
    assert_eq!(airflow.stored("extract", "k"), None);
}

#[tokio::test(flavor = "current_thread")]
async fn a_row_that_is_no_json_is_named_and_left_out() {
    let directory = tempfile::tempdir().unwrap();
    let cx = airflow(directory.path()).context("extract");
    let mut writer = cx.xcom().push_rows("k");
    writer.push(&[0.5]).await.unwrap();
    let error = writer.push(&[f64::NAN]).await.unwrap_err().to_string();
    assert!(error.contains("`k`") && error.contains("[1][0]"), "{error}");
    writer.push(&[1.5]).await.unwrap();
    writer.finish().await.unwrap();
    let rows = cx.xcom().from("extract").key("k").rows::<[f64; 1]>().await;
    assert_eq!(rows.unwrap().all().await.unwrap(), [[0.5], [1.5]]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_store_that_takes_no_rows_fails_the_push_and_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let airflow = airflow(directory.path());
    let airflow = airflow.config("common.io", "xcom_objectstorage_compression", "");
    let cx = airflow.context("extract");
    let dag = directory.path().join(&cx.ti().dag_id);
    std::fs::write(dag, "").unwrap();
    let mut writer = cx.xcom().push_rows("k");
    let mut failed = None;
    for row in many_rows().into_iter().cycle().take(200_000) {
        if let Err(error) = writer.push(&row).await {
            failed = Some(error.to_string());
            break;
        }
    }
    let error = failed.unwrap();
    assert!(
        error.contains("`k`") && error.contains("file://"),
        "{error}"
    );
    let after = writer.finish().await.unwrap_err().to_string();
    assert!(after.contains("were not written"), "{after}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_row_that_does_not_fit_is_named_with_its_place_and_the_xcom() {
    let directory = tempfile::tempdir().unwrap();
    let cx = airflow(directory.path()).context("extract");
    let mut list: Vec<Value> = (0..100_000).map(Value::from).collect();
    list[70_000] = json!("x");
    cx.xcom().push("return_value", &list).await.unwrap();
    let mut rows = cx.xcom().pull_rows::<u32>("extract").await.unwrap();
    for place in 0..70_000 {
        assert_eq!(rows.next().await.unwrap().unwrap(), place);
    }
    let error = rows.next().await.unwrap().unwrap_err().to_string();
    for part in ["`return_value`", "`extract`", "[70000]", "u32"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert!(rows.next().await.is_none());
    let missing = cx.xcom().pull_rows::<u32>("other").await.unwrap_err();
    assert!(
        matches!(missing, crate::XcomError::Missing { .. }),
        "{missing}"
    );
}
