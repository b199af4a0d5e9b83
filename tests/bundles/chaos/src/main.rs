//! Tasks that are made to be killed. Each counts in every store there is, and keeps a record of its own: what it is about to
//! write, what was acknowledged, and what it found when it began.
//!
//! `CHAOS_RECORD` names the directory of the records. The tasks go on until there is a file `enough` in it.

mod record;

use std::process::{Child, Command, ExitCode};
use std::time::Duration;

use aileron::Asset;
use aileron::prelude::*;
use record::{Record, directory};
use serde_json::json;

const FIRST: Asset = Asset::new("chaos_first", "s3://chaos/first");
const SECOND: Asset = Asset::new("chaos_second", "s3://chaos/second");
const PARENT: Asset = Asset::new("chaos_parent", "s3://chaos/parent");
const LAST: Asset = Asset::new("chaos_last", "s3://chaos/last");

/// Counts until it is enough. Returns how far it came.
async fn count(cx: &Context, asset: &Asset) -> Result<i64> {
    let mut record = Record::open(&cx.ti().task_id, cx.try_number())?;
    let variable = format!("chaos_{}", cx.ti().task_id);
    let task_state = cx.task_state_store();
    let asset_states = cx.asset_state_store();
    let asset_state = asset_states.of(asset)?;
    let xcom = cx.xcom();

    // Says that it begins before it asks: from here on no earlier try may write.
    record.line("begin", "", json!(null))?;
    let found = [
        ("task_state", task_state.get::<i64>("n").await?),
        ("asset_state", asset_state.get::<i64>("n").await?),
        ("variable", cx.variables().get_json(&variable).await?),
    ];
    for (key, value) in found {
        record.line("found", key, json!(value))?;
    }
    let mut n = found
        .iter()
        .filter_map(|(_, value)| *value)
        .max()
        .unwrap_or(0);
    loop {
        n += 1;
        let value = json!(n);
        record.line("will", "task_state", value.clone())?;
        task_state.set("n", &n).await?;
        record.line("done", "task_state", value.clone())?;

        record.line("will", "asset_state", value.clone())?;
        asset_state.set("n", &n).await?;
        record.line("done", "asset_state", value.clone())?;

        record.line("will", "variable", value.clone())?;
        cx.variables().set_json(&variable, &n).await?;
        record.line("done", "variable", value.clone())?;

        record.line("will", "xcom", value.clone())?;
        xcom.push("n", &n).await?;
        record.line("done", "xcom", value.clone())?;
        if directory().join("enough").exists() {
            record.line("end", "", value)?;
            return Ok(n);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[task(retries = 1000, retry_delay = "10ms", outlets = [FIRST])]
async fn first(cx: &Context) -> Result<i64> {
    count(cx, &FIRST).await
}

#[task(retries = 1000, retry_delay = "10ms", outlets = [SECOND])]
async fn second(cx: &Context) -> Result<i64> {
    count(cx, &SECOND).await
}

/// Ends with the task unless the task is killed: then somebody else has to end it.
struct Helper(Child);

impl Helper {
    fn start() -> Result<Self> {
        Ok(Self(Command::new("sleep").arg("600").spawn()?))
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Counts with a process of its own beside it.
#[task(retries = 1000, retry_delay = "10ms", outlets = [PARENT])]
async fn parent(cx: &Context) -> Result<i64> {
    let _helper = Helper::start()?;
    count(cx, &PARENT).await
}

/// Fails by itself, time and again; its last try fails for good.
#[task(retries = 2, retry_delay = "10ms")]
async fn hopeless(cx: &Context) -> Result<()> {
    let mut record = Record::open(&cx.ti().task_id, cx.try_number())?;
    record.line("begin", "", json!(null))?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    record.line("fails", "", json!(null))?;
    Err(Error::msg("it fails every time"))
}

/// Runs when all others have succeeded.
#[task(retries = 1000, retry_delay = "10ms", outlets = [LAST])]
async fn last(cx: &Context, first: i64, second: i64, parent: i64) -> Result<i64> {
    let mut record = Record::open(&cx.ti().task_id, cx.try_number())?;
    record.line("begin", "", json!([first, second, parent]))?;
    Ok(first + second + parent)
}

#[dag]
fn chaos(dag: &mut Dag) {
    let first = dag.add(first());
    let second = dag.add(second());
    let parent = dag.add(parent());
    dag.add(last(first, second, parent));
}

/// The run of this Dag fails, and says so.
#[dag]
fn hopeless_chaos(dag: &mut Dag) {
    dag.add(hopeless());
}

/// One task alone, for tests that bring their own supervisor.
#[dag]
fn alone(dag: &mut Dag) {
    dag.add(first());
}

fn main() -> ExitCode {
    aileron::serve(bundle![chaos, hopeless_chaos, alone])
}
