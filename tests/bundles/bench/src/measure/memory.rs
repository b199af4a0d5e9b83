//! Resident memory of a task that waits.

use std::fs;
use std::thread;
use std::time::Duration;

use aileron_wire::message::{GetVariable, Message as _};
use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::answers::answer;
use crate::stand_in::{StandIn, first_frame};
use crate::{Numbers, sibling};

const FIELDS: [(&str, &str); 2] = [("Rss:", "memory.rss_mib"), ("Pss:", "memory.pss_mib")];

pub(crate) fn measure(runs: usize) -> Result<Numbers> {
    let stand_in = StandIn::new()?;
    let frame = first_frame("wait", Value::Null)?;
    let mut numbers = Numbers::new();
    for _ in 0..runs {
        let mut running = stand_in.start(&sibling("bench-bundle")?, &frame)?;
        answer(&running.comm, GetVariable::TYPE)?;
        // The reply is on its way; afterwards the task sleeps.
        thread::sleep(Duration::from_millis(200));
        let path = format!("/proc/{}/smaps_rollup", running.child.id());
        let rollup = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"));
        running.child.kill()?;
        running.child.wait()?;
        let rollup = rollup?;
        for (field, name) in FIELDS {
            let mebibytes = kibibytes(&rollup, field)? / 1024.0;
            // The largest of the runs counts.
            let largest = numbers.entry(name.to_owned()).or_insert(0.0);
            *largest = mebibytes.max(*largest);
        }
    }
    Ok(numbers)
}

fn kibibytes(rollup: &str, field: &str) -> Result<f64> {
    rollup
        .lines()
        .find_map(|line| {
            line.strip_prefix(field)?
                .trim()
                .strip_suffix(" kB")?
                .parse()
                .ok()
        })
        .with_context(|| format!("there is no {field} in\n{rollup}"))
}
