//! What deferred and asking task instances wait for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::store::{Deferral, Row};
use crate::trigger::TimeTrigger;

/// What is due at a time.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Due {
    /// The trigger fires.
    Fires(TimeTrigger),
    /// The task waited for too long.
    TimedOut,
    /// What it waits for never comes here; a sentence for a person.
    Fails(String),
    /// A person has not answered in time.
    Unanswered,
}

/// By the time at which they are due.
#[derive(Debug, Default)]
pub(super) struct Waits {
    by_time: BTreeMap<(Timestamp, Uuid), Due>,
}

impl Waits {
    /// Adds a deferred instance. Returns when it goes on.
    pub(super) fn defer(&mut self, row: &Row, now: Timestamp) -> Timestamp {
        let (mut at, mut due) = match &row.deferral {
            Some(deferral) => trigger(deferral, now),
            None => (
                now,
                Due::Fails("the database does not say which trigger it waits for".to_owned()),
            ),
        };
        if let Some(timeout) = row.wait_until
            && timeout < at
        {
            (at, due) = (timeout, Due::TimedOut);
        }
        self.by_time.insert((at, row.id), due);
        at
    }

    /// Adds an instance that asks a person. Nobody can answer here, so it goes on when it would not wait any longer.
    pub(super) fn ask(&mut self, row: &Row, now: Timestamp) -> Timestamp {
        let (at, due) = match row.wait_until {
            Some(timeout) => (timeout, Due::Unanswered),
            None => (now, Due::Fails(NOBODY.to_owned())),
        };
        self.by_time.insert((at, row.id), due);
        at
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.by_time.keys().next().map(|(at, _)| *at)
    }

    /// Takes out one that is due.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<(Uuid, Due)> {
        let entry = self.by_time.first_entry()?;
        let (at, id) = *entry.key();
        (at <= now).then(|| (id, entry.remove()))
    }
}

const NOBODY: &str =
    "the task waits for a person's answer without a time limit, and only an Airflow can ask one";

fn trigger(deferral: &Deferral, now: Timestamp) -> (Timestamp, Due) {
    let made = deferral.kwargs().and_then(|kwargs| {
        TimeTrigger::new(&deferral.classpath, &kwargs, deferral.since)
            .map_err(|error| error.to_string())
    });
    match made {
        Ok(trigger) => (trigger.moment, Due::Fires(trigger)),
        Err(problem) => (now, Due::Fails(problem)),
    }
}
