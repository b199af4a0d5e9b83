use aileron_execution_api::{AssetRef, ExecutionApi as _};
use aileron_wire::message::SetXCom;

use jiff::{SignedDuration, Timestamp};

use super::{
    AssetFilter, AssetLine, AssetStore, Filter, ImportError, Imported, Kind, Level, TaskLine,
    WriterLine,
};
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

fn hours(hours: i64) -> Option<Timestamp> {
    Timestamp::now()
        .checked_add(SignedDuration::from_hours(hours))
        .ok()
}

#[tokio::test]
async fn what_has_expired_is_counted_by_task_and_removed_in_batches() {
    let fixture = filled().await;
    for index in 0..4 {
        let api = fixture.task(2, "m", index);
        api.set_task_state("old", json("1"), hours(-2))
            .await
            .unwrap();
        api.set_task_state("new", json("1"), hours(2))
            .await
            .unwrap();
    }
    fixture
        .run(crate::database::sql(
            "update task_instance set state = 'success' where task_id = 'm' and map_index < 3",
        ))
        .await;
    let inventory = fixture.store.inventory();
    let now = Timestamp::now();
    let everything = Filter::default();
    let expired = inventory.expired(now, &everything).await.unwrap();
    assert_eq!(expired.len(), 1);
    assert_eq!(
        (
            expired[0].task_id.as_str(),
            expired[0].values,
            expired[0].unfinished
        ),
        ("m", 4, 1)
    );
    assert!(expired[0].oldest < now);
    let one = Filter {
        map_index: Some(2),
        ..Filter::default()
    };
    assert_eq!(inventory.expired(now, &one).await.unwrap()[0].values, 1);
    assert_eq!(inventory.delete_expired(now, &one, 10).await.unwrap(), 1);
    assert_eq!(
        inventory.delete_expired(now, &everything, 2).await.unwrap(),
        2
    );
    assert_eq!(
        inventory.delete_expired(now, &everything, 2).await.unwrap(),
        1
    );
    assert_eq!(
        inventory.delete_expired(now, &everything, 2).await.unwrap(),
        0
    );
    let left = inventory
        .entries(Kind::TaskState, &everything, 10)
        .await
        .unwrap();
    assert_eq!(left.len(), 5, "what never expires, or later, stays");
    let kept = inventory.retentions(&everything).await.unwrap();
    assert_eq!(kept.len(), 1, "what never expires has no retention");
    assert!(
        (7190..=7200).contains(&kept[0].shortest.as_secs()),
        "{kept:?}"
    );
}

#[tokio::test]
async fn values_travel_to_another_database_and_a_second_time_nothing_changes() {
    let from = filled().await;
    from.asset("orders").await;
    let odd = json("{\"n\": 123456789012345678901234567890, \"é\": [1.10]}");
    from.task(2, "m", 1)
        .set_task_state("odd", odd, hours(5))
        .await
        .unwrap();
    let by_name = AssetRef::Name("orders".into());
    from.task(2, "m", 1)
        .set_asset_state(&by_name, "mark", json("7"))
        .await
        .unwrap();
    let tasks = from
        .store
        .inventory()
        .task_lines(&Filter::default(), 0, 100)
        .await
        .unwrap();
    let assets = from
        .store
        .inventory()
        .asset_lines(&AssetFilter::default(), None, 100)
        .await
        .unwrap();
    assert_eq!((tasks.len(), assets.len()), (2, 1));
    let pages = from
        .store
        .inventory()
        .task_lines(&Filter::default(), tasks[0].0, 100)
        .await
        .unwrap();
    assert_eq!(pages.len(), 1, "a page begins after the last one");

    let to = Fixture::new().await;
    to.asset("orders").await;
    for expected in [Imported::Added, Imported::Unchanged] {
        let mut import = to.store.inventory().import_state(false).await.unwrap();
        for (_, line) in &tasks {
            assert_eq!(import.task(line).await.unwrap(), expected);
        }
        for (_, line) in &assets {
            assert_eq!(import.asset(line).await.unwrap(), expected);
        }
        import.commit().await.unwrap();
    }
    let again = to
        .store
        .inventory()
        .task_lines(&Filter::default(), 0, 100)
        .await
        .unwrap();
    for ((_, one), (_, other)) in tasks.iter().zip(&again) {
        assert_eq!(
            serde_json::to_string(one).unwrap(),
            serde_json::to_string(other).unwrap()
        );
    }
    let found = to
        .store
        .inventory()
        .asset_entries(&AssetFilter::default(), 10)
        .await
        .unwrap();
    assert_eq!(
        (found[0].written_by.as_deref(), found[0].map_index),
        (Some("task"), Some(1))
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_what_is_not_committed_is_not_stored() {
    let fixture = filled().await;
    fixture.asset("orders").await;
    let inventory = fixture.store.inventory();
    let (_, line) = inventory
        .task_lines(&Filter::default(), 0, 1)
        .await
        .unwrap()
        .remove(0);
    let raw = |text: &str| serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
    let mut import = inventory.import_state(false).await.unwrap();
    let mut refused = Vec::new();
    for wrong in [
        TaskLine {
            task_id: "nobody".into(),
            ..line.clone()
        },
        TaskLine {
            key: "x".repeat(513),
            ..line.clone()
        },
        TaskLine {
            value: raw("null"),
            ..line.clone()
        },
        TaskLine {
            value: raw("[2]"),
            ..line.clone()
        },
        TaskLine {
            expires_at: hours(1),
            ..line.clone()
        },
    ] {
        match import.task(&wrong).await {
            Err(ImportError::Refused(problem)) => refused.push(problem),
            other => panic!("{other:?}"),
        }
    }
    assert!(
        refused[0].contains("there is no task nobody of run r2 of Dag d"),
        "{refused:?}"
    );
    assert!(
        refused[2].contains("null") && refused[3].contains("another value"),
        "{refused:?}"
    );
    let asset = |name: &str, by: WriterLine| AssetLine {
        store: AssetStore::Asset,
        name: name.into(),
        uri: format!("u-{name}"),
        key: "k".into(),
        value: raw("1"),
        updated_at: Timestamp::now(),
        last_updated_by: by,
    };
    let task = WriterLine {
        kind: Some("task".into()),
        ..WriterLine::default()
    };
    for wrong in [asset("none", WriterLine::default()), asset("orders", task)] {
        assert!(matches!(
            import.asset(&wrong).await,
            Err(ImportError::Refused(_))
        ));
    }
    let added = TaskLine {
        key: "added".into(),
        ..line.clone()
    };
    assert_eq!(import.task(&added).await.unwrap(), Imported::Added);
    import.rollback().await.unwrap();
    let left = inventory
        .task_lines(&Filter::default(), 0, 100)
        .await
        .unwrap();
    assert_eq!(left.len(), 1);
    let mut import = inventory.import_state(true).await.unwrap();
    let other = TaskLine {
        value: raw("[2]"),
        ..line
    };
    assert_eq!(import.task(&other).await.unwrap(), Imported::Replaced);
    import.commit().await.unwrap();
    let left = inventory
        .task_lines(&Filter::default(), 0, 100)
        .await
        .unwrap();
    assert_eq!(left[0].1.value.get(), "[2]");
}
