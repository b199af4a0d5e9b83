use aileron_execution_api::ExecutionApi as _;
use aileron_wire::message::{
    DeleteXCom, GetXCom, GetXComCount, GetXComSequenceItem, GetXComSequenceSlice, SetXCom,
};

use crate::fixture::{Fixture, json, refusal};

fn set(
    run: &str,
    task_id: &str,
    index: i64,
    key: &str,
    value: &str,
) -> SetXCom<aileron_wire::json::RawJson> {
    let mut request = SetXCom::new(key, json(value), "d", run, task_id);
    request.map_index = Some(index);
    request
}

fn get(run: &str, task_id: &str, index: i64, key: &str) -> GetXCom {
    let mut query = GetXCom::new(key, "d", run, task_id);
    query.map_index = Some(index);
    query
}

#[tokio::test]
async fn a_value_comes_back_as_the_database_stores_it() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    for value in [
        r#"{"b":1,"a":[1.0,"é\u2028",null]}"#,
        "null",
        "1.0",
        "-0.0",
        "18446744073709551615",
        "123456789012345678901234567890",
        "0.1",
        "1e400",
        r#""12""#,
        "true",
    ] {
        api.set_xcom(set("r2", "a", -1, "k", value)).await.unwrap();
        let found = api.xcom(get("r2", "a", -1, "k")).await.unwrap();
        assert_eq!(found.get(), fixture.stored(value).await);
    }
    assert_eq!(fixture.number("select count(*) as n from xcom").await, 1);
}

#[tokio::test]
async fn only_an_existing_task_instance_has_xcoms() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    let error = api
        .set_xcom(set("none", "a", -1, "k", "1"))
        .await
        .unwrap_err();
    // Airflow says this one without a reason.
    assert_eq!(error.status, Some(404));
    assert!(error.detail.is_string());
    for (task_id, index) in [("none", -1), ("a", 0), ("m", 4)] {
        let result = api.set_xcom(set("r2", task_id, index, "k", "1")).await;
        assert_eq!(refusal(result), (404, "not_found".into()));
    }
    for key in ["", &"k".repeat(513)] {
        let result = api.set_xcom(set("r2", "a", -1, key, "1")).await;
        assert_eq!(refusal(result), (400, "invalid_key".into()));
    }
    let result = api.xcom(get("r2", "a", -1, "k")).await;
    assert_eq!(refusal(result), (404, "not_found".into()));
}

#[tokio::test]
async fn the_length_for_expansion_is_kept_and_bounded() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    let of_length = |length| {
        let mut request = set("r2", "a", -1, "k", "[1]");
        request.mapped_length = Some(length);
        request
    };
    api.set_xcom(of_length(3)).await.unwrap();
    api.set_xcom(of_length(1024)).await.unwrap();
    let refused = refusal(api.set_xcom(of_length(1025)).await);
    assert_eq!(refused, (400, "unmappable_return_value_length".into()));
    assert_eq!(refusal(api.set_xcom(of_length(-1)).await).0, 422);
    assert_eq!(
        fixture.number("select length as n from task_map").await,
        1024
    );
}

#[tokio::test]
async fn the_instances_of_a_mapped_task_are_a_sequence() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    // Out of order, and with a gap.
    for index in [3, 0, 1] {
        let value = format!("{index}");
        api.set_xcom(set("r2", "m", index, "k", &value))
            .await
            .unwrap();
    }
    let count = api.xcom_count(GetXComCount::new("k", "d", "r2", "m")).await;
    assert_eq!(count.unwrap(), 3);
    for (offset, expected) in [(0, "0"), (2, "3"), (-1, "3"), (-3, "0")] {
        let item = GetXComSequenceItem::new("k", "d", "r2", "m", offset);
        assert_eq!(api.xcom_item(item).await.unwrap().get(), expected);
    }
    for offset in [3, -4, i64::MIN, i64::MAX] {
        let item = GetXComSequenceItem::new("k", "d", "r2", "m", offset);
        assert_eq!(
            refusal(api.xcom_item(item).await),
            (404, "not_found".into())
        );
    }
    for (start, stop, step, expected) in [
        (None, None, None, vec!["0", "1", "3"]),
        (None, None, Some(-2), vec!["3", "0"]),
        (Some(-2), None, None, vec!["1", "3"]),
        (Some(5), Some(1), None, vec![]),
    ] {
        let slice = GetXComSequenceSlice::new("k", "d", "r2", "m", start, stop, step);
        let values = api.xcom_slice(slice).await.unwrap();
        let values: Vec<&str> = values.iter().map(|value| value.get()).collect();
        assert_eq!(values, expected, "{start:?}:{stop:?}:{step:?}");
    }
}

#[tokio::test]
async fn an_earlier_run_stands_in_when_asked_for() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    api.set_xcom(set("r1", "a", -1, "k", "\"first\""))
        .await
        .unwrap();
    let mut query = get("r2", "a", -1, "k");
    assert_eq!(refusal(api.xcom(query.clone()).await).0, 404);
    query.include_prior_dates = true;
    assert_eq!(api.xcom(query.clone()).await.unwrap().get(), "\"first\"");
    api.set_xcom(set("r2", "a", -1, "k", "\"second\""))
        .await
        .unwrap();
    assert_eq!(api.xcom(query.clone()).await.unwrap().get(), "\"second\"");
    // A later run does not.
    query.run_id = "r1".into();
    assert_eq!(api.xcom(query).await.unwrap().get(), "\"first\"");
}

#[tokio::test]
async fn deleting_is_for_one_instance_and_may_find_nothing() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    for index in [0, 1] {
        api.set_xcom(set("r2", "m", index, "k", "1")).await.unwrap();
    }
    let mut request = DeleteXCom::new("k", "d", "r2", "m");
    request.map_index = Some(0);
    for _ in 0..2 {
        api.delete_xcom(request.clone()).await.unwrap();
        assert_eq!(fixture.number("select map_index as n from xcom").await, 1);
    }
}
