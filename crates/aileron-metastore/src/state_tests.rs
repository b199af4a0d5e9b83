//! What the state stores of tasks and assets promise.

use aileron_execution_api::{AssetRef, ExecutionApi as _};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::fixture::{Fixture, json, refusal};

#[tokio::test]
async fn the_state_of_a_task_is_its_own_and_of_one_map_index() {
    let fixture = Fixture::new().await;
    let (one, other) = (fixture.task(2, "m", 0), fixture.task(2, "m", 1));
    one.set_task_state("a/b", json(r#"{"x":[1]}"#), None)
        .await
        .unwrap();
    one.set_task_state("a/b", json("2.50"), None).await.unwrap();
    assert_eq!(one.task_state("a/b").await.unwrap().get(), "2.50");
    assert_eq!(
        refusal(other.task_state("a/b").await),
        (404, "not_found".into())
    );
    other.set_task_state("k", json("1"), None).await.unwrap();
    for _ in 0..2 {
        one.delete_task_state("a/b").await.unwrap();
        one.clear_task_state().await.unwrap();
        assert_eq!(refusal(one.task_state("a/b").await).0, 404);
    }
    assert_eq!(other.task_state("k").await.unwrap().get(), "1");
}

#[tokio::test]
async fn a_value_that_has_expired_is_not_there() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    let hour = SignedDuration::from_hours(1);
    let now = Timestamp::now();
    api.set_task_state("k", json("1"), Some(now + hour))
        .await
        .unwrap();
    assert_eq!(api.task_state("k").await.unwrap().get(), "1");
    api.set_task_state("k", json("1"), Some(now - hour))
        .await
        .unwrap();
    assert_eq!(refusal(api.task_state("k").await).0, 404);
    api.set_task_state("k", json("1"), None).await.unwrap();
    assert_eq!(api.task_state("k").await.unwrap().get(), "1");
}

#[tokio::test]
async fn null_long_keys_and_unknown_task_instances_are_refused() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    let result = api.set_task_state("k", json("null"), None).await;
    assert_eq!(refusal(result), (422, "invalid_value".into()));
    for key in ["", &"é".repeat(513)] {
        let result = api.set_task_state(key, json("1"), None).await;
        assert_eq!(refusal(result), (400, "invalid_key".into()));
    }
    api.set_task_state(&"é".repeat(512), json("1"), None)
        .await
        .unwrap();
    let nobody = fixture.store.task(Uuid::from_u128(1));
    assert_eq!(refusal(nobody.task_state("k").await).0, 404);
    assert_eq!(
        refusal(nobody.set_task_state("k", json("1"), None).await).0,
        404
    );
    assert_eq!(refusal(nobody.delete_task_state("k").await).0, 404);
    assert_eq!(refusal(nobody.clear_task_state().await).0, 404);
}

#[tokio::test]
async fn the_state_of_an_asset_knows_who_wrote_it_last() {
    let fixture = Fixture::new().await;
    fixture.asset("orders").await;
    let (name, uri) = (
        AssetRef::Name("orders".into()),
        AssetRef::Uri("u-orders".into()),
    );
    let api = fixture.task(1, "a", -1);
    api.set_asset_state(&name, "k", json("1")).await.unwrap();
    let later = fixture.task(2, "m", 3);
    later.set_asset_state(&uri, "k", json("[2]")).await.unwrap();
    assert_eq!(api.asset_state(&name, "k").await.unwrap().get(), "[2]");
    let writer = "select last_updated_by_kind || last_updated_by_dag_id || last_updated_by_run_id \
                  || last_updated_by_task_id || last_updated_by_map_index as t from asset_state_store";
    assert_eq!(fixture.texts(writer).await, ["taskdr2m3"]);
    let watcher = fixture.store.task(Uuid::nil());
    watcher
        .set_asset_state(&name, "k", json("3"))
        .await
        .unwrap();
    let writer = "select last_updated_by_kind || coalesce(last_updated_by_dag_id, '-') as t from asset_state_store";
    assert_eq!(fixture.texts(writer).await, ["watcher-"]);
    for _ in 0..2 {
        api.delete_asset_state(&name, "k").await.unwrap();
        api.clear_asset_state(&uri).await.unwrap();
        assert_eq!(refusal(api.asset_state(&name, "k").await).0, 404);
    }
}

#[tokio::test]
async fn an_asset_that_is_not_active_has_no_state() {
    let fixture = Fixture::new().await;
    fixture.asset("orders").await;
    fixture
        .run(crate::database::sql("delete from asset_active"))
        .await;
    let api = fixture.task(2, "a", -1);
    let orders = AssetRef::Name("orders".into());
    assert_eq!(
        refusal(api.asset_state(&orders, "k").await),
        (404, "not_found".into())
    );
    assert_eq!(
        refusal(api.set_asset_state(&orders, "k", json("1")).await).0,
        404
    );
    assert_eq!(refusal(api.delete_asset_state(&orders, "k").await).0, 404);
    assert_eq!(refusal(api.clear_asset_state(&orders).await).0, 404);
    assert_eq!(refusal(api.asset(&orders).await), (404, "not_found".into()));
}
