//! Comm round trips: the SDK's client and bare sockets, all inside one task.

use std::time::Duration;

use aileron_wire::message::{Message as _, SucceedTask};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::answers::echo;
use crate::percentile::Sorted;
use crate::stand_in::{StandIn, first_frame};
use crate::{Numbers, sibling};

const ROUND_TRIPS: usize = 200;
const BURSTS: usize = 10;
const BURST_SIZE: usize = 64;

pub(crate) fn measure(turns: usize) -> Result<Numbers> {
    let plan = json!({
        "echo": echo()?.to_string(),
        "turns": turns,
        "round_trips": ROUND_TRIPS,
        "bursts": BURSTS,
        "burst_size": BURST_SIZE,
    });
    let frame = first_frame("round_trips", json!({"plan": plan}))?;
    let mut running = StandIn::new()?.start(&sibling("bench-bundle")?, &frame)?;
    running.answers.until(SucceedTask::TYPE)?;
    let status = running.child.wait()?;
    ensure!(status.success(), "the task ended with {status}");
    let timings = running.answers.xcom.context("the task returned nothing")?;
    let sorted = |name: &str| -> Result<Sorted> {
        let nanoseconds: Vec<u64> = serde_json::from_value(timings[name].clone())?;
        let times: Vec<_> = nanoseconds.into_iter().map(Duration::from_nanos).collect();
        Ok(Sorted::of(times))
    };
    let mut numbers = Numbers::new();
    for name in ["sdk", "bare_tokio", "bare_blocking"] {
        let sorted = sorted(name)?;
        for (percentile, share) in [("p50", 0.5), ("p99", 0.99)] {
            let name = format!("round_trip.{name}.{percentile}_us");
            numbers.insert(name, sorted.at(share) * 1e6);
        }
    }
    for name in ["sdk", "bare_tokio"] {
        let burst = sorted(&format!("{name}_burst"))?.median();
        let name = format!("round_trip.{name}.burst_per_s");
        numbers.insert(name, BURST_SIZE as f64 / burst);
    }
    Ok(numbers)
}
