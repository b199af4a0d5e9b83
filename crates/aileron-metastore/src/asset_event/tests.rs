use aileron_execution_api::{AssetEventsQuery, AssetEventsSource, ExecutionApi as _};
use aileron_wire::json::JsonMap;
use aileron_wire::message::{AssetEventResponse, AssetProfile};
use serde_json::{Value, json};

use super::{Producer, register};
use crate::database::{Statement, sql};
use crate::failure::Failure;
use crate::fixture::{Fixture, refusal};

fn outlet(kind: &str, name: Option<&str>, uri: Option<&str>) -> AssetProfile {
    AssetProfile {
        name: name.map(str::to_owned),
        uri: uri.map(str::to_owned),
        kind: kind.into(),
    }
}

fn event(fields: Value) -> JsonMap {
    fields.as_object().unwrap().clone()
}

async fn succeed(
    fixture: &Fixture,
    partition_key: Option<&str>,
    outlets: &[AssetProfile],
    events: &[JsonMap],
) -> Result<(), Failure> {
    let producer = Producer {
        ti_id: crate::fixture::ti(2, "a", -1),
        teams: None,
        scope: fixture.scope(2, "a", -1),
        try_number: 1,
        partition_key: partition_key.map(str::to_owned),
    };
    let mut transaction = fixture.store.database().begin().await.unwrap();
    register(&mut transaction, &producer, outlets, events).await?;
    transaction.commit().await.unwrap();
    Ok(())
}

async fn events_of(fixture: &Fixture, source: AssetEventsSource) -> Vec<AssetEventResponse> {
    let api = fixture.task(2, "a", -1);
    api.asset_events(AssetEventsQuery::new(source))
        .await
        .unwrap()
}

fn named(name: &str) -> AssetEventsSource {
    AssetEventsSource::Asset {
        name: Some(name.into()),
        uri: None,
    }
}

const QUEUE: &str = "select target_dag_id || asset_id as t from asset_dag_run_queue order by 1";

/// What schedules a Dag on the asset with an id.
type Reference = fn(i64) -> Statement;

/// A Dag that is scheduled in each of the ways, and one of each that is paused.
async fn consumers(fixture: &Fixture, asset_id: i64) {
    let now = jiff::Timestamp::now();
    fixture
        .run(sql(
            "insert into asset_alias (id, name, \"group\") values (7, 'daily', 'asset')",
        ))
        .await;
    let references: [(&str, Reference); 4] = [
        ("asset", |id| {
            sql("insert into dag_schedule_asset_reference (dag_id, created_at, updated_at, asset_id) select $1, $2, $2, ").push(&id.to_string())
        }),
        ("alias", |_| {
            sql(
                "insert into dag_schedule_asset_alias_reference (dag_id, created_at, updated_at, alias_id) select $1, $2, $2, 7",
            )
        }),
        ("name", |_| {
            sql(
                "insert into dag_schedule_asset_name_reference (dag_id, created_at, name) select $1, $2, 'orders'",
            )
        }),
        ("uri", |_| {
            sql(
                "insert into dag_schedule_asset_uri_reference (dag_id, created_at, uri) select $1, $2, 'u-orders'",
            )
        }),
    ];
    for (dag_id, reference) in references {
        for dag_id in [dag_id.to_owned(), format!("paused-{dag_id}")] {
            fixture.dag(&dag_id).await;
            fixture
                .run(reference(asset_id).bind(&dag_id).bind(now))
                .await;
        }
    }
    fixture
        .run(sql(
            "update dag set is_paused = true where dag_id like 'paused%'",
        ))
        .await;
}

#[tokio::test]
async fn a_success_makes_an_event_for_each_outlet_and_queues_who_waits() {
    let fixture = Fixture::new().await;
    let orders = fixture.asset("orders").await;
    fixture.asset("prices").await;
    consumers(&fixture, orders).await;
    let outlets = [
        outlet("Asset", Some("orders"), Some("u-orders")),
        outlet("AssetNameRef", Some("prices"), None),
        outlet("AssetUriRef", None, Some("u-prices")),
        outlet("Asset", Some("orders"), Some("another")),
        outlet("AssetNameRef", Some("gone"), None),
    ];
    let key = json!({"name": "orders", "uri": "u-orders"});
    let events = [event(
        json!({"dest_asset_key": key, "extra": {"z": 1, "a": 2}}),
    )];
    succeed(&fixture, None, &outlets, &events).await.unwrap();
    let of_orders = events_of(&fixture, named("orders")).await;
    assert_eq!(of_orders.len(), 1);
    assert_eq!(json!(of_orders[0].extra).to_string(), r#"{"z":1,"a":2}"#);
    assert_eq!(of_orders[0].source_run_id.as_deref(), Some("r2"));
    assert_eq!(events_of(&fixture, named("prices")).await.len(), 2);
    assert_eq!(fixture.texts(QUEUE).await, ["asset1", "name1", "uri1"]);
    // A second event finds them queued.
    succeed(&fixture, None, &outlets[..1], &[]).await.unwrap();
    assert_eq!(fixture.texts(QUEUE).await.len(), 3);
}

#[tokio::test]
async fn an_alias_makes_assets_that_are_known_from_then_on() {
    let fixture = Fixture::new().await;
    let orders = fixture.asset("orders").await;
    consumers(&fixture, orders).await;
    let outlets = [
        outlet("AssetAlias", Some("daily"), None),
        outlet("AssetAlias", Some("fresh"), None),
    ];
    let through = |alias: &str, name: &str| {
        event(json!({
            "source_alias_name": alias, "dest_asset_key": {"name": name, "uri": format!("u-{name}")},
            "dest_asset_extra": {"q": 1}, "extra": {"rows": 3},
        }))
    };
    let events = [
        through("daily", "new"),
        through("fresh", "new"),
        through("daily", "orders"),
        through("other", "orders"),
    ];
    succeed(&fixture, None, &outlets, &events).await.unwrap();
    let made = events_of(&fixture, AssetEventsSource::Alias("fresh".into())).await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].asset.name, "new");
    assert_eq!(json!(made[0].asset.extra), json!({"q": 1}));
    assert_eq!(
        events_of(&fixture, AssetEventsSource::Alias("daily".into()))
            .await
            .len(),
        2
    );
    // It is no active asset yet: no Dag refers to it.
    assert!(events_of(&fixture, named("new")).await.is_empty());
    let api = fixture.task(2, "a", -1);
    let behind = api.assets_by_alias("daily").await.unwrap();
    let behind: Vec<&str> = behind.iter().map(|asset| asset.name.as_str()).collect();
    assert_eq!(behind, ["orders", "new"]);
    assert!(api.assets_by_alias("unknown").await.unwrap().is_empty());
    // Waits for the alias: twice, once for each asset; those that wait for orders: once.
    let queue = fixture.texts(QUEUE).await;
    assert_eq!(queue, ["alias1", "alias2", "asset1", "name1", "uri1"]);
}

#[tokio::test]
async fn an_asset_that_cannot_be_is_refused_and_nothing_happened() {
    let fixture = Fixture::new().await;
    fixture.asset("orders").await;
    let outlets = [
        outlet("Asset", Some("orders"), Some("u-orders")),
        outlet("AssetAlias", Some("daily"), None),
    ];
    for (name, uri) in [("", "u"), ("n", ""), ("n", "é"), ("n", "AirFlow://x")] {
        let bad = event(json!({
            "source_alias_name": "daily", "dest_asset_key": {"name": name, "uri": uri}, "extra": {},
        }));
        let failed = succeed(&fixture, None, &outlets, &[bad]).await;
        let refused = refusal(failed.map_err(|failure| failure.of("succeed")));
        assert_eq!(refused, (422, "invalid_asset".into()));
    }
    assert_eq!(
        fixture
            .number("select count(*) as n from asset_event")
            .await,
        0
    );
}

#[tokio::test]
async fn partitions_are_the_events_own_or_else_the_runs() {
    let fixture = Fixture::new().await;
    let orders = fixture.asset("orders").await;
    consumers(&fixture, orders).await;
    let outlets = [outlet("Asset", Some("orders"), Some("u-orders"))];
    let key = json!({"name": "orders", "uri": "u-orders"});
    let events = [
        event(json!({"dest_asset_key": key, "extra": {}, "partition_key": "uk"})),
        event(json!({"dest_asset_key": key, "extra": {"n": 1}})),
    ];
    succeed(&fixture, Some("run"), &outlets, &events)
        .await
        .unwrap();
    let made = events_of(&fixture, named("orders")).await;
    let keys: Vec<_> = made
        .iter()
        .map(|event| event.partition_key.as_deref())
        .collect();
    assert_eq!(keys, [Some("uk"), Some("run")]);
    // Who is not scheduled by partition does not hear of them.
    assert!(fixture.texts(QUEUE).await.is_empty());
    let mut query = AssetEventsQuery::new(named("orders"));
    // As it came in a query, and as it is stored.
    query.extra = Some(event(json!({"n": "1"})));
    let api = fixture.task(2, "a", -1);
    assert!(api.asset_events(query.clone()).await.unwrap().is_empty());
    query.extra = Some(event(json!({"n": 1})));
    assert_eq!(api.asset_events(query.clone()).await.unwrap().len(), 1);
    query.partition_key = Some("uk".into());
    assert!(api.asset_events(query).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_dag_that_is_scheduled_by_partition_is_never_silently_passed_over() {
    let fixture = Fixture::new().await;
    let orders = fixture.asset("orders").await;
    consumers(&fixture, orders).await;
    fixture
        .run(sql(
            "update dag set timetable_partitioned = true where dag_id = 'asset'",
        ))
        .await;
    let outlets = [outlet("Asset", Some("orders"), Some("u-orders"))];
    let failed = succeed(&fixture, Some("uk"), &outlets, &[]).await;
    let error = failed.unwrap_err().of("succeed");
    assert_eq!(error.status, Some(501));
    assert!(error.message.contains("Dags asset"), "{error}");
    succeed(&fixture, None, &outlets, &[]).await.unwrap();
    assert_eq!(fixture.texts(QUEUE).await, ["name1", "uri1"]);
    let logged = fixture
        .texts("select extra as t from log where event = 'missing partition key'")
        .await;
    assert!(logged[0].contains("asset"), "{logged:?}");
}

#[tokio::test]
async fn events_are_asked_for_by_time_order_and_number() {
    let fixture = Fixture::new().await;
    fixture.asset("orders").await;
    let outlets = [outlet("Asset", Some("orders"), Some("u-orders"))];
    for _ in 0..3 {
        succeed(&fixture, None, &outlets, &[]).await.unwrap();
    }
    let all = events_of(&fixture, named("orders")).await;
    let ids =
        |events: &[AssetEventResponse]| events.iter().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!(ids(&all), [1, 2, 3]);
    let api = fixture.task(2, "a", -1);
    let ask = async |change: &dyn Fn(&mut AssetEventsQuery)| {
        let mut query = AssetEventsQuery::new(named("orders"));
        change(&mut query);
        api.asset_events(query).await
    };
    let newest = ask(&|query| (query.ascending, query.limit) = (false, Some(2))).await;
    assert_eq!(ids(&newest.unwrap()), [3, 2]);
    let at = all[1].timestamp;
    let middle = ask(&move |query| (query.after, query.before) = (Some(at), Some(at))).await;
    assert_eq!(ids(&middle.unwrap()), [2]);
    assert_eq!(ask(&|query| query.limit = Some(0)).await.unwrap().len(), 3);
    assert_eq!(refusal(ask(&|query| query.limit = Some(-1)).await).0, 422);
    let nothing = AssetEventsSource::Asset {
        name: None,
        uri: Some(String::new()),
    };
    let result = api.asset_events(AssetEventsQuery::new(nothing)).await;
    assert_eq!(refusal(result), (400, "Missing parameter".into()));
}
