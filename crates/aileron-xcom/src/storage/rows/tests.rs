use aileron_wire::json::encode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::storage::testing::Stored;
use crate::storage::{ObjectStorage, Problem, Reference, ValueError};

async fn all<T: serde::de::DeserializeOwned + Send + 'static>(
    storage: &ObjectStorage,
    object: &Reference,
) -> (Vec<T>, Option<ValueError>) {
    let mut rows = storage.read_rows::<T>(object).await.unwrap();
    let mut read = Vec::new();
    while let Some(row) = rows.next().await {
        match row {
            Ok(row) => read.push(row),
            Err(error) => {
                assert!(rows.next().await.is_none());
                return (read, Some(error));
            }
        }
    }
    assert!(rows.next().await.is_none());
    (read, None)
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, Deserialize)]
struct Row {
    id: usize,
    name: String,
}

fn rows(count: usize) -> Vec<Row> {
    (0..count)
        .map(|id| Row {
            id,
            name: "ü,]\"".repeat(id % 50),
        })
        .collect()
}

#[tokio::test]
async fn rows_come_in_their_order_with_every_codec() {
    for codec in ["", "gzip", "bz2", "xz", "lzma", "zstd", "zip"] {
        let stored = Stored::new(codec);
        for count in [0, 1, 600] {
            let object = stored.object();
            let rows = rows(count);
            let encoded = encode(&rows).unwrap();
            stored.storage.write(&object, encoded.into()).await.unwrap();
            let (read, error) = all::<Row>(&stored.storage, &object).await;
            assert!(error.is_none(), "{codec}: {error:?}");
            assert!(read == rows, "{codec}, {count}");
        }
    }
}

#[tokio::test]
async fn what_is_wrapped_is_unwrapped_one_row_or_all() {
    let stored = Stored::new("");
    let set = |data: &str| {
        format!(r#"{{"__classname__": "builtins.set", "__version__": 1, "__data__": {data}}}"#)
    };
    let object = stored.text(&format!("[[3], {}]", set("[1, 2]")));
    let (read, error) = all::<Vec<u8>>(&stored.storage, &object).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(read, [vec![3], vec![1, 2]]);
    let object = stored.text(&set("[1, 2]"));
    assert_eq!(all::<u8>(&stored.storage, &object).await.0, [1, 2]);
}

#[tokio::test]
async fn rows_before_one_that_does_not_fit_are_given_and_its_place_is_said() {
    let stored = Stored::new("");
    let mut list: Vec<Value> = rows(4_000).into_iter().map(|row| json!(row)).collect();
    list[3_000]["name"] = json!(7);
    let object = stored.text(&json!(list).to_string());
    let (read, error) = all::<Row>(&stored.storage, &object).await;
    assert_eq!(read, rows(3_000));
    let error = error.unwrap().to_string();
    assert!(error.starts_with("at [3000].name: "), "{error}");
}

#[tokio::test]
async fn a_list_that_goes_wrong_ends_with_an_error() {
    let stored = Stored::new("");
    for (text, whole, told) in [
        ("[1, 2", 1, "behind 1 whole elements"),
        ("[1, 2] 3", 2, "behind 2 whole elements"),
        ("[1, , 3]", 1, "behind 1 whole elements"),
        ("[1, ]", 1, "behind 1 whole elements"),
        ("[ , 1]", 0, "behind 0 whole elements"),
        ("[1, 2 3]", 1, "element 1 of the list"),
        ("[1, 1180591620717411303424]", 0, "1180591620717411303424"),
        ("", 0, "not JSON"),
        ("{\"a\": 1}", 0, "expected a sequence"),
        ("null", 0, "expected a sequence"),
    ] {
        let object = stored.text(text);
        let (read, error) = all::<u32>(&stored.storage, &object).await;
        assert_eq!(read.len(), whole, "{text}");
        let error = error.expect(text);
        assert!(matches!(error, ValueError::Decode(_)), "{text}: {error}");
        assert!(error.to_string().contains(told), "{text}: {error}");
    }
    let object = stored.text("[ \n]");
    assert!(matches!(all::<u32>(&stored.storage, &object).await, (read, None) if read.is_empty()));
}

#[tokio::test]
async fn an_object_that_is_missing_or_damaged_is_named() {
    let stored = Stored::new("gzip");
    let object = stored.object();
    let missing = stored.storage.read_rows::<Row>(&object).await.unwrap_err();
    assert!(matches!(missing.problem, Problem::Missing), "{missing}");
    let encoded = encode(&rows(2_000)).unwrap();
    stored.storage.write(&object, encoded.into()).await.unwrap();
    let whole = std::fs::read(stored.file(&object)).unwrap();
    std::fs::write(stored.file(&object), &whole[..whole.len() - 3]).unwrap();
    let (_, error) = all::<Row>(&stored.storage, &object).await;
    let error = error.unwrap().to_string();
    assert!(
        error.contains("gzip") && error.contains(object.as_str()),
        "{error}"
    );
}

/// Reading this panics.
#[derive(Debug)]
struct Panics;

impl<'de> Deserialize<'de> for Panics {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("in the middle")
    }
}

#[tokio::test]
async fn a_row_that_panics_panics_where_it_is_asked_for() {
    let stored = Stored::new("");
    let object = stored.text("[1, 2]");
    let mut rows = stored.storage.read_rows::<Panics>(&object).await.unwrap();
    let asked = tokio::spawn(async move { rows.next().await.is_some() });
    assert!(asked.await.unwrap_err().is_panic());
}

#[tokio::test]
async fn rows_that_nobody_wants_stop_the_thread() {
    let stored = Stored::new("");
    let object = stored.text(&json!(rows(20_000)).to_string());
    let mut rows = stored.storage.read_rows::<Row>(&object).await.unwrap();
    assert_eq!(rows.next().await.unwrap().unwrap().id, 0);
    assert!(is_running());
    drop(rows);
    let start = std::time::Instant::now();
    while is_running() {
        assert!(start.elapsed().as_secs() < 60);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Whether a thread of this process reads the rows of this test's object.
fn is_running() -> bool {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let names =
        tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "aileron-rows").count() > 0
}
