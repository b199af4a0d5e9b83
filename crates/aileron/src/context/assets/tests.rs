//! What a task can ask and say about assets.

use serde_json::{Value, json};

use crate::testing::Airflow;
use crate::{Asset, AssetAlias, AssetRef, Context};

const ORDERS: Asset = Asset::new("orders", "s3://shop/orders");
const PRICES: Asset = Asset::new("prices", "s3://shop/prices");
const ALIAS: AssetAlias = AssetAlias::new("daily");

async fn events(cx: &Context) -> Value {
    let assets = &cx.inner.assets;
    assets.produce(cx.channel()).await.unwrap();
    json!(assets.produced().events)
}

#[tokio::test(flavor = "current_thread")]
async fn outlet_events_are_written_as_pythons_task_runner_writes_them() {
    let airflow = Airflow::new().outlet(ORDERS).outlet(&PRICES).outlet(ALIAS);
    let cx = airflow.context("t");
    let events_of = cx.outlet_events();
    let orders = events_of.of(&ORDERS).unwrap();
    orders.extra("rows", &3).unwrap().extra("rows", &4).unwrap();
    let prices = events_of.of(AssetRef::uri("s3://shop/prices")).unwrap();
    prices
        .partition("uk")
        .unwrap()
        .partition("de")
        .unwrap()
        .partition("uk")
        .unwrap();
    let alias = events_of.of_alias(&ALIAS).unwrap();
    alias
        .add(Asset::new("new", "s3://shop/new"), &json!({"run": "1"}))
        .unwrap();
    alias.add(&ORDERS, &()).unwrap();
    assert_eq!(
        events(&cx).await,
        json!([
            {"dest_asset_key": {"name": "orders", "uri": "s3://shop/orders"}, "extra": {"rows": 4}},
            {"dest_asset_key": {"name": "prices", "uri": "s3://shop/prices"}, "extra": {}, "partition_key": "uk"},
            {"dest_asset_key": {"name": "prices", "uri": "s3://shop/prices"}, "extra": {}, "partition_key": "de"},
            {"source_alias_name": "daily", "dest_asset_key": {"name": "new", "uri": "s3://shop/new"}, "dest_asset_extra": {}, "extra": {"run": "1"}},
            {"source_alias_name": "daily", "dest_asset_key": {"name": "orders", "uri": "s3://shop/orders"}, "dest_asset_extra": {}, "extra": {}},
        ])
    );
    assert_eq!(
        json!(cx.inner.assets.produced().outlets),
        json!([
            {"name": "orders", "uri": "s3://shop/orders", "type": "Asset"},
            {"name": "prices", "uri": "s3://shop/prices", "type": "Asset"},
            {"name": "daily", "type": "AssetAlias"},
        ])
    );
}

#[tokio::test(flavor = "current_thread")]
async fn a_reference_among_the_outlets_is_followed_when_the_task_ends() {
    let airflow = Airflow::new()
        .inlet(ORDERS)
        .outlet(AssetRef::name("orders"));
    let cx = airflow.context("t");
    let event = cx.outlet_events().of(AssetRef::name("orders")).unwrap();
    event.replace_extra(&json!({"rows": 1})).unwrap();
    let expected = json!([{"dest_asset_key": {"name": "orders", "uri": "s3://shop/orders"}, "extra": {"rows": 1}}]);
    assert_eq!(events(&cx).await, expected);

    let cx = Airflow::new()
        .outlet(AssetRef::uri("s3://nowhere"))
        .context("t");
    let event = cx
        .outlet_events()
        .of(AssetRef::uri("s3://nowhere"))
        .unwrap();
    event.extra("a", &1).unwrap();
    let error = cx.inner.assets.produce(cx.channel()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Airflow knows no active asset of URI `s3://nowhere`"
    );
}

#[test]
fn what_the_task_does_not_declare_is_refused_with_a_list_of_what_it_does() {
    let cx = Airflow::new().inlet(ORDERS).outlet(ALIAS).context("t");
    let told = |error: &dyn ToString, parts: &[&str]| {
        let error = error.to_string();
        for part in parts {
            assert!(error.contains(part), "{part}: {error}");
        }
    };
    let error = cx.outlet_events().of(&ORDERS).unwrap_err();
    told(
        &error,
        &[
            "asset `orders` (s3://shop/orders) is not among the outlets",
            "asset alias `daily`",
        ],
    );
    let error = cx.inlet_events().of(&PRICES).unwrap_err();
    told(
        &error,
        &[
            "not among the inlets",
            "are asset `orders`",
            "#[task(inlets = [..])]",
        ],
    );
    let error = cx.inlet_events().of_alias(&ALIAS).unwrap_err();
    told(&error, &["asset alias `daily` is not among the inlets"]);
    let error = cx
        .outlet_events()
        .of_alias(&AssetAlias::new("x"))
        .unwrap_err();
    told(&error, &["asset alias `x` is not among the outlets"]);
    let error = cx.asset_state_store().of(&PRICES).unwrap_err();
    told(
        &error,
        &["not among the inlets and outlets", "asset `orders`"],
    );
    let bare = Airflow::new().context("t");
    told(
        &bare.outlet_events().of(&ORDERS).unwrap_err(),
        &["which are none"],
    );
}

#[test]
fn extras_and_partition_keys_that_airflow_would_refuse_are_refused_at_once() {
    let cx = Airflow::new().outlet(ORDERS).outlet(ALIAS).context("t");
    let orders = || cx.outlet_events().of(&ORDERS).unwrap();
    assert!(orders().extra("a", &f64::NAN).is_err());
    assert!(orders().replace_extra(&[1]).is_err());
    assert!(orders().partition("  ").is_err());
    assert!(orders().partition(&"x".repeat(251)).is_err());
    let alias = cx.outlet_events().of_alias(&ALIAS).unwrap();
    assert!(alias.add(Asset::from_uri("airflow://x"), &()).is_err());
    assert_eq!(cx.outlet_events().recorded(), []);
}

#[tokio::test(flavor = "current_thread")]
async fn events_are_read_by_asset_name_uri_and_alias() {
    let airflow = Airflow::new().outlet(ORDERS).outlet(ALIAS);
    for run in 0..3 {
        let cx = airflow.context("produce");
        cx.outlet_events()
            .of(&ORDERS)
            .unwrap()
            .extra("run", &run)
            .unwrap();
        if run == 2 {
            let alias = cx.outlet_events().of_alias(&ALIAS).unwrap();
            alias.add(&PRICES, &json!({"run": run})).unwrap();
        }
        airflow.succeed(&cx);
    }
    let cx = airflow.inlet(ORDERS).inlet(ALIAS).context("consume");
    let runs = async |query: crate::InletEventsQuery<'_>| -> Vec<i64> {
        let events = query.fetch().await.unwrap();
        let run =
            |event: &crate::AssetEvent| event.extra.as_ref().unwrap()["run"].as_i64().unwrap();
        events.iter().map(run).collect()
    };
    let inlets = cx.inlet_events();
    assert_eq!(runs(inlets.of(&ORDERS).unwrap()).await, [0, 1, 2]);
    assert_eq!(
        runs(inlets.of(AssetRef::name("orders")).unwrap().limit(2)).await,
        [0, 1]
    );
    let by_uri = inlets.of(AssetRef::uri("s3://shop/orders")).unwrap();
    assert_eq!(runs(by_uri.descending().limit(2)).await, [2, 1]);
    assert_eq!(runs(inlets.of(&ORDERS).unwrap().limit(0)).await, [0; 0]);
    assert_eq!(runs(inlets.of_alias(&ALIAS).unwrap()).await, [2]);
    let all = inlets.of(&ORDERS).unwrap().fetch().await.unwrap();
    let middle = all[1].timestamp;
    assert_eq!(
        runs(inlets.of(&ORDERS).unwrap().after(middle)).await,
        [1, 2]
    );
    assert_eq!(
        runs(inlets.of(&ORDERS).unwrap().before(middle)).await,
        [0, 1]
    );
    let latest = inlets.of(&ORDERS).unwrap().latest().await.unwrap().unwrap();
    assert_eq!(latest.source_task_id.as_deref(), Some("produce"));
}

#[tokio::test(flavor = "current_thread")]
async fn an_asset_behind_an_alias_has_its_state_in_the_next_task() {
    let airflow = Airflow::new().outlet(ALIAS).inlet(ALIAS);
    let empty = airflow.context("consume");
    assert!(empty.asset_state_store().is_empty());
    let error = empty.asset_state_store().get::<i64>("k").await.unwrap_err();
    assert!(error.to_string().contains("has 0 assets"), "{error}");

    let producer = airflow.context("produce");
    let alias = producer.outlet_events().of_alias(&ALIAS).unwrap();
    alias.add(&ORDERS, &()).unwrap();
    airflow.succeed(&producer);

    let cx = airflow.context("consume");
    let store = cx.asset_state_store();
    store.set("watermark", "2026-05-06").await.unwrap();
    let by_asset = store.of(&ORDERS).unwrap();
    let watermark = by_asset.get::<String>("watermark").await.unwrap();
    assert_eq!(watermark.as_deref(), Some("2026-05-06"));
    let by_uri = store.of(AssetRef::uri("s3://shop/orders")).unwrap();
    by_uri.delete("watermark").await.unwrap();
    assert_eq!(store.get::<String>("watermark").await.unwrap(), None);
}

#[tokio::test(flavor = "current_thread")]
async fn a_task_with_several_assets_says_which_one_it_means() {
    let airflow = Airflow::new().inlet(ORDERS).outlet(ORDERS).outlet(PRICES);
    let airflow = airflow.with_asset_state(&ORDERS, "k", 7);
    let cx = airflow.context("t");
    let store = cx.asset_state_store();
    assert_eq!(store.assets().len(), 2);
    let error = store.set("k", &1).await.unwrap_err().to_string();
    for part in ["has 2 assets", "`orders`", "`prices`", ".of(..)"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    let orders = store.of(AssetRef::name("orders")).unwrap();
    assert_eq!(orders.get::<i64>("k").await.unwrap(), Some(7));
    let prices = store.of(&PRICES).unwrap();
    assert_eq!(prices.get::<i64>("k").await.unwrap(), None);
    prices.set("k", &8).await.unwrap();
    orders.clear().await.unwrap();
    assert_eq!(airflow.asset_state::<i64>(&ORDERS, "k"), None);
    assert_eq!(airflow.asset_state::<i64>(&PRICES, "k"), Some(8));
}
