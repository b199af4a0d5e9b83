//! Process start to acknowledged end of an empty task.

use std::path::Path;
use std::time::Duration;

use aileron_wire::message::{Message as _, SucceedTask};
use anyhow::{Result, ensure};
use serde_json::Value;

use crate::answers::answer;
use crate::percentile::Sorted;
use crate::stand_in::{StandIn, first_frame};
use crate::{Numbers, sibling};

pub(crate) fn measure(runs: usize) -> Result<Numbers> {
    let stand_in = StandIn::new()?;
    let frame = first_frame("empty", Value::Null)?;
    let programs = [
        ("start.bundle", sibling("bench-bundle")?),
        ("start.floor", sibling("bench-floor")?),
    ];
    let mut times = [Vec::new(), Vec::new()];
    // The programs take turns; the first turns bring them into the page cache.
    let warm_up = 5;
    for run in 0..runs + warm_up {
        for ((_, program), times) in programs.iter().zip(&mut times) {
            let time = once(&stand_in, program, &frame)?;
            if run >= warm_up {
                times.push(time);
            }
        }
    }
    let mut numbers = Numbers::new();
    for ((name, _), times) in programs.iter().zip(times) {
        let (acknowledged, exited): (Vec<_>, Vec<_>) = times.into_iter().unzip();
        let sorted = Sorted::of(acknowledged);
        for (percentile, share) in [("p50", 0.5), ("p99", 0.99)] {
            numbers.insert(format!("{name}.{percentile}_ms"), sorted.at(share) * 1e3);
        }
        let exited = Sorted::of(exited).median() * 1e3;
        numbers.insert(format!("{name}.exit.p50_ms"), exited);
    }
    Ok(numbers)
}

/// From just before the process is started until the reply to its last message is sent, and until it has ended.
fn once(stand_in: &StandIn, program: &Path, frame: &[u8]) -> Result<(Duration, Duration)> {
    let mut running = stand_in.start(program, frame)?;
    answer(&running.comm, SucceedTask::TYPE)?;
    let acknowledged = running.started.elapsed();
    let status = running.child.wait()?;
    ensure!(
        status.success(),
        "{} ended with {status}",
        program.display()
    );
    Ok((acknowledged, running.started.elapsed()))
}
