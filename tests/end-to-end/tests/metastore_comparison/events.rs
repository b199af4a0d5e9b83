//! The asset events of a success.

use aileron_execution_api::{AssetEventsQuery, AssetEventsSource, ExecutionApi, StateUpdate};
use aileron_wire::message::{AssetProfile, SucceedTask};
use end_to_end::Comparison;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Outcome, map};

fn outlet(kind: &str, name: Option<&str>, uri: Option<&str>) -> AssetProfile {
    AssetProfile {
        name: name.map(str::to_owned),
        uri: uri.map(str::to_owned),
        kind: kind.into(),
    }
}

pub(crate) async fn events(both: &mut Comparison) -> Outcome {
    let ti = both.id("r3", "one", -1);
    let of = |name: &str, uri: &str| json!({"name": name, "uri": uri});
    let mut success = SucceedTask::new("2026-02-01T00:00:00Z".parse()?);
    success.task_outlets = Some(vec![
        outlet("Asset", Some("orders"), Some("s3://shop/orders")),
        outlet("AssetNameRef", Some("prices"), None),
        outlet("AssetUriRef", None, Some("s3://shop/prices")),
        outlet("AssetAlias", Some("daily"), None),
        outlet("AssetAlias", Some("fresh"), None),
        outlet("Asset", Some("gone"), Some("gone")),
    ]);
    let events = [
        json!({"dest_asset_key": of("orders", "s3://shop/orders"), "extra": {"z": 1, "a": 2}}),
        json!({"dest_asset_key": of("orders", "s3://shop/orders"), "extra": {}, "partition_key": "uk"}),
        json!({"dest_asset_key": of("elsewhere", "e"), "extra": {}}),
        json!({"source_alias_name": "daily", "dest_asset_key": of("new", "s3://new"), "dest_asset_extra": {"q": 1, "b": 1}, "extra": {"z": 1, "a": 2}}),
        json!({"source_alias_name": "daily", "dest_asset_key": of("orders", "s3://shop/orders"), "dest_asset_extra": {}, "extra": {}}),
        json!({"source_alias_name": "other", "dest_asset_key": of("orders", "s3://shop/orders"), "dest_asset_extra": {}, "extra": {}}),
    ];
    success.outlet_events = Some(events.into_iter().map(map).collect());
    let succeed = async |api: &dyn ExecutionApi| {
        api.update_state(StateUpdate::Success(success.clone()))
            .await
    };
    both.both("success", ti, succeed).await?;
    both.rows("select id, name, uri, \"group\", extra from asset order by id")?;
    both.rows("select * from asset_active order by name")?;
    both.rows("select name, \"group\" from asset_alias order by name")?;
    both.rows(
        "select a.name, s.name as asset from asset_alias_asset b join asset_alias a on a.id = b.alias_id \
         join asset s on s.id = b.asset_id order by 1, 2",
    )?;
    // The order among the outlets is Python's, whose sets have none.
    both.rows(
        "select asset_id, extra, source_task_id, source_dag_id, source_run_id, source_map_index, timestamp, \
         partition_key from asset_event order by asset_id, extra, partition_key",
    )?;
    both.rows("select asset_id, target_dag_id, created_at from asset_dag_run_queue order by 1, 2")?;
    both.rows(
        "select a.name, s.name as asset from asset_alias_asset_event b join asset_alias a on a.id = b.alias_id \
         join asset_event e on e.id = b.event_id join asset s on s.id = e.asset_id order by 1, 2",
    )?;
    read_events(both, ti).await
}

/// Events without their numbers, which follow the order of Python's sets.
fn unnumbered(mut events: Value) -> Value {
    for event in events.as_array_mut().into_iter().flatten() {
        event["id"] = json!(0);
    }
    events
}

async fn read_events(both: &mut Comparison, ti: Uuid) -> Outcome {
    let asset = |name: Option<&str>, uri: Option<&str>| AssetEventsSource::Asset {
        name: name.map(str::to_owned),
        uri: uri.map(str::to_owned),
    };
    for source in [
        asset(Some("orders"), None),
        asset(None, Some("s3://shop/prices")),
        asset(Some("new"), None),
        asset(Some("new"), Some("s3://new")),
        asset(Some("orders"), Some("s3://new")),
        asset(None, None),
        AssetEventsSource::Alias("daily".into()),
        AssetEventsSource::Alias("none".into()),
    ] {
        for (ascending, limit) in [(true, None), (false, Some(1)), (true, Some(0))] {
            let mut query = AssetEventsQuery::new(source.clone());
            (query.ascending, query.limit) = (ascending, limit);
            let asked = async |api: &dyn ExecutionApi| {
                let events = api.asset_events(query.clone()).await?;
                Ok(unnumbered(json!(events)))
            };
            both.both(&format!("{query:?}"), ti, asked).await?;
        }
    }
    for alias in ["daily", "fresh", "none"] {
        let asked = async |api: &dyn ExecutionApi| {
            let mut assets = api.assets_by_alias(alias).await?;
            assets.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(assets)
        };
        both.both(alias, ti, asked).await?;
    }
    Ok(())
}
