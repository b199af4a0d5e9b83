//! What becomes of values in object storage when the store fails: a real S3 server, and a proxy before it that lets requests fail.

use std::process::Command;
use std::time::Duration;

use aileron_config::Config;
use aileron_object_storage::Account;
use aileron_uri::ConnectionFields;
use aileron_wire::json;
use aileron_xcom::ListText;
use aileron_xcom::storage::{Coordinate, Ended, Layout, ObjectStorage, Reference, Settings};
use anyhow::{Context as _, Result, ensure};
use end_to_end::{Fault, FaultProxy, ObjectStore};

/// More requests than any of these makes.
const ALWAYS: usize = 1_000;

const TASK: Coordinate<'_> = Coordinate {
    dag_id: "d",
    run_id: "r",
    task_id: "t",
    ti_id: None,
};

fn storage(base: &str, endpoint: Option<&str>) -> Result<ObjectStorage> {
    let settings = Settings::of_xcoms(&Config::with_environment([(
        "AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH",
        base,
    )]))?;
    let account = endpoint.map(|endpoint| {
        let extra = serde_json::json!({"region_name": "us-east-1", "endpoint_url": endpoint});
        Account::new(ConnectionFields {
            conn_type: "aws".to_owned(),
            login: Some("id".to_owned()),
            password: Some("secret".to_owned()),
            extra: Some(extra.to_string()),
            ..ConnectionFields::default()
        })
    });
    Ok(ObjectStorage::open(
        &settings,
        account.transpose()?.as_ref(),
    )?)
}

/// A text of so many bytes, encoded.
fn value(bytes: usize) -> Result<Vec<u8>> {
    Ok(json::encode(&"x".repeat(bytes - 2))?)
}

async fn error_of_read(storage: &ObjectStorage, object: &Reference) -> Result<String> {
    match storage.read(object).await {
        Ok(text) => anyhow::bail!("{} bytes were read", text.len()),
        Err(error) => Ok(error.to_string()),
    }
}

#[tokio::test]
async fn a_store_that_fails_for_a_while_is_asked_again_and_one_that_fails_is_named() -> Result<()> {
    let store = ObjectStore::start("faults")?;
    let proxy = FaultProxy::start(store.url())?;
    let storage = storage("s3://c@faults/x", Some(proxy.url()))?;
    let object = storage.xcom(Layout::Airflow33, &TASK, "k")?;
    let small = value(1_000)?;

    proxy.fail("PUT", Fault::Status(503), 0, 2);
    storage.write(&object, small.clone().into()).await?;
    proxy.fail("GET", Fault::Status(500), 0, 2);
    ensure!(storage.read(&object).await?.len() == 1_000);
    proxy.fail("GET", Fault::Slow, 0, ALWAYS);
    ensure!(storage.read(&object).await?.len() == 1_000);
    proxy.fail("GET", Fault::Truncated, 0, 1);
    ensure!(storage.read(&object).await?.len() == 1_000);
    proxy.fail("GET", Fault::Damaged, 0, 1);
    ensure!(storage.read(&object).await?.len() == 1_000);

    proxy.fail("GET", Fault::Damaged, 0, ALWAYS);
    let error = error_of_read(&storage, &object).await?;
    ensure!(
        error.contains("another checksum") && error.contains(object.as_str()),
        "{error}"
    );
    proxy.fail("GET", Fault::Status(403), 0, ALWAYS);
    let error = error_of_read(&storage, &object).await?;
    ensure!(
        error.contains("403") && error.contains(object.as_str()),
        "{error}"
    );
    // S3 deletes by a POST that lists the objects.
    proxy.fail("POST", Fault::Status(403), 0, ALWAYS);
    let error = storage
        .delete(&object)
        .await
        .map_err(|error| error.to_string());
    ensure!(error.is_err_and(|error| error.contains("cannot delete the object")));

    proxy.heal();
    storage.delete(&object).await?;
    let error = error_of_read(&storage, &object).await?;
    ensure!(
        error.contains("it is not there") && error.contains(object.as_str()),
        "{error}"
    );

    proxy.fail("PUT", Fault::Status(503), 0, ALWAYS);
    let error = storage
        .write(&object, small.into())
        .await
        .map_err(|error| error.to_string());
    let error = error.err().unwrap_or_default();
    ensure!(
        error.contains("503") && error.contains(object.as_str()),
        "{error}"
    );
    ensure!(store.keys("faults", "x")?.is_empty());
    Ok(())
}

#[tokio::test]
async fn an_upload_that_fails_half_way_leaves_nothing_visible() -> Result<()> {
    let store = ObjectStore::start("faults")?;
    let proxy = FaultProxy::start(store.url())?;
    let storage = storage("s3://c@faults/x", Some(proxy.url()))?;
    let object = storage.xcom(Layout::Airflow33, &TASK, "k")?;
    let large = value(40 << 20)?;
    // The first two parts arrive.
    proxy.fail("PUT", Fault::Status(403), 2, ALWAYS);
    let written = storage.write(&object, large.clone().into()).await;
    let error = written
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    ensure!(error.contains("cannot write the object"), "{error}");
    ensure!(store.keys("faults", "x")?.is_empty());
    proxy.fail("PUT", Fault::Status(403), 2, ALWAYS);
    let lines = vec!["x".repeat(1_000); 40_000];
    let written = storage.write_value(&object, &lines, 0).await;
    ensure!(written.is_err() && store.keys("faults", "x")?.is_empty());
    proxy.heal();
    let written = storage.write_value(&object, &lines, 0).await?;
    ensure!(written == Some(40_000 * 1_004), "{written:?}");
    ensure!(storage.read_value::<Vec<String>>(&object).await? == lines);
    ensure!(storage.write(&object, large.into()).await? == 40 << 20);
    ensure!(storage.read(&object).await?.len() == 40 << 20);
    Ok(())
}

/// Writes lines one by one, in pieces.
async fn write_rows(
    storage: &ObjectStorage,
    object: &Reference,
    lines: &[String],
) -> Result<Ended> {
    let mut list = ListText::default();
    let mut writer = storage.writer(object, 0)?;
    for line in lines {
        list.push(line)?;
        if list.len() >= ListText::PIECE {
            writer.write(list.take().into()).await?;
        }
    }
    writer.write(list.end().into()).await?;
    Ok(writer.end().await?)
}

/// Reads lines one by one: how many are as they were written, and the error behind them.
async fn read_rows(
    storage: &ObjectStorage,
    object: &Reference,
    lines: &[String],
) -> Result<(usize, Option<String>)> {
    let mut rows = storage.read_rows::<String>(object).await?;
    let mut read = 0;
    while let Some(row) = rows.next().await {
        match row {
            Ok(row) => ensure!(row == lines[read], "row {read} is another one"),
            Err(error) => {
                ensure!(rows.next().await.is_none(), "rows come behind an error");
                return Ok((read, Some(error.to_string())));
            }
        }
        read += 1;
    }
    Ok((read, None))
}

#[tokio::test]
async fn rows_come_whole_or_end_with_an_error() -> Result<()> {
    let store = ObjectStore::start("faults")?;
    let proxy = FaultProxy::start(store.url())?;
    let storage = storage("s3://c@faults/x", Some(proxy.url()))?;
    let object = storage.xcom(Layout::Airflow33, &TASK, "k")?;
    let lines: Vec<String> = (0..20_000).map(|n| format!("{n:01000}")).collect();
    // The first two parts arrive.
    proxy.fail("PUT", Fault::Status(403), 2, ALWAYS);
    let error = write_rows(&storage, &object, &lines).await;
    let error = error
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    ensure!(error.contains("cannot write the object"), "{error}");
    ensure!(store.keys("faults", "x")?.is_empty());
    proxy.heal();
    // Given up half way.
    let mut writer = storage.writer(&object, 0)?;
    for _ in 0..20 {
        writer.write(vec![b' '; 1 << 20].into()).await?;
    }
    drop(writer);
    // Whoever sends it has the time to end it, were he to take this for the end.
    tokio::time::sleep(Duration::from_secs(1)).await;
    ensure!(store.keys("faults", "x")?.is_empty());

    let written = write_rows(&storage, &object, &lines).await?;
    ensure!(
        matches!(written, Ended::Object { size, .. } if size == 20_000 * 1_004),
        "{written:?}"
    );
    ensure!(storage.read_value::<Vec<String>>(&object).await? == lines);
    ensure!(read_rows(&storage, &object, &lines).await? == (20_000, None));
    // The store may be asked for the rest of what was cut off.
    proxy.fail("GET", Fault::Truncated, 0, 1);
    match read_rows(&storage, &object, &lines).await? {
        (20_000, None) => {}
        (read, error) => {
            let error = error.context("a list that was cut off has ended well")?;
            ensure!(read < 20_000 && error.contains(object.as_str()), "{error}");
        }
    }
    proxy.fail("GET", Fault::Truncated, 0, ALWAYS);
    let (read, error) = read_rows(&storage, &object, &lines).await?;
    let error = error.context("a list that was cut off has ended well")?;
    ensure!(read < 20_000 && error.contains(object.as_str()), "{error}");

    // One part: its tag is the MD5 of its content. The byte in the middle, which differs, is within a line: the text is JSON all the same.
    let few = &lines[..2_001];
    write_rows(&storage, &object, few).await?;
    proxy.fail("GET", Fault::Damaged, 0, ALWAYS);
    let mut rows = storage.read_rows::<String>(&object).await?;
    let mut last = None;
    while let Some(row) = rows.next().await {
        last = row.err();
    }
    let error = last.context("what was damaged has ended well")?.to_string();
    ensure!(
        error.contains("another checksum") && error.contains(object.as_str()),
        "{error}"
    );
    Ok(())
}

#[tokio::test]
async fn a_store_that_is_not_there_is_an_error_within_a_minute() -> Result<()> {
    // Nobody listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let storage = storage("s3://c@faults/x", Some(&endpoint))?;
    let object = storage.xcom(Layout::Airflow33, &TASK, "k")?;
    let asked = tokio::time::timeout(Duration::from_secs(60), storage.read(&object)).await?;
    let error = asked
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    ensure!(
        error.contains(object.as_str()) && error.contains(&port.to_string()),
        "{error}"
    );
    Ok(())
}

/// The directory for the process with the limit.
const LIMITED: &str = "AILERON_TEST_LIMITED_DIRECTORY";

/// A disk cannot be filled without rights that tests do not have. A limit on the size of files lets the same calls fail, with another
/// error of the system.
#[test]
fn a_full_disk_is_an_error_and_leaves_nothing_behind() -> Result<()> {
    let directory = tempfile::tempdir()?;
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe()?)
        .args(["--ignored", "--exact", "the_process_with_the_limit"])
        .env(LIMITED, directory.path())
        .status()?;
    ensure!(status.success(), "{status}");
    Ok(())
}

#[tokio::test]
#[ignore = "run by the test above"]
async fn the_process_with_the_limit() -> Result<()> {
    let Ok(directory) = std::env::var(LIMITED) else {
        return Ok(());
    };
    let storage = storage(&format!("file://{directory}"), None)?;
    for bytes in [3 << 20, 20 << 20] {
        let object = storage.xcom(Layout::Airflow33, &TASK, "k")?;
        let written = storage.write(&object, value(bytes)?.into()).await;
        // Written by a thread, while the text is made.
        let lines = vec!["x".repeat(1_000); bytes / 1_000];
        let serialized = storage.write_value(&object, &lines, 0).await;
        let one_by_one = write_rows(&storage, &object, &lines).await;
        for error in [
            written.err().map(|error| error.to_string()),
            serialized.err().map(|error| error.to_string()),
            one_by_one.err().map(|error| error.to_string()),
        ] {
            let error = error.context("it was written")?;
            ensure!(
                error.contains("cannot write the object") && error.contains("File too large"),
                "{error}"
            );
        }
        let error = error_of_read(&storage, &object).await?;
        ensure!(error.contains("it is not there"), "{error}");
    }
    let left = std::path::Path::new(&directory).join("d/r/t");
    ensure!(
        std::fs::read_dir(left)?.next().is_none(),
        "something is left"
    );
    Ok(())
}
