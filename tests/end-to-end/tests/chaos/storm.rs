//! Killing at random.

use std::time::Instant;

use anyhow::{Result, ensure};
use fastrand::Rng;

use crate::process;
use crate::seed::{budget, milliseconds};
use crate::world::{Running, World};

/// What was done to a run.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    pub(crate) runs_killed: u32,
    pub(crate) runs_terminated: u32,
    pub(crate) tasks_killed: u32,
    pub(crate) tasks_terminated: u32,
    pub(crate) stopped: u32,
}

/// Starts a run again and again, and kills it and its tasks, until the time is over. Leaves nothing running but what a killed
/// run leaves.
pub(crate) fn rage(
    world: &World,
    arguments: &[&str],
    seconds: u64,
    chance: &mut Rng,
) -> Result<Damage> {
    let end = Instant::now() + budget(seconds);
    let mut damage = Damage::default();
    while Instant::now() < end {
        let mut running = world.start(arguments)?;
        let dies = Instant::now() + milliseconds(chance, 20..1500);
        while Instant::now() < dies {
            std::thread::sleep(milliseconds(chance, 10..150));
            hit_a_task(world, &running, chance, &mut damage);
        }
        if !running.is_there()? {
            let ran = running.ended()?;
            ran.check_code()?;
            ensure!(ran.code == Some(0), "{:?}: {}", ran.code, ran.stderr);
            continue;
        }
        if chance.u8(0..4) == 0 {
            damage.runs_terminated += 1;
            running.signal("TERM");
            let ran = running.ended()?;
            // It may have been too early for it to catch a signal, or it had ended.
            if ran.code.is_some() {
                ran.check_code()?;
            }
        } else {
            damage.runs_killed += 1;
            running.signal("KILL");
            running.ended()?;
        }
    }
    eprintln!("{damage:?}");
    ensure!(
        damage.runs_killed > 0 && damage.tasks_killed > 0,
        "this was no storm: {damage:?}"
    );
    Ok(damage)
}

fn hit_a_task(world: &World, running: &Running<'_>, chance: &mut Rng, damage: &mut Damage) {
    let tasks = world.tasks();
    let Some(task) = chance.choice(tasks) else {
        return;
    };
    match chance.u8(0..8) {
        0 | 1 => damage.tasks_killed += u32::from(process::signal(task.id, "KILL")),
        2 => damage.tasks_terminated += u32::from(process::signal(task.id, "TERM")),
        3 => {
            // Its supervisor, or the task.
            let id = chance.choice([task.id, running.id()]).unwrap_or(task.id);
            damage.stopped += u32::from(process::signal(id, "STOP"));
            std::thread::sleep(milliseconds(chance, 1..300));
            process::signal(id, "CONT");
        }
        _ => {}
    }
}
