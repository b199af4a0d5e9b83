use aileron_wire::message::SetXCom;
use futures_util::TryStreamExt as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::pages::Pages;
use super::*;
use crate::testing::Airflow;

#[test]
fn a_pull_finds_the_value_by_task_and_key_and_says_what_is_missing_or_does_not_fit() {
    let airflow = Airflow::new()
        .xcom("extract", [1, 2])
        .xcom_at("extract", "name", "a");
    let cx = airflow.context("load");
    assert_eq!(
        cx.block_on(cx.xcom().pull::<Vec<i64>>("extract")).unwrap(),
        [1, 2]
    );
    let name = cx.block_on(cx.xcom().from("extract").key("name").get::<String>());
    assert_eq!(name.unwrap().as_deref(), Some("a"));
    let missing = cx.block_on(cx.xcom().pull::<i64>("other")).unwrap_err();
    assert!(matches!(missing, XcomError::Missing { .. }), "{missing}");
    let wrong = cx
        .block_on(cx.xcom().pull::<Vec<String>>("extract"))
        .unwrap_err()
        .to_string();
    for part in [
        "`return_value`",
        "`extract`",
        "Vec<alloc::string::String>",
        "value[0]",
    ] {
        assert!(wrong.contains(part), "{part}: {wrong}");
    }
}

#[test]
fn a_pull_unwraps_what_python_pushed_and_names_the_class_that_does_not_fit() {
    let set = json!({"__classname__": "builtins.set", "__version__": 1, "__data__": [1, 2]});
    let airflow = Airflow::new().xcom("extract", &set);
    let cx = airflow.context("load");
    assert_eq!(
        cx.block_on(cx.xcom().pull::<Vec<i64>>("extract")).unwrap(),
        [1, 2]
    );
    assert_eq!(
        cx.block_on(cx.xcom().pull::<Value>("extract")).unwrap(),
        set
    );
    let wrong = cx
        .block_on(cx.xcom().pull::<i64>("extract"))
        .unwrap_err()
        .to_string();
    for part in ["`return_value`", "`extract`", "i64", "builtins.set"] {
        assert!(wrong.contains(part), "{part}: {wrong}");
    }
}

#[test]
fn a_type_of_python_is_pushed_wrapped_and_read_back() {
    let airflow = Airflow::new();
    let cx = airflow.context("load");
    let day = crate::python::Date(jiff::civil::date(2024, 6, 1));
    cx.block_on(cx.xcom().push("day", &day)).unwrap();
    assert_eq!(
        airflow.pushed::<Value>("load", "day").unwrap()["__classname__"],
        "datetime.date"
    );
    assert_eq!(airflow.pushed("load", "day"), Some(day));
}

#[test]
fn missing_and_null_are_told_apart_where_airflow_can() {
    let airflow = Airflow::new()
        .xcom("null", Value::Null)
        .xcom_mapped("mapped", [Value::Null, Value::from(7)])
        .xcom_mapped("one", [1]);
    let cx = airflow.context("load");
    let fetch = |task: &str, map_index: Option<i64>| {
        let mut pull = cx.xcom().from(task);
        if let Some(index) = map_index {
            pull = pull.map_index(index);
        }
        cx.block_on(pull.fetch::<i64>()).unwrap()
    };
    assert_eq!(fetch("null", None), Pulled::Null);
    assert_eq!(fetch("missing", None), Pulled::Missing);
    assert_eq!(fetch("mapped", None), Pulled::Missing);
    assert_eq!(fetch("one", None), Pulled::Missing);
    assert_eq!(fetch("mapped", Some(1)), Pulled::Value(7));
    assert_eq!(fetch("mapped", Some(0)), Pulled::NullOrMissing);
    assert_eq!(fetch("missing", Some(0)), Pulled::Missing);
}

#[test]
fn several_tasks_are_pulled_in_their_order() {
    let airflow = Airflow::new()
        .xcom("a", 1)
        .xcom("b", 2)
        .xcom_at("b", "k", 3);
    let cx = airflow.context("load");
    assert_eq!(
        cx.block_on(cx.xcom().pull_each::<i64>(["b", "a"])).unwrap(),
        [2, 1]
    );
    let keyed = cx.xcom().from_each(["a", "b"]).key("k");
    assert_eq!(
        cx.block_on(keyed.clone().get::<i64>()).unwrap(),
        [None, Some(3)]
    );
    let error = cx.block_on(keyed.require::<i64>()).unwrap_err();
    assert!(error.to_string().contains("task `a`"), "{error}");
}

#[test]
fn a_mapped_push_carries_the_length_and_takes_only_lists_and_maps() {
    let airflow = Airflow::new();
    let cx = airflow.context("list");
    cx.block_on(cx.xcom().push_mapped("return_value", &["a", "b"]))
        .unwrap();
    assert_eq!(airflow.mapped_length("list", "return_value"), Some(2));
    assert_eq!(
        airflow.pushed::<Vec<String>>("list", "return_value"),
        Some(vec!["a".to_owned(), "b".to_owned()])
    );
    let set = crate::python::Set::from_iter([1]);
    for error in [
        cx.block_on(cx.xcom().push_mapped("k", "text")),
        cx.block_on(cx.xcom().push_mapped("k", &set)),
    ] {
        assert!(error.unwrap_err().to_string().contains("list or a map"));
    }
    cx.block_on(cx.xcom().delete("return_value")).unwrap();
    assert_eq!(airflow.pushed::<Value>("list", "return_value"), None);
}

#[test]
fn a_sequence_counts_and_finds_items_from_both_ends() {
    let cx = Airflow::new()
        .xcom_mapped("m", [10, 11, 12])
        .context("load");
    let sequence = cx.xcom().sequence::<i64>("m");
    assert_eq!(cx.block_on(sequence.count()).unwrap(), 3);
    for (position, value) in [
        (0, Some(10)),
        (2, Some(12)),
        (3, None),
        (-1, Some(12)),
        (-3, Some(10)),
        (-4, None),
    ] {
        assert_eq!(cx.block_on(sequence.item(position)).unwrap(), value);
    }
    let none = cx.xcom().sequence::<i64>("nobody");
    assert_eq!(cx.block_on(none.count()).unwrap(), 0);
    assert_eq!(cx.block_on(none.stream().all()).unwrap(), [0_i64; 0]);
}

#[test]
fn a_stream_is_also_a_futures_stream_and_unwraps_every_item() {
    let day = crate::python::Date(jiff::civil::date(2024, 6, 1));
    let cx = Airflow::new().xcom_mapped("m", [day; 5]).context("load");
    let days = cx.xcom().sequence::<jiff::civil::Date>("m").page_size(2);
    let read: Vec<_> = cx.block_on(days.stream().try_collect()).unwrap();
    assert_eq!(read, [day.0; 5]);
}

#[test]
fn a_stream_ends_after_an_item_that_does_not_fit() {
    let cx = Airflow::new()
        .xcom_mapped("m", [json!(1), json!("x"), json!(3)])
        .context("load");
    let mut stream = cx.xcom().sequence::<i64>("m").page_size(1).stream();
    assert_eq!(cx.block_on(stream.next()).unwrap().unwrap(), 1);
    let error = cx.block_on(stream.next()).unwrap().unwrap_err();
    assert!(matches!(error, XcomError::Mismatch { .. }), "{error}");
    assert!(cx.block_on(stream.next()).is_none());
    let zero = cx.block_on(cx.xcom().sequence::<i64>("m").slice(None, None, 0));
    assert!(matches!(zero, Err(XcomError::ZeroStep)));
}

/// What `list[start:stop:step]` gives, by Python's definition.
fn python_slice(length: i64, start: Option<i64>, stop: Option<i64>, step: i64) -> Vec<i64> {
    let resolve = |n: i64| if n < 0 { n + length } else { n };
    let low = if step > 0 { 0 } else { -1 };
    let high = if step > 0 { length } else { length - 1 };
    let start = start.map_or(if step > 0 { low } else { high }, |n| {
        resolve(n).clamp(low, high)
    });
    let stop = stop.map_or(if step > 0 { high } else { low }, |n| {
        resolve(n).clamp(low, high)
    });
    let mut taken = Vec::new();
    let mut at = start;
    while if step > 0 { at < stop } else { at > stop } {
        taken.push(at);
        at += step;
    }
    taken
}

proptest! {
    #[test]
    fn every_slice_is_the_one_python_takes(
        length in 0_i64..12,
        start in prop::option::of(-15_i64..15),
        stop in prop::option::of(-15_i64..15),
        step in prop_oneof![-5_i64..=-1, 1_i64..=5],
        page in 1_u32..5,
    ) {
        let cx = Airflow::new().xcom_mapped("m", 0..length).context("load");
        let sequence = cx.xcom().sequence::<i64>("m").page_size(page);
        let read = cx.block_on(async { sequence.slice(start, stop, step).await?.all().await }).unwrap();
        prop_assert_eq!(read, python_slice(length, start, stop, step));
    }

    #[test]
    fn every_request_for_a_page_is_well_formed_and_bounded(
        length: u32,
        start: Option<i64>,
        stop: Option<i64>,
        step in any::<i64>().prop_filter("refused before", |step| *step != 0),
        size in 1_i64..1_000,
    ) {
        let pages = Pages::without_length(start, stop, step, size)
            .unwrap_or_else(|| Pages::within(length.into(), start, stop, step, size));
        let mut here = pages;
        for _ in 0..10 {
            let Some(page) = here.page() else { break };
            prop_assert!(0 <= page.start && page.start < page.stop && page.step > 0, "{page:?}");
            prop_assert!(page.length == 1 || page.stop - page.start <= size, "{page:?}");
            here.advance(&page, page.length);
        }
    }
}

#[test]
fn a_value_put_into_a_body_encoded_reads_as_the_same_message() {
    let cx = Airflow::new().context("load");
    let encoded = json::encode(&vec![1, 2, 300]).unwrap();
    let message: SetXCom<Vec<i32>> =
        json::decode(&push::body(cx.ti(), "rows", &encoded, None)).unwrap();
    assert_eq!(message.value, [1, 2, 300]);
    assert_eq!(message.key, "rows");
    assert_eq!(message.task_id, "load");
    assert_eq!(message.map_index, Some(-1));
    assert!(!message.dag_result);
    assert_eq!(message.mapped_length, None);
    let mapped: SetXCom = json::decode(&push::body(cx.ti(), "rows", &encoded, Some(3))).unwrap();
    assert_eq!(mapped.mapped_length, Some(3));
}
