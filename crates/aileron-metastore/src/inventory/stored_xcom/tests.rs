use aileron_execution_api::ExecutionApi as _;
use aileron_wire::message::SetXCom;

use super::*;
use crate::database::{Dialect, sql};
use crate::fixture::{Fixture, json};

const BASE: &str = "s3://aws@bücket/x/";
const TAIL: &str = "bücket/x/";

async fn set(fixture: &Fixture, run: u8, key: &str, value: &str) {
    let api = fixture.task(run, "a", -1);
    let request = SetXCom::new(key, json(value), "d", format!("r{run}"), "a");
    api.set_xcom(request).await.unwrap();
}

async fn scan(fixture: &Fixture, texts: Texts, runs: RunChoice) -> Vec<StoredXCom> {
    let mut scan = fixture.store.inventory().scan_xcoms(XComScanOptions {
        lengths: Lengths::Computed,
        texts,
        runs,
    });
    // Every row is a page of its own, so that the positions between pages matter.
    scan.one_row_at_a_time();
    let mut all = Vec::new();
    while let Some(page) = scan.next_page().await.unwrap() {
        all.extend(page);
    }
    all
}

#[tokio::test]
async fn every_xcom_is_found_once() {
    let fixture = Fixture::new().await;
    for (run, key) in [(1, "a"), (1, "b"), (2, "a"), (2, "B"), (2, "é")] {
        set(&fixture, run, key, "1").await;
    }
    let found = scan(&fixture, Texts::None, RunChoice::All).await;
    let mut names: Vec<_> = found
        .iter()
        .map(|x| (x.run_id.as_str(), x.key.as_str()))
        .collect();
    names.sort_unstable();
    let expected = [
        ("r1", "a"),
        ("r1", "b"),
        ("r2", "B"),
        ("r2", "a"),
        ("r2", "é"),
    ];
    assert_eq!(names, expected);
    let unfinished = scan(&fixture, Texts::None, RunChoice::Unfinished).await;
    assert!(unfinished.iter().all(|x| x.run_id == "r2") && unfinished.len() == 3);
}

#[tokio::test]
async fn the_length_on_postgres_is_that_of_what_python_writes() {
    let fixture = Fixture::new().await;
    if fixture.store.database().dialect() == Dialect::Sqlite {
        return;
    }
    // The lengths of `json.dumps`: spaces after colons and commas, and six bytes for each UTF-16 unit beyond ASCII.
    let cases = [
        ("null", 4),
        (r#"{"a":1,"b":[true,null]}"#, 27),
        ("\"é\"", 8),
        ("\"𝄞\"", 14),
        ("\"aé𝄞\\n\\u0001\\u007f\"", 1 + 6 + 12 + 2 + 6 + 1 + 2),
        ("123456789012345678901234567890", 30),
    ];
    for (position, (value, _)) in cases.iter().enumerate() {
        set(&fixture, 1, &format!("k{position}"), value).await;
    }
    let found = scan(&fixture, Texts::None, RunChoice::All).await;
    let lengths: Vec<_> = found.iter().map(|x| x.length.unwrap()).collect();
    assert_eq!(lengths, cases.map(|(_, length)| length));
}

#[tokio::test]
async fn references_are_those_below_the_base_and_no_other() {
    let fixture = Fixture::new().await;
    let values = [
        format!("\"{BASE}d/r/a/1\""),
        "\"s3://aws@other/x/d/r/a/2\"".to_owned(),
        format!("[\"{BASE}d/r/a/3\"]"),
        "\"text\"".to_owned(),
    ];
    for (position, value) in values.iter().enumerate() {
        set(&fixture, 1, &format!("k{position}"), value).await;
    }
    // As Python writes it, where the column holds text.
    let escaped = values[0].replace('ü', "\\u00fc");
    fixture
        .run(
            sql("insert into xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp) \
                 select dag_run_id, task_id, map_index, 'python', dag_id, run_id, $1, timestamp from xcom where key = 'k0'")
            .bind(json(&escaped)),
        )
        .await;
    let keys = |found: Vec<StoredXCom>| -> Vec<String> {
        let found = found.into_iter().filter(|x| x.text.is_some());
        found.map(|x| x.key).collect()
    };
    let below = scan(&fixture, Texts::References(TAIL.into()), RunChoice::All).await;
    assert_eq!(keys(below), ["k0", "python"]);
    let mentioned = scan(&fixture, Texts::Mentioning(TAIL.into()), RunChoice::All).await;
    assert_eq!(keys(mentioned), ["k0", "k2", "python"]);
}

#[tokio::test]
async fn a_value_takes_the_place_of_its_reference_only() {
    let fixture = Fixture::new().await;
    let inventory = fixture.store.inventory();
    set(&fixture, 1, "k", &format!("\"{BASE}d/r/a/1\"")).await;
    let texts = Texts::References(TAIL.into());
    let found = scan(&fixture, texts, RunChoice::All).await.remove(0);
    let value = json(r#"{"n": 1.50, "big": 123456789012345678901234567890, "é": "𝄞"}"#);

    let rehearsed = inventory.restore_xcom(&found, value.clone(), false).await;
    assert_eq!(rehearsed.unwrap(), Restored::Done);
    let still = fixture
        .texts("select cast(value as text) as t from xcom")
        .await;
    assert_eq!(still, [found.text.clone().unwrap()]);

    let restored = inventory.restore_xcom(&found, value.clone(), true).await;
    assert_eq!(restored.unwrap(), Restored::Done);
    let stored = fixture
        .texts("select cast(value as text) as t from xcom")
        .await;
    assert_eq!(stored, [fixture.stored(value.get()).await]);
    // It is not a reference any more.
    let again = inventory.restore_xcom(&found, json("1"), true).await;
    assert_eq!(again.unwrap(), Restored::Changed);
    let stored_still = fixture
        .texts("select cast(value as text) as t from xcom")
        .await;
    assert_eq!(stored_still, stored);
}

#[tokio::test]
async fn unfinished_runs_are_the_oldest_first_with_what_runs_in_them() {
    let fixture = Fixture::new().await;
    fixture
        .run(sql(
            "update dag_run set state = 'queued' where run_id = 'r1'",
        ))
        .await;
    let runs = fixture.store.inventory().unfinished_runs().await.unwrap();
    let seen: Vec<_> = runs
        .iter()
        .map(|run| (run.run_id.as_str(), run.state.as_str(), run.running))
        .collect();
    assert_eq!(seen, [("r1", "queued", 5), ("r2", "running", 5)]);
}
