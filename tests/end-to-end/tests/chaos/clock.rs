//! The clock of the machine is set anew, again and again: hours and days forward and back.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, ensure};
use end_to_end::Deadline;

use crate::database::Content;
use crate::promises;
use crate::seed::{budget, chance, milliseconds};
use crate::world::{PATIENCE, World};

/// A clock that a program is given in place of the machine's.
struct Clock {
    directory: tempfile::TempDir,
}

impl Clock {
    /// Nothing where there is no C compiler.
    fn build() -> Result<Option<Self>> {
        let directory = tempfile::tempdir()?;
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chaos/clock.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-o"])
            .arg(directory.path().join("clock.so"))
            .arg(source)
            .status()
            .is_ok_and(|status| status.success());
        let clock = Self { directory };
        clock.set(0)?;
        Ok(built.then_some(clock))
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("moved")
    }

    /// Moves it so many seconds away from the machine's. In place: the file is mapped.
    fn set(&self, seconds: i64) -> Result<()> {
        let mut file = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.file())?;
        std::io::Write::write_all(&mut file, &seconds.to_ne_bytes())?;
        Ok(())
    }

    /// Gives it to all programs of a world.
    fn give_to(&self, world: World) -> World {
        let library = self.directory.path().join("clock.so");
        world
            .variable("LD_PRELOAD", library.to_string_lossy())
            .variable("CHAOS_CLOCK", self.file().to_string_lossy())
    }
}

#[test]
fn a_clock_that_jumps_fails_no_task() -> Result<()> {
    let mut chance = chance("clock");
    let Some(clock) = Clock::build()? else {
        eprintln!("SKIPPED: there is no C compiler to build another clock with");
        return Ok(());
    };
    let world = clock.give_to(World::new("chaos")?);
    let arguments = ["--dag", "chaos", "--run-id", "clock", "--parallelism", "3"];
    let running = world.start(&arguments)?;
    let end = Instant::now() + budget(5);
    let mut furthest = 0;
    while Instant::now() < end {
        let hours = chance.i64(-48..48);
        furthest = furthest.max(hours);
        clock.set(hours * 3600 + chance.i64(0..3600))?;
        std::thread::sleep(milliseconds(&mut chance, 20..400));
    }
    ensure!(furthest > 0, "this was no storm");
    world.enough()?;
    let ran = running.ended()?;
    promises::check(&world, &ran)?;
    for instance in ran.report["task_instances"]
        .as_array()
        .into_iter()
        .flatten()
    {
        ensure!(instance["try_number"] == 1, "{instance}\n{}", ran.stderr);
    }
    Ok(())
}

/// If it were not, the test above would say nothing.
#[test]
fn the_clock_that_jumps_is_the_one_that_runs_go_by() -> Result<()> {
    let Some(clock) = Clock::build()? else {
        eprintln!("SKIPPED: there is no C compiler to build another clock with");
        return Ok(());
    };
    clock.set(400 * 86400)?;
    let world = clock.give_to(World::new("chaos")?);
    let ran = world.run(&["--dag", "hopeless_chaos", "--run-id", "later"])?;
    ensure!(ran.code == Some(1), "{}", ran.stderr);
    let started = ran.report["start_date"].as_str().unwrap_or_default();
    let started: jiff::Timestamp = started.parse()?;
    let ahead = started.duration_since(jiff::Timestamp::now()).as_hours();
    ensure!((399 * 24..401 * 24).contains(&ahead), "{ahead} hours");
    Ok(())
}

#[test]
fn a_retry_waits_no_longer_when_the_clock_is_set_back() -> Result<()> {
    let Some(clock) = Clock::build()? else {
        eprintln!("SKIPPED: there is no C compiler to build another clock with");
        return Ok(());
    };
    let world = clock.give_to(World::new("scenarios")?);
    let running = world.start(&["--dag", "retrying", "--run-id", "back"])?;
    Deadline::after(PATIENCE).wait_for("a retry waits", || {
        // The database is not there at first.
        let content = Content::of(&world.database()).ok();
        let waits = content.and_then(|content| {
            let waits = |state: &Option<String>| state.as_deref() == Some("up_for_retry");
            content.tries.iter().find(|it| waits(&it.state)).map(|_| ())
        });
        Ok(waits)
    })?;
    clock.set(-48 * 3600)?;
    let ran = running.ended()?;
    ensure!(ran.report["outcome"] == "failed", "{}", ran.stderr);
    for instance in ran.report["task_instances"]
        .as_array()
        .into_iter()
        .flatten()
    {
        ensure!(instance["try_number"] == 2, "{instance}\n{}", ran.stderr);
    }
    // The second tries began under the clock that was set back.
    let ended: jiff::Timestamp = ran.report["end_date"]
        .as_str()
        .unwrap_or_default()
        .parse()?;
    let behind = jiff::Timestamp::now().duration_since(ended).as_hours();
    ensure!(behind >= 47, "{behind} hours");
    Ok(())
}
