//! What must be true when a run has ended, whatever happened on the way.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::database::{Content, Try};
use crate::record::follow;
use crate::world::{Ran, World};

const FINISHED: [&str; 5] = ["success", "failed", "skipped", "upstream_failed", "removed"];

/// A run of the Dag `chaos` that has come to its end.
pub(crate) fn check(world: &World, ran: &Ran) -> Result<()> {
    check_at(world, &world.database(), ran)
}

/// The same, with the database at another place.
pub(crate) fn check_at(world: &World, database: &Path, ran: &Ran) -> Result<()> {
    world.wait_until_deserted()?;
    ensure!(ran.code == Some(0), "{:?}: {}", ran.code, ran.stderr);
    ensure!(ran.report["state"] == "success", "{}", ran.report);
    check_content(world, &Content::of(database)?)
}

/// What a successful run of the Dag `chaos` has left, whoever ran it.
pub(crate) fn check_content(world: &World, content: &Content) -> Result<()> {
    ensure!(content.runs == ["success"], "{:?}", content.runs);
    check_tries(content)?;
    let mut sum = 0;
    for task in ["first", "second", "parent"] {
        let end = check_counting(world, content, task).with_context(|| task.to_owned())?;
        sum += end;
    }
    let total = content.number("xcom", "last", "return_value");
    ensure!(total == Some(sum), "{total:?} instead of {sum}");
    let mut events = content.events.clone();
    events.sort();
    // One for each outlet of each task that succeeded: not one for each time it was said.
    ensure!(
        events == ["first", "last", "parent", "second"],
        "asset events of {events:?}"
    );
    Ok(())
}

/// A task of the bundle `chaos` that counts. Returns how far it came.
pub(crate) fn check_counting(world: &World, content: &Content, task: &str) -> Result<i64> {
    let counted = follow(&world.lines(task)?)?;
    for store in ["task_state", "asset_state", "variable"] {
        let stored = content.number(store, task, "n");
        let acknowledged = counted.acknowledged.get(store).copied();
        ensure!(
            stored == acknowledged,
            "{store}: {acknowledged:?} was acknowledged, {stored:?} is stored"
        );
    }
    let stored = content.number("xcom", task, "n");
    ensure!(stored == counted.xcom, "{stored:?} {:?}", counted.xcom);
    // A success that no task has come to would be invented.
    let end = counted.end.context("success, and no try came to its end")?;
    let returned = content.number("xcom", task, "return_value");
    ensure!(returned == Some(end), "{returned:?} instead of {end}");
    let instance = content.instance(task).context("it has no row")?;
    ensure!(
        instance.number == counted.attempt,
        "{instance:?}, and the last try that ran was {}",
        counted.attempt
    );
    Ok(end)
}

/// Each task instance is finished, and its tries are a story that can be told.
pub(crate) fn check_tries(content: &Content) -> Result<()> {
    ensure!(content.integrity == "ok", "{}", content.integrity);
    for now in &content.tries {
        let state = now.state.as_deref().unwrap_or("none");
        ensure!(FINISHED.contains(&state), "{now:?} at the end of a run");
        ensure!(now.number <= now.max_tries + 1, "{now:?}");
        let before: Vec<&Try> = content
            .history
            .iter()
            .filter(|it| it.task == now.task && it.number < now.number)
            .collect();
        let numbers: BTreeSet<i64> = before.iter().map(|it| it.number).collect();
        ensure!(numbers.len() == before.len(), "twice in {before:?}");
        ensure!(
            numbers.iter().copied().eq(1..now.number.max(1)),
            "a try is missing before {now:?}: {numbers:?}"
        );
        let strange = before.iter().find(|it| {
            let state = it.state.as_deref();
            !matches!(state, Some("failed" | "up_for_retry"))
        });
        ensure!(strange.is_none(), "{strange:?} was tried again");
    }
    Ok(())
}
