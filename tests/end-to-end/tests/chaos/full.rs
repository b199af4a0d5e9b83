//! The disk of the database is full.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use end_to_end::Deadline;

use crate::database::Content;
use crate::promises;
use crate::world::{PATIENCE, World};

/// A small file system of its own. Only root can mount one.
struct SmallDisk {
    directory: tempfile::TempDir,
}

impl SmallDisk {
    /// Nothing where none can be mounted.
    fn mount() -> Result<Option<Self>> {
        let directory = tempfile::tempdir()?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(directory.path())
            .output()
            .is_ok_and(|output| output.status.success());
        Ok(mounted.then_some(Self { directory }))
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Takes all the room that is left.
    fn fill(&self) -> Result<PathBuf> {
        let filler = self.path().join("filler");
        let mut file = fs::File::create(&filler)?;
        for block in [64 << 10, 1 << 10, 1] {
            while file.write_all(&vec![0; block]).is_ok() {}
        }
        Ok(filler)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.path())
            .status();
    }
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged_and_the_run_goes_on_when_there_is_room()
-> Result<()> {
    let Some(disk) = SmallDisk::mount()? else {
        eprintln!("SKIPPED: a small disk to fill can only be mounted as root");
        return Ok(());
    };
    let world = World::new("chaos")?;
    let database = disk.path().join("airflow.db");
    let path = database.to_string_lossy().into_owned();
    let arguments = ["--dag", "chaos", "--run-id", "full", "--db", &path];
    let arguments = [&arguments[..], &["--parallelism", "3"]].concat();
    let running = world.start(&arguments)?;
    let counts = |least: usize| -> Result<()> {
        Deadline::after(PATIENCE).wait_for("the tasks count", || {
            let mut done = Vec::new();
            for task in ["first", "second", "parent"] {
                let lines = world.lines(task)?;
                done.push(lines.iter().filter(|line| line.what == "done").count());
            }
            Ok(done.iter().all(|done| *done > least).then_some(()))
        })
    };
    counts(0)?;
    let filler = disk.fill()?;
    // Whatever becomes of it now, it ends or goes on as soon as there is room.
    std::thread::sleep(std::time::Duration::from_secs(3));
    ensure!(Content::of(&database).is_ok(), "it can still be read");
    fs::remove_file(filler)?;
    world.enough()?;
    let mut ran = running.ended()?;
    if ran.code != Some(0) {
        ran.check_code()?;
        ensure!(ran.stderr.contains("no space left"), "{}", ran.stderr);
        ran = world.run(&arguments)?;
    }
    promises::check_at(&world, &database, &ran)
}
