//! Orphans, and rows without an object.
#![allow(clippy::unwrap_used)]

mod support;

use aileron_flip::sweep::{Finding, SweepOptions, Swept, sweep};
use jiff::SignedDuration;
use support::World;

const NOW: SweepOptions = SweepOptions {
    min_age: SignedDuration::from_secs(-1),
    delete: true,
    limit: u64::MAX,
};

async fn swept(world: &World, options: SweepOptions) -> (Swept, Vec<String>) {
    let mut findings = Vec::new();
    let swept = sweep(&world.store, &world.base, options, |finding| {
        findings.push(match finding {
            Finding::Orphan { reference, .. } => format!("orphan {reference}"),
            Finding::Deleted { reference } => format!("deleted {reference}"),
            Finding::NotDeleted { reference, .. } => format!("not deleted {reference}"),
            Finding::Dangling { reference, .. } => format!("dangling {reference}"),
        });
    })
    .await
    .unwrap();
    (swept, findings)
}

#[tokio::test]
async fn orphans_go_and_everything_else_stays() {
    let world = World::new().await;
    let kept = world.offloaded("r1", "k", "1").await;
    let nested = world.object("r1", "12").await;
    world
        .xcom("r1", "nested", &format!("{{\"parts\": [\"{nested}\"]}}"))
        .await;
    let orphan = world.object("r1", "12345").await;
    // Written when another connection was configured.
    let older = world.object("r1", "123").await;
    world
        .xcom(
            "r1",
            "older",
            &format!("\"{}\"", older.replace("file://", "file://other@")),
        )
        .await;
    // Outside of the base, and not of the backend's making.
    world.put("y/d/r1/a/0a1b2c3d-0000-4000-8000-000000000001", "1");
    world.put("x/README", "1");

    let dry = SweepOptions {
        delete: false,
        ..NOW
    };
    let (found, findings) = swept(&world, dry).await;
    assert_eq!(findings, [format!("orphan {orphan}")]);
    assert_eq!(
        (found.orphans, found.orphan_bytes, found.deleted),
        (1, 5, 0)
    );
    assert!(world.exists(&orphan).await);

    let (done, _) = swept(&world, NOW).await;
    assert_eq!(
        done,
        Swept {
            objects: 5,
            bytes: 12,
            referred_to: 3,
            foreign: 1,
            orphans: 1,
            orphan_bytes: 5,
            deleted: 1,
            reclaimed_bytes: 5,
            ..Swept::default()
        }
    );
    assert!(
        !world.exists(&orphan).await
            && world.exists(&kept).await
            && world.exists(&nested).await
            && world.exists(&older).await
    );
    assert!(world.has("y/d/r1/a/0a1b2c3d-0000-4000-8000-000000000001"));
    assert!(world.has("x/README"));
}

#[tokio::test]
async fn a_young_object_is_not_judged() {
    let world = World::new().await;
    let young = world.object("r1", "1").await;
    let guarded = SweepOptions {
        min_age: SignedDuration::from_hours(24),
        ..NOW
    };
    let (found, _) = swept(&world, guarded).await;
    assert_eq!((found.young, found.orphans), (1, 0));
    assert!(world.exists(&young).await);
}

#[tokio::test]
async fn a_limit_ends_a_sweep_and_the_next_goes_on() {
    let world = World::new().await;
    for _ in 0..5 {
        world.object("r1", "1").await;
    }
    let (first, _) = swept(&world, SweepOptions { limit: 2, ..NOW }).await;
    let (second, _) = swept(&world, NOW).await;
    assert_eq!((first.deleted, second.deleted), (2, 3));
    assert_eq!(swept(&world, NOW).await.0, Swept::default());
}

#[tokio::test]
async fn bytes_passed_by_reference_stay_while_their_task_instance_has_a_value_or_runs() {
    let world = World::new().await;
    let name = "0a1b2c3d-0000-4000-8000-000000000001";
    for run in ["r1", "r2", "r3"] {
        world.put(&format!("x/d/{run}/a/objects/-1/{name}.parquet"), "12");
        world.put(&format!("x/d/{run}/b/objects/-1/{name}"), "123");
    }
    // A value that names the object, in an object itself: nothing in the database shows it.
    world.offloaded("r1", "k", "1").await;
    let running = aileron_metastore::database::sql(
        "update task_instance set state = 'running' where run_id = 'r2' and task_id = 'b'",
    );
    world.run(running).await;
    let (done, _) = swept(&world, NOW).await;
    assert_eq!(
        (done.referred_to, done.deleted, done.reclaimed_bytes),
        (3, 4, 10)
    );
    assert!(world.has(&format!("x/d/r1/a/objects/-1/{name}.parquet")));
    assert!(world.has(&format!("x/d/r2/b/objects/-1/{name}")));
}

#[tokio::test]
async fn a_row_without_its_object_is_named() {
    let world = World::new().await;
    world.offloaded("r1", "well", "1").await;
    let missing = format!(
        "{}d/r1/a/0a1b2c3d-0000-4000-8000-000000000001",
        world.base.name().shown()
    );
    world.xcom("r1", "k", &format!("\"{missing}\"")).await;
    let (found, findings) = swept(&world, NOW).await;
    assert_eq!(
        (found.dangling, findings),
        (1, vec![format!("dangling {missing}")])
    );
}

#[tokio::test]
async fn the_state_of_tasks_keeps_its_object() {
    let world = World::new().await;
    let kept = world.object("r1", "1").await;
    let statement = aileron_metastore::database::sql(
        "insert into task_state_store (dag_run_id, task_id, map_index, key, dag_id, run_id, value, updated_at) \
         select id, 'a', -1, 'k', 'd', 'r1', $1, $2 from dag_run where run_id = 'r1'",
    );
    let value = format!("{{\"__airflow_state_ref__\": \"{kept}\"}}");
    world
        .run(statement.bind(value).bind(jiff::Timestamp::now()))
        .await;
    assert_eq!(swept(&world, NOW).await.0.referred_to, 1);
    assert!(world.exists(&kept).await);
}
