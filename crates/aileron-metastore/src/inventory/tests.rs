use aileron_execution_api::{AssetRef, ExecutionApi as _};
use aileron_wire::message::SetXCom;

use super::{AssetFilter, Filter, Kind, Level};
use crate::fixture::{Fixture, json};

async fn filled() -> Fixture {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    for (run, task_id, index, key, value) in [
        ("r1", "a", -1, "k", "\"first\""),
        ("r2", "a", -1, "k", "\"second\""),
        ("r2", "m", 0, "k", "12"),
        ("r2", "m", 1, "other", "null"),
    ] {
        let mut request = SetXCom::new(key, json(value), "d", run, task_id);
        request.map_index = Some(index);
        api.set_xcom(request).await.unwrap();
    }
    api.set_task_state("job", json("[1]"), None).await.unwrap();
    fixture
}

fn run(run_id: &str) -> Filter {
    Filter {
        run_id: Some(run_id.into()),
        ..Filter::default()
    }
}

#[tokio::test]
async fn entries_are_found_by_any_of_their_names() {
    let fixture = filled().await;
    let inventory = fixture.store.inventory();
    let all = inventory
        .entries(Kind::XCom, &Filter::default(), 10)
        .await
        .unwrap();
    let found: Vec<_> = all
        .iter()
        .map(|e| (e.run_id.as_str(), e.task_id.as_str(), e.length))
        .collect();
    assert_eq!(
        found,
        [
            ("r2", "a", 8),
            ("r2", "m", 2),
            ("r2", "m", 4),
            ("r1", "a", 7)
        ]
    );
    assert_eq!(
        inventory
            .entries(Kind::XCom, &Filter::default(), 1)
            .await
            .unwrap()
            .len(),
        1
    );
    let one = Filter {
        task_id: Some("m".into()),
        map_index: Some(1),
        ..run("r2")
    };
    let found = inventory.entries(Kind::XCom, &one, 10).await.unwrap();
    assert_eq!(found[0].key, "other");
    let value = inventory
        .value(Kind::XCom, &found[0])
        .await
        .unwrap()
        .unwrap();
    assert!(value.is_null());
    let states = inventory
        .entries(Kind::TaskState, &Filter::default(), 10)
        .await
        .unwrap();
    assert_eq!((states.len(), states[0].key.as_str()), (1, "job"));
    let value = inventory.value(Kind::TaskState, &states[0]).await.unwrap();
    assert_eq!(value.unwrap().get(), "[1]");
}

#[tokio::test]
async fn deleting_takes_what_matches_and_no_more() {
    let fixture = filled().await;
    let inventory = fixture.store.inventory();
    let all = inventory.entries(Kind::XCom, &run("r2"), 10).await.unwrap();
    assert!(inventory.delete_entry(Kind::XCom, &all[0]).await.unwrap());
    assert!(!inventory.delete_entry(Kind::XCom, &all[0]).await.unwrap());
    assert_eq!(inventory.value(Kind::XCom, &all[0]).await.unwrap(), None);
    assert_eq!(inventory.delete(Kind::XCom, &run("r2")).await.unwrap(), 2);
    assert_eq!(
        inventory
            .entries(Kind::XCom, &Filter::default(), 10)
            .await
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn the_names_at_a_level_are_those_under_the_levels_above() {
    let fixture = filled().await;
    let inventory = fixture.store.inventory();
    let filter = Filter {
        dag_id: Some("d".into()),
        task_id: Some("m".into()),
        key: Some("none".into()),
        ..run("r2")
    };
    for (level, expected) in [
        (Level::Dag, vec!["d"]),
        (Level::Run, vec!["r2", "r1"]),
        (Level::Task, vec!["a", "m"]),
        (Level::MapIndex, vec!["0", "1", "2", "3"]),
        (Level::Key(Kind::XCom), vec!["k", "other"]),
        (Level::Key(Kind::TaskState), vec![]),
    ] {
        assert_eq!(
            inventory.names(level, &filter).await.unwrap(),
            expected,
            "{level:?}"
        );
    }
    let instances = inventory.task_instances(&filter, 10).await.unwrap();
    let indexes: Vec<i64> = instances
        .iter()
        .map(|instance| instance.map_index)
        .collect();
    assert_eq!(indexes, [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_person_writes_the_state_of_an_asset_as_such() {
    let fixture = filled().await;
    fixture.asset("orders").await;
    let inventory = fixture.store.inventory();
    let asset = inventory.assets().await.unwrap().remove(0);
    inventory
        .set_asset_state(&asset, "k", json("{}"))
        .await
        .unwrap();
    let everything = AssetFilter::default();
    let entry = inventory
        .asset_entries(&everything, 10)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (entry.written_by.as_deref(), entry.task_id.as_deref()),
        (Some("api"), None)
    );
    let value = inventory.asset_value(&entry).await.unwrap();
    assert_eq!(value.unwrap().get(), "{}");
    assert!(
        inventory
            .set_asset_state(&asset, "k", json("null"))
            .await
            .is_err()
    );

    let api = fixture.task(2, "m", 1);
    let by_name = AssetRef::Name("orders".into());
    api.set_asset_state(&by_name, "k", json("1")).await.unwrap();
    let entry = inventory
        .asset_entries(&everything, 10)
        .await
        .unwrap()
        .remove(0);
    assert_eq!(
        (entry.written_by.as_deref(), entry.map_index),
        (Some("task"), Some(1))
    );
    let other = AssetFilter {
        key: Some("none".into()),
        ..AssetFilter::default()
    };
    assert_eq!(inventory.delete_asset_state(&other).await.unwrap(), 0);
    assert_eq!(inventory.delete_asset_state(&everything).await.unwrap(), 1);
}
