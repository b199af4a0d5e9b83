//! The database file is locked by another process: for seconds, and for ever.

use std::path::Path;
use std::time::{Duration, Instant};

use aileron_metastore::database::{Database, Missing};
use anyhow::{Result, ensure};
use end_to_end::Deadline;

use crate::promises;
use crate::seed::{budget, chance, milliseconds};
use crate::world::{PATIENCE, World};

const ARGUMENTS: [&str; 6] = ["--dag", "chaos", "--run-id", "locked", "--parallelism", "3"];

/// Holds the lock of the one writer, as a program does that is slow or hangs.
struct Holder {
    runtime: tokio::runtime::Runtime,
    database: Database,
}

impl Holder {
    fn new(path: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Runtime::new()?;
        let database = runtime.block_on(Database::sqlite(path, Missing::Fail))?;
        Ok(Self { runtime, database })
    }

    /// Holds it while `meanwhile` runs.
    fn hold<T>(&self, meanwhile: impl FnOnce() -> Result<T>) -> Result<T> {
        let transaction = self.runtime.block_on(self.database.begin())?;
        let result = meanwhile();
        self.runtime.block_on(transaction.rollback())?;
        result
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.runtime.block_on(self.database.close());
    }
}

fn wait_until_all_count(world: &World) -> Result<()> {
    let deadline = Deadline::after(PATIENCE);
    for task in ["first", "second", "parent"] {
        deadline.wait_for("the task counts", || {
            let counts = world.lines(task)?.iter().any(|line| line.what == "done");
            Ok(counts.then_some(()))
        })?;
    }
    Ok(())
}

#[test]
fn a_file_that_is_locked_for_seconds_fails_no_task() -> Result<()> {
    let mut chance = chance("locked");
    let world = World::new("chaos")?;
    let running = world.start(&ARGUMENTS)?;
    wait_until_all_count(&world)?;
    let holder = Holder::new(&world.database())?;
    let end = Instant::now() + budget(5);
    while Instant::now() < end {
        holder.hold(|| {
            std::thread::sleep(milliseconds(&mut chance, 10..2500));
            Ok(())
        })?;
        std::thread::sleep(milliseconds(&mut chance, 1..200));
    }
    drop(holder);
    world.enough()?;
    let ran = running.ended()?;
    promises::check(&world, &ran)?;
    // Nobody noticed more than that it took longer.
    for instance in ran.report["task_instances"]
        .as_array()
        .into_iter()
        .flatten()
    {
        ensure!(instance["try_number"] == 1, "{instance}\n{}", ran.stderr);
    }
    Ok(())
}

/// The lock is held for longer than anybody waits.
#[test]
fn a_file_that_stays_locked_is_named_and_the_run_goes_on_when_it_is_free() -> Result<()> {
    let world = World::new("chaos")?;
    let running = world.start(&ARGUMENTS)?;
    wait_until_all_count(&world)?;
    running.signal("KILL");
    running.ended()?;
    let holder = Holder::new(&world.database())?;
    let ran = holder.hold(|| {
        let asked = Instant::now();
        let ran = world.run(&ARGUMENTS)?;
        ensure!(
            asked.elapsed() < Duration::from_secs(45),
            "{:?}",
            asked.elapsed()
        );
        Ok(ran)
    })?;
    drop(holder);
    ensure!(ran.code == Some(1), "{:?}: {}", ran.code, ran.stderr);
    ensure!(ran.stderr.contains("airflow.db"), "{}", ran.stderr);
    ensure!(
        ran.stderr.contains("locked by another process"),
        "{}",
        ran.stderr
    );
    world.enough()?;
    let ran = world.run(&ARGUMENTS)?;
    promises::check(&world, &ran)
}
