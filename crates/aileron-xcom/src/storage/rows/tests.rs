use std::collections::{BTreeMap, BTreeSet};

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
    let (read, error) = all::<Row>(&stored.storage, &object).await;
    assert_eq!(read.len(), 2_000);
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

/// So many rows that they come in several parts.
const MANY: usize = 600;

/// A list, with something else in the place of some of its rows.
fn list(instead: impl Fn(usize) -> Option<String>) -> String {
    let rows = rows(MANY).into_iter().enumerate();
    let texts = rows.map(|(at, row)| instead(at).unwrap_or_else(|| json!(row).to_string()));
    format!("[{}]", texts.collect::<Vec<_>>().join(", "))
}

/// What comes of a list, beside what reading it at once gives.
async fn as_the_whole(stored: &Stored, text: &str) -> usize {
    let object = stored.text(text);
    let (read, error) = all::<Value>(&stored.storage, &object).await;
    match crate::json::decode_pieces::<Vec<Value>>(vec![text.into()]) {
        Ok(whole) => {
            assert!(error.is_none(), "{error:?}");
            assert!(read == whole, "{} of {}", read.len(), whole.len());
        }
        Err(whole) => {
            let error = error.unwrap_or_else(|| panic!("{whole}"));
            assert!(matches!(error, ValueError::Decode(_)), "{error}");
        }
    }
    read.len()
}

#[tokio::test]
async fn a_list_that_looks_otherwise_further_on_is_read_all_the_same() {
    let stored = Stored::new("");
    let within = |from: usize, text: &'static str| {
        list(move |at| (at >= from && at % 7 == 0).then(|| text.to_owned()))
    };
    for text in [
        // A child begins as a row does.
        within(100, r#"{"id": 1, "of": [{"id": 2}, {"id": 3}, {"id": 4}]}"#),
        within(
            100,
            r#"{"id": 1, "of": [[{"id": 2}, {"id": "}, {\"id\": 3}"}], {"id": 4}]}"#,
        ),
        within(100, r#"{"name": "}, {", "id": 1}"#),
        within(100, r#"[{"id": 2}, {"id": 3}]"#),
        within(100, "null"),
        within(100, r#""}, {\"id\": ""#),
        within(100, r#" {"id":1}"#),
        list(|at| (at > 100).then(|| "7".into())),
        list(|at| (at > 100).then(|| r#"{"other": 7}"#.into())),
        // Longer than all that is put together.
        list(|at| (at == 300).then(|| format!(r#"{{"id": 1, "name": "{}"}}"#, "x".repeat(99_999)))),
        list(|at| {
            let children = r#"{"id": 2}, "#.repeat(9_999);
            (at == 300).then(|| format!(r#"{{"id": 1, "of": [{children}0]}}"#))
        }),
    ] {
        assert_eq!(as_the_whole(&stored, &text).await, MANY);
    }
}

#[tokio::test]
async fn what_is_wrapped_is_unwrapped_in_any_row() {
    let stored = Stored::new("");
    let set = r#"{"__classname__": "builtins.set", "__version__": 1, "__data__": [1]}"#;
    let text = list(|at| {
        Some(format!(
            r#"{{"id": {}}}"#,
            if at % 50 == 1 { set } else { "[1]" }
        ))
    });
    let object = stored.text(&text);
    let (read, error) = all::<BTreeMap<String, BTreeSet<u8>>>(&stored.storage, &object).await;
    assert!(error.is_none(), "{error:?}");
    let row = BTreeMap::from([("id".to_owned(), BTreeSet::from([1]))]);
    assert_eq!(read, vec![row; MANY]);
}

#[tokio::test]
async fn a_long_list_that_goes_wrong_ends_with_an_error_behind_its_last_good_row() {
    let stored = Stored::new("");
    let text = list(|_| None);
    let behind_all = format!("behind {MANY} whole");
    for (wrong, whole, told) in [
        (text.replace("\"}]", "\"}"), MANY - 1, "behind 599 whole"),
        (text.replace("\"}]", "\"}, ]"), MANY, &behind_all),
        (text.replace("\"}]", "\"}}"), MANY - 1, "behind 599 whole"),
        (format!("{text}]"), MANY, &behind_all),
        (format!("{text}, {{\"id\": 1}}"), MANY, &behind_all),
        (text.replace("{\"id\":400,", ""), 400, "behind 400 whole"),
        (
            text.replace("\"id\":400,", "\"id\" 400,"),
            400,
            "element 400",
        ),
        (
            text.replace("\"id\":400,", "\"id\":4O0,"),
            400,
            "element 400",
        ),
        (
            text.replace("}, {\"id\":400,", "} {\"id\":400,"),
            399,
            "element 399",
        ),
        (
            text.replace("}, {\"id\":400,", "}, , {\"id\":400,"),
            400,
            "behind 400 whole",
        ),
    ] {
        let object = stored.text(&wrong);
        let (read, error) = all::<Row>(&stored.storage, &object).await;
        let error = error.expect(told).to_string();
        assert!(error.contains(told), "{told}: {error}");
        assert_eq!(read, rows(whole)[..], "{told}");
    }
}

#[tokio::test]
async fn a_list_that_is_cut_off_anywhere_gives_the_rows_that_are_whole() {
    let stored = Stored::new("");
    let text = list(|_| None);
    for length in (1..text.len())
        .step_by(997)
        .filter(|at| text.is_char_boundary(*at))
    {
        let whole = text[..length].matches("\"},").count();
        let object = stored.text(&text[..length]);
        let (read, error) = all::<Row>(&stored.storage, &object).await;
        assert!(error.is_some(), "{length}");
        assert!(read == rows(whole), "{length}: {} of {whole}", read.len());
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(40))]

    #[test]
    fn rows_are_those_of_the_whole(
        kinds in proptest::collection::vec(0..8_usize, 1..200),
        broken in proptest::option::of((proptest::prelude::any::<proptest::sample::Index>(), r#"[\[\]{},:" x1\\]"#)),
    ) {
        const KINDS: [&str; 8] = [
            r#"{"id": 1, "name": "some name, and more of it, so that it is long"}"#,
            r#"{"id": 2, "of": {"id": 3, "in": [{"key": 1}, {"key": 2}]}}"#,
            r#"{"id": 1, "name": "}, {\"id\": 1}, {"}"#,
            r#"{"id": 1.5}"#,
            r#"{"id": [[], {}, "]"]}"#,
            r#"{"id": 4, "of": [{"id": 5}, {"id": 6}]}"#,
            r#"{"other": 4}"#,
            r#"{"id": {"__classname__": "builtins.set", "__version__": 1, "__data__": [1]}}"#,
        ];
        // The first of them often, so that there is a seam.
        let texts = kinds.iter().flat_map(|kind| std::iter::repeat_n(KINDS[0], 20).chain([KINDS[*kind]]));
        let mut text = format!("[{}]", texts.collect::<Vec<_>>().join(", "));
        if let Some((at, with)) = broken {
            let at = at.index(text.len());
            text.replace_range(at..=at, &with);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(as_the_whole(&Stored::new(""), &text));
    }
}
