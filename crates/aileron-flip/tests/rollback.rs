//! Bringing offloaded values back.
#![allow(clippy::unwrap_used)]

mod support;

use aileron_flip::rollback::{Mode, Outcome, Plan, Refusal, RestoreOptions, restore};
use aileron_metastore::inventory::RunChoice;
use support::World;

fn options(mode: Mode) -> RestoreOptions {
    RestoreOptions {
        runs: RunChoice::Unfinished,
        mode,
        max_inline: 1000,
    }
}

async fn plan(world: &World) -> Plan {
    Plan::read(&world.store, world.base.name()).await.unwrap()
}

/// Restores, and tells for each key what became of it.
async fn outcomes(world: &World, options: RestoreOptions) -> Vec<(String, String)> {
    let mut outcomes = Vec::new();
    restore(&world.store, &world.base, options, |xcom, outcome| {
        let outcome = match outcome {
            Outcome::Restored { bytes } => format!("restored {bytes}"),
            Outcome::Changed => "changed".to_owned(),
            Outcome::Stays(why) => why.to_string(),
        };
        outcomes.push((xcom.key.clone(), outcome));
    })
    .await
    .unwrap();
    outcomes.sort();
    outcomes
}

#[tokio::test]
async fn the_plan_has_the_unfinished_runs_and_counts_the_others() {
    let world = World::new().await;
    world.offloaded("r1", "k", "1").await;
    world.offloaded("r3", "k", "1").await;
    world.offloaded("r2", "k", "1").await;
    world.xcom("r2", "inline", "[1]").await;
    let plan = plan(&world).await;
    let runs: Vec<_> = plan
        .in_flight
        .iter()
        .map(|run| run.run.run_id.as_str())
        .collect();
    assert_eq!((runs, plan.at_rest, plan.count()), (vec!["r2", "r3"], 1, 2));
    assert_eq!(
        plan.in_flight[0]
            .task_instances()
            .into_iter()
            .collect::<Vec<_>>(),
        [("a", -1)]
    );
}

#[tokio::test]
async fn a_revert_is_refused_while_values_are_in_flight_or_may_come() {
    let world = World::new().await;
    world.offloaded("r1", "k", "1").await;
    assert_eq!(Refusal::all(&plan(&world).await, Some(-1)), []);
    assert_eq!(
        Refusal::all(&plan(&world).await, Some(0)),
        [Refusal::StillOffloading { threshold: 0 }]
    );
    world.offloaded("r2", "k", "1").await;
    let refusals = Refusal::all(&plan(&world).await, None);
    assert_eq!(refusals, [Refusal::InFlight { xcoms: 1, runs: 1 }]);
    assert!(
        refusals[0]
            .to_string()
            .contains("the path of the object instead of the value")
    );
}

#[tokio::test]
async fn values_come_back_and_their_objects_stay() {
    let world = World::new().await;
    let reference = world.offloaded("r2", "k", r#"{"a": [1.50, "é"]}"#).await;
    let finished = world.offloaded("r1", "k", "1").await;
    let found = outcomes(&world, options(Mode::Execution)).await;
    assert_eq!(found, [("k".into(), "restored 19".into())]);
    assert_eq!(world.value("r2", "k").await, r#"{"a": [1.50, "é"]}"#);
    assert!(world.exists(&reference).await);
    assert_eq!(world.value("r1", "k").await, format!("\"{finished}\""));
    assert_eq!(plan(&world).await.count(), 0);
    // Nothing is left to do.
    assert_eq!(outcomes(&world, options(Mode::Execution)).await, []);
}

#[tokio::test]
async fn a_rehearsal_does_everything_and_keeps_nothing() {
    let world = World::new().await;
    let reference = world.offloaded("r2", "k", "[1]").await;
    let found = outcomes(&world, options(Mode::Rehearsal)).await;
    assert_eq!(found, [("k".into(), "restored 3".into())]);
    assert_eq!(world.value("r2", "k").await, format!("\"{reference}\""));
}

#[tokio::test]
async fn what_cannot_come_back_stays_and_says_why() {
    let world = World::new().await;
    world.offloaded("r2", "no json", "[NaN]").await;
    world
        .offloaded("r2", "large", &format!("[{}]", "1,".repeat(600) + "1"))
        .await;
    let missing = format!(
        "{}d/r2/a/0a1b2c3d-0000-4000-8000-000000000001",
        world.base.name().shown()
    );
    world.xcom("r2", "missing", &format!("\"{missing}\"")).await;
    world
        .xcom(
            "r2",
            "outside",
            &format!("\"{}../y/1\"", world.base.name().shown()),
        )
        .await;
    world.offloaded("r2", "well", "1").await;
    let found = outcomes(&world, options(Mode::Execution)).await;
    for ((key, outcome), (expected_key, part)) in found.iter().zip([
        ("large", "--max-inline allows 1000"),
        ("missing", "it is not there"),
        ("no json", "is no JSON"),
        ("outside", "no object below the base path"),
        ("well", "restored 1"),
    ]) {
        assert_eq!(key, expected_key);
        assert!(outcome.contains(part), "{key}: {outcome}");
    }
    assert_eq!(found.len(), 5);
    assert_eq!(plan(&world).await.count(), 4);
}

#[tokio::test]
async fn more_values_than_a_page_come_back_after_a_stop_half_way() {
    let world = World::new().await;
    for number in 0..700 {
        world
            .offloaded("r2", &format!("k{number}"), &number.to_string())
            .await;
    }
    let mut count = 0;
    let stopped = restore(
        &world.store,
        &world.base,
        options(Mode::Execution),
        |_, _| count += 1,
    );
    let _ = tokio::time::timeout(std::time::Duration::from_millis(50), stopped).await;
    let left = plan(&world).await.count();
    let done = outcomes(&world, options(Mode::Execution)).await;
    assert_eq!(done.len(), left);
    assert_eq!(plan(&world).await.count(), 0);
    assert_eq!(world.value("r2", "k699").await, "699");
}
