//! One run of each example, and what they have left.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use end_to_end::{Deadline, normal, outcomes};
use serde_json::{Value, json};

use crate::World;
use crate::examples::{Example, FIRST, THEN};

/// How long the runs of one wave, or the reading of the Dags, may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(240);

/// What a set of runs has left.
pub(crate) struct Set {
    /// By Dag, and the number of the run when there are several.
    outcomes: BTreeMap<String, Value>,
    /// How many tries workers have started.
    pub(crate) tries: u64,
}

impl Set {
    /// Asks for a run of each example and waits until they, and the runs that they lead to, have ended.
    pub(crate) fn run(world: &World, run_id: &str, date: &str) -> Result<Self> {
        let last = world.sql("select coalesce(max(id), 0) from dag_run")?;
        let after = last.trim();
        let mut expected = 0;
        for wave in [FIRST, THEN] {
            for example in wave {
                trigger(world, example, run_id, date)?;
                expected += 1 + example.leads_to.len();
            }
            wait(world, after, expected)?;
        }
        let runs = world.sql(&format!(
            "select dag_id, run_id from dag_run where id > {after} order by dag_id, id"
        ))?;
        let runs: Vec<(&str, &str)> = runs
            .lines()
            .filter_map(|line| line.split_once('|'))
            .collect();
        let url = world.server.url(&world.database);
        let found = outcomes(url.as_ref(), &runs)?;
        let mut set = Self {
            outcomes: BTreeMap::new(),
            tries: tries(world, after)?,
        };
        for ((dag_id, _), outcome) in runs.iter().zip(found) {
            let text = runs.iter().fold(outcome.to_string(), |text, (_, run_id)| {
                text.replace(run_id, "<run>")
            });
            let text = text
                .replace(date, "<date>")
                .replace(&date.replace('-', ""), "<date>");
            let number = (1..).map(|number| format!("{dag_id} {number}"));
            let free = number
                .into_iter()
                .find(|name| !set.outcomes.contains_key(name));
            set.outcomes.insert(
                free.context("there are numbers")?,
                serde_json::from_str(&text)?,
            );
        }
        for (name, query) in TABLES {
            let rows = world.airflow.query(query, &[after])?;
            set.outcomes
                .insert((*name).to_owned(), normal(json!(rows), run_id));
        }
        for example in FIRST.iter().chain(THEN) {
            let outcome = set.outcomes.get_mut(&format!("{} 1", example.dag_id));
            let outcome = outcome.with_context(|| format!("no run of {}", example.dag_id))?;
            for pointer in example.varies {
                let place = outcome
                    .pointer_mut(pointer)
                    .with_context(|| format!("{}: no {pointer}", example.dag_id))?;
                *place = json!("<varies>");
            }
        }
        Ok(set)
    }

    /// Names every difference.
    pub(crate) fn compare(&self, other: &Self) -> Result<()> {
        let mut wrong = Vec::new();
        let names = self.outcomes.keys().chain(
            other
                .outcomes
                .keys()
                .filter(|name| !self.outcomes.contains_key(*name)),
        );
        for name in names {
            let of = |set: &Self| set.outcomes.get(name).cloned().unwrap_or_default();
            differences(name, &of(self), &of(other), &mut wrong);
        }
        let instances = self
            .outcomes
            .values()
            .filter_map(|outcome| outcome["task_instances"].as_object());
        eprintln!(
            "{} runs, {} task instances, {} tries of workers",
            self.outcomes.len() - TABLES.len(),
            instances.map(serde_json::Map::len).sum::<usize>(),
            self.tries
        );
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }
}

/// What else is the same: a name, and a query for the runs after one.
const TABLES: [(&str, &str); 3] = [
    (
        "dag runs",
        "select dag_id, run_type, state, triggered_by, triggering_user_name, conf, clear_number, partition_key, \
         start_date is null, end_date is null, data_interval_start is null, bundle_version \
         from dag_run where id > cast(? as integer) order by dag_id, id",
    ),
    (
        "log",
        "select l.dag_id, l.task_id, l.map_index, l.try_number, l.event, l.owner, count(*) from log l \
         join dag_run r on r.dag_id = l.dag_id and r.run_id = l.run_id where r.id > cast(? as integer) \
         group by 1, 2, 3, 4, 5, 6 order by 1, 2, 3, 4, 5, 6",
    ),
    (
        "ended and started instances",
        "select ti.dag_id, ti.task_id, ti.map_index, ti.hostname, ti.unixname, ti.operator, ti.pid is null, ti.start_date is null, \
         ti.end_date is null, ti.duration is null, ti.next_method, ti.trigger_id is null, ti.executor, ti.pool \
         from task_instance ti join dag_run r on r.dag_id = ti.dag_id and r.run_id = ti.run_id \
         where r.id > cast(? as integer) order by ti.dag_id, r.id, ti.task_id, ti.map_index",
    ),
];

fn trigger(world: &World, example: &Example, run_id: &str, date: &str) -> Result<()> {
    let body = json!({
        "dag_run_id": run_id,
        "logical_date": format!("{date}T00:00:00Z"),
        "conf": serde_json::from_str::<Value>(example.conf)?,
    });
    world
        .airflow
        .api()
        .post(&format!("/dags/{}/dagRuns", example.dag_id), &body)
        .map(|_| ())
}

/// Waits until there are so many runs, and all have ended.
fn wait(world: &World, after: &str, expected: usize) -> Result<()> {
    let query = format!(
        "select count(*), count(*) filter (where state in ('success', 'failed')) from dag_run where id > {after}"
    );
    let done = format!("{expected}|{expected}");
    let ended = Deadline::after(LIMIT).wait_for("all runs have ended", || {
        // The processors are for the tasks.
        std::thread::sleep(Duration::from_millis(400));
        Ok((world.sql(&query)?.trim() == done).then_some(()))
    });
    if let Err(error) = ended {
        let runs = world.sql(&format!(
            "select dag_id, run_id, state from dag_run where id > {after} order by id"
        ))?;
        let open = world.sql(
            "select dag_id, task_id, map_index, state, try_number from task_instance where state is null or state not in \
             ('success', 'failed', 'skipped', 'upstream_failed', 'removed')",
        )?;
        bail!("{error}; expected {expected} runs:\n{runs}\nopen:\n{open}");
    }
    Ok(())
}

/// How many tries workers have started: those that have a process. One that was deferred or rescheduled starts again.
fn tries(world: &World, after: &str) -> Result<u64> {
    let events = world.sql(&format!(
        "select count(*) from log l join dag_run r on r.dag_id = l.dag_id and r.run_id = l.run_id \
         where r.id > {after} and l.event = 'running'"
    ))?;
    Ok(events.trim().parse()?)
}

fn differences(at: &str, theirs: &Value, ours: &Value, found: &mut Vec<String>) {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let names = theirs
                .keys()
                .chain(ours.keys().filter(|name| !theirs.contains_key(*name)));
            for name in names {
                let of = |these: &serde_json::Map<String, Value>| {
                    these.get(name).cloned().unwrap_or_default()
                };
                differences(&format!("{at}/{name}"), &of(theirs), &of(ours), found);
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                differences(&format!("{at}/{index}"), theirs, ours, found);
            }
        }
        _ if theirs == ours => {}
        _ => found.push(format!("{at}:\n  Airflow {theirs}\n  ours    {ours}")),
    }
}
