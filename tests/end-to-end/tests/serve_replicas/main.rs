//! Two `aileron serve` on one PostgreSQL, behind something that spreads connections over them. One is killed every moment, and
//! once the database itself. Tasks write all the time; what they were told is compared with what `psql` finds.

mod balancer;
mod replica;
mod worker;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use end_to_end::PgBouncer;

use balancer::Balancer;
use replica::Replica;
use worker::{Acknowledged, Worker};
use world::{TASKS, World};

/// For how long there is trouble: `AILERON_CHAOS_SECONDS`, or this.
fn budget() -> Duration {
    let asked = std::env::var("AILERON_CHAOS_SECONDS").ok();
    let asked = asked.and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(asked.unwrap_or(12))
}

#[test]
fn no_write_is_lost_or_doubled_when_replicas_and_the_database_die() -> Result<()> {
    let world = World::new()?;
    let url = world.database.url();
    let ends = trouble(&world, &url, Some(3))?;
    check(&world, &ends)
}

#[test]
fn the_same_through_pgbouncer_in_transaction_mode() -> Result<()> {
    let world = World::new()?;
    let bouncer = PgBouncer::start(world.database.server(), &["pool_mode = transaction"])?;
    let ends = trouble(&world, &bouncer.url(&world.database), None)?;
    check(&world, &ends)
}

/// Lets the tasks work while servers die, until they have come to their end. The database is killed in this round, if any.
fn trouble(world: &World, url: &str, database_dies: Option<u32>) -> Result<Vec<Acknowledged>> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut replicas = [Replica::start(url)?, Replica::start(url)?];
    let balancer = runtime.block_on(Balancer::start())?;
    balancer.lead_to(replicas.iter().map(Replica::address).collect());
    let enough = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = world
        .instances
        .iter()
        .map(|(task, id)| {
            let worker = Worker::new(task, *id, &balancer.url())?;
            Ok(runtime.spawn(worker.work(Arc::clone(&enough))))
        })
        .collect::<Result<_>>()?;
    let end = Instant::now() + budget();
    let mut rounds = 0;
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(900));
        let number = rounds as usize % replicas.len();
        replicas[number].kill()?;
        rounds += 1;
        if database_dies == Some(rounds) {
            let server = world.database.server();
            server.kill()?;
            std::thread::sleep(Duration::from_millis(300));
            server.start_again()?;
        }
        replicas[number] = Replica::start(url)?;
        balancer.lead_to(replicas.iter().map(Replica::address).collect());
    }
    enough.store(true, Ordering::Relaxed);
    let ends = runtime.block_on(async {
        let mut ends = Vec::new();
        for worker in workers {
            ends.push(worker.await??);
        }
        anyhow::Ok(ends)
    })?;
    for replica in &mut replicas {
        replica.end_in_order()?;
    }
    let writes: u64 = ends.iter().map(|end| end.writes).sum();
    eprintln!("{writes} writes acknowledged, {rounds} replicas killed");
    ensure!(rounds >= 3 && writes > 100, "this was no trouble");
    Ok(ends)
}

/// Everything that was acknowledged is there, once.
fn check(world: &World, ends: &[Acknowledged]) -> Result<()> {
    ensure!(ends.len() == TASKS, "{ends:?}");
    for end in ends {
        check_task(world, end).with_context(|| end.task.clone())?;
    }
    // What a task has said once happened once: an event for its outlet, a history of no other try.
    world.expect("select count(*) from asset_event", &TASKS.to_string())?;
    world.expect(
        "select count(distinct source_task_id) from asset_event",
        &TASKS.to_string(),
    )?;
    world.expect("select count(*) from task_instance_history", "0")?;
    let runs: u64 = ends.iter().map(|end| end.runs).sum();
    world.expect(
        "select count(*) from dag_run where run_id like 'from_%'",
        &runs.to_string(),
    )
}

fn check_task(world: &World, end: &Acknowledged) -> Result<()> {
    let Acknowledged { task, count, .. } = end;
    let count = count.to_string();
    let stored = [
        format!("select value from xcom where task_id = '{task}' and key = 'n'"),
        format!("select value from task_state_store where task_id = '{task}' and key = 'n'"),
        format!(
            "select s.value from asset_state_store s join asset a on a.id = s.asset_id
             where a.name = '{task}_out' and s.key = 'n'"
        ),
        format!("select val from variable where key = '{task}'"),
    ];
    for query in &stored {
        world.expect(query, &count)?;
    }
    world.expect(
        &format!("select state, try_number from task_instance where task_id = '{task}' and run_id = '{}'", world::RUN),
        "success|1",
    )
}
