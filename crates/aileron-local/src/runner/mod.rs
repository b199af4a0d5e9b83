//! Carrying out what is decided: processes, timers, and what is stored.

mod clock;
mod interrupt;
pub(crate) mod leftover;
mod process;
mod wait;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use aileron_supervisor::{Delivery, Ended, Finished, SuperviseError};
use aileron_wire::message::{DagRunState, TaskInstanceState};
use jiff::Timestamp;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::decide::{Board, Standing, Step, is_finished};
use crate::error::RunError;
use crate::event::{Event, InstanceName, Listener};
use crate::plan::Plan;
use crate::report::Outcome;
use crate::store::{Row, Store};

pub use interrupt::Interrupt;
pub(crate) use process::Launcher;

use clock::Clock;
use wait::{Due, Waits};

/// Timers are set for no longer than this, so that a clock that was set anew is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);
/// What Airflow says to a task whose trigger took too long (3.3.2, `TriggerFailureReason`).
const TIMED_OUT: &str = "Trigger timeout";

/// A run on its way.
pub(crate) struct Runner<'a> {
    plan: &'a Plan,
    board: Board<'a>,
    store: &'a Store,
    launcher: Launcher,
    listener: &'a dyn Listener,
    interrupt: Interrupt,
    /// How many processes there are at most.
    pub(crate) parallelism: usize,
    /// What the mapped tasks are mapped over.
    pub(crate) mappings: HashMap<String, Mapping>,
    /// Queued by an earlier run or by a trigger: they only have to be started.
    queued: VecDeque<Uuid>,
    rows: HashMap<Uuid, Row>,
    running: JoinSet<Ending>,
    waits: Waits,
    clock: Clock,
}

/// What a mapped task is mapped over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapping {
    /// So many values.
    Count(u32),
    /// The values that a task before it has pushed.
    Over(String),
}

/// How a process ended.
struct Ending {
    /// The task instance, as it was when it started.
    row: Row,
    start: Timestamp,
    result: Result<Finished, SuperviseError>,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        board: Board<'a>,
        store: &'a Store,
        launcher: Launcher,
        listener: &'a dyn Listener,
        interrupt: Interrupt,
    ) -> Self {
        Self {
            plan,
            store,
            launcher,
            parallelism: 1,
            mappings: HashMap::new(),
            listener,
            interrupt,
            board,
            queued: VecDeque::new(),
            rows: HashMap::new(),
            running: JoinSet::new(),
            waits: Waits::default(),
            clock: Clock::new(),
        }
    }

    /// Takes an instance over as it stands in the database.
    pub(crate) fn take_over(&mut self, row: Row) {
        let now = Timestamp::now();
        match row.state {
            Some(TaskInstanceState::Queued | TaskInstanceState::Scheduled) => {
                self.queued.push_back(row.id);
            }
            Some(TaskInstanceState::Deferred) => {
                let until = self.waits.defer(&row, now);
                self.say_wait(&row, until, now);
            }
            Some(TaskInstanceState::AwaitingInput) => {
                let until = self.waits.ask(&row, now);
                self.say_wait(&row, until, now);
            }
            _ => {}
        }
        if let Some(mut instance) = row.instance(self.plan) {
            // Unless the clock was set back since, and then nobody knows how long ago it was.
            instance.end_date = instance.end_date.map(|end| end.min(now));
            self.board.put(instance);
        }
        self.rows.insert(row.id, row);
    }

    /// Runs until nothing is left to run.
    pub(crate) async fn run(&mut self) -> Result<Outcome, RunError> {
        let mut stopping = false;
        loop {
            if !stopping {
                if let Some(by) = self.clock.set_back() {
                    self.board.set_back(by);
                }
                self.fire().await?;
                self.decide().await?;
                self.start().await?;
            }
            if self.running.is_empty() {
                if stopping {
                    return Ok(Outcome::Interrupted);
                }
                if let Some(outcome) = self.over() {
                    return Ok(outcome);
                }
            }
            let timer = self.timer();
            tokio::select! {
                biased;
                Some(ending) = self.running.join_next(), if !self.running.is_empty() => {
                    // Panics of a supervisor are ours.
                    let ending = ending.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
                    self.ended(ending).await?;
                    while let Some(Ok(ending)) = self.running.try_join_next() {
                        self.ended(ending).await?;
                    }
                    self.see_what_tasks_changed().await?;
                }
                () = self.interrupt.asked(), if !stopping => {
                    stopping = true;
                    self.say(&Event::Stopping);
                }
                () = tokio::time::sleep(timer), if !stopping => {}
            }
        }
    }

    fn over(&self) -> Option<Outcome> {
        match self.board.standing() {
            Standing::Finished {
                state: DagRunState::Success,
                ..
            } => Some(Outcome::Success),
            Standing::Finished { .. } => Some(Outcome::Failed),
            Standing::BlockedByPast(tasks) => {
                let names: Vec<_> = tasks
                    .iter()
                    .map(|task| self.plan.task(*task).task_id.as_str())
                    .collect();
                self.say(&Event::Note(format!(
                    "waiting for an earlier run, in which these tasks have not succeeded: {}",
                    names.join(", ")
                )));
                Some(Outcome::Blocked)
            }
            Standing::Active | Standing::WaitsUntil(_) => None,
        }
    }

    /// How long until something is due.
    fn timer(&self) -> Duration {
        let next = [self.board.next_due(), self.waits.next()];
        let Some(next) = next.into_iter().flatten().min() else {
            return LONGEST_SLEEP;
        };
        let left = Timestamp::now().duration_until(next);
        Duration::try_from(left)
            .unwrap_or(Duration::ZERO)
            .min(LONGEST_SLEEP)
    }

    /// Lets go on what has waited long enough.
    async fn fire(&mut self) -> Result<(), RunError> {
        while let Some((id, due)) = self.waits.take(Timestamp::now()) {
            match due {
                Due::Fires(trigger) if trigger.end_from_trigger => {
                    self.store.end_deferred(id).await?
                }
                Due::Fires(trigger) => self.store.resume(id, &trigger.event()).await?,
                Due::TimedOut => self.store.fail_to_resume(id, TIMED_OUT).await?,
                Due::Fails(reason) => self.store.fail_to_resume(id, &reason).await?,
                Due::Unanswered => self.store.unanswered(id).await?,
            }
            let row = self.store.row(&self.name(id)).await?;
            self.take_over(row);
        }
        Ok(())
    }

    async fn decide(&mut self) -> Result<(), RunError> {
        loop {
            let steps = self.board.decide(Timestamp::now());
            if steps.is_empty() {
                return Ok(());
            }
            let mut decided = Vec::new();
            for step in steps {
                match step {
                    Step::Become { id, state } => decided.push((id, state)),
                    Step::Expand { id, .. } => self.expand(id).await?,
                }
            }
            self.store.set_states(&decided).await?;
            for (id, state) in decided {
                let instance = self.name(id);
                self.say(&Event::Decided { instance, state });
            }
        }
    }

    async fn expand(&mut self, id: Uuid) -> Result<(), RunError> {
        let name = self.name(id);
        let length = match self.mappings.get(&name.task_id) {
            Some(Mapping::Count(count)) => Some(*count),
            Some(Mapping::Over(upstream)) => self.store.mapped_length(upstream).await?,
            None => None,
        };
        let state = match length {
            None => {
                self.say(&Event::Note(format!(
                    "{name} cannot be expanded: the task it is mapped over has not pushed a list with its length (`cx.xcom().push_mapped`)"
                )));
                TaskInstanceState::UpstreamFailed
            }
            Some(0) => TaskInstanceState::Skipped,
            Some(length) => {
                let rows = self.store.expand(&name.task_id, length).await?;
                let count = rows.len();
                self.rows.remove(&id);
                if let Some(task) = self.plan.find(&name.task_id) {
                    self.board.expand(task, []);
                }
                for row in rows {
                    self.take_over(row);
                }
                self.say(&Event::Expanded {
                    task_id: name.task_id,
                    count,
                });
                return Ok(());
            }
        };
        self.board.set_state(id, Some(state));
        self.store.set_states(&[(id, state)]).await?;
        self.say(&Event::Decided {
            instance: name,
            state,
        });
        Ok(())
    }

    /// Starts as many as may run.
    async fn start(&mut self) -> Result<(), RunError> {
        let mut free = self.parallelism.saturating_sub(self.running.len());
        let mut next = Vec::new();
        while free > 0 {
            let Some(id) = self
                .queued
                .pop_front()
                .or_else(|| self.board.take().map(|instance| instance.id))
            else {
                break;
            };
            next.push(id);
            free -= 1;
        }
        if next.is_empty() {
            return Ok(());
        }
        for row in self.store.queue(&next).await? {
            let process = self.launcher.launch(&row, self.interrupt.stop());
            self.say(&Event::Started {
                instance: row.name(),
                try_number: row.try_number,
            });
            self.board
                .set_state(row.id, Some(TaskInstanceState::Running));
            self.rows.insert(row.id, row.clone());
            self.running.spawn(async move {
                let start = Timestamp::now();
                Ending {
                    row,
                    start,
                    result: process.await,
                }
            });
        }
        Ok(())
    }

    async fn ended(&mut self, ending: Ending) -> Result<(), RunError> {
        let name = ending.row.name();
        let (notes, interrupted) = self.look_at(&ending)?;
        let row = self.settle(&ending.row, interrupted).await?;
        self.say(&Event::Ended {
            instance: name,
            try_number: ending.row.try_number,
            state: row.state,
            duration: Duration::try_from(ending.start.duration_until(Timestamp::now()))
                .unwrap_or_default(),
            log: self.launcher.log_file(&ending.row),
            notes,
        });
        self.rows.remove(&ending.row.id);
        if interrupted && !is_finished(row.state) {
            // The next `aileron run` goes on with it.
            return Ok(());
        }
        self.take_over(row);
        Ok(())
    }

    /// What a person should know of an ending, and whether it was asked for.
    fn look_at(&self, ending: &Ending) -> Result<(Vec<String>, bool), RunError> {
        let finished = match &ending.result {
            Ok(finished) => finished,
            Err(SuperviseError::Stopped) => return Ok((Vec::new(), true)),
            Err(error) => return Ok((vec![error.to_string()], false)),
        };
        let mut notes = finished.log_problems.clone();
        match &finished.delivery {
            Delivery::Acknowledged => {}
            Delivery::Refused(error) => notes.push(error.to_string()),
            Delivery::Undelivered(source) => {
                return Err(RunError::Undelivered {
                    task_id: ending.row.task_id.clone(),
                    source: source.clone(),
                });
            }
        }
        Ok((notes, finished.ended == Some(Ended::Stopped)))
    }

    /// The instance as its process left it, in a state that somebody goes on from.
    async fn settle(&self, before: &Row, interrupted: bool) -> Result<Row, RunError> {
        let name = before.name();
        let row = self.store.row(&name).await?;
        let failed = matches!(
            row.state,
            Some(TaskInstanceState::Failed | TaskInstanceState::UpForRetry)
        );
        if interrupted && failed {
            // The task did not fail, somebody wanted to stop: it runs again when the run goes on.
            self.store.clear(row.id).await?;
        } else if !interrupted && is_underway(row.state) {
            self.store
                .end_orphan(row.id, "its process ended without saying how")
                .await?;
        } else {
            return Ok(row);
        }
        self.store.row(&name).await
    }

    /// A task may skip others, or clear its own run.
    async fn see_what_tasks_changed(&mut self) -> Result<(), RunError> {
        let known = |state| {
            let instances = self
                .board
                .instances()
                .filter(|instance| instance.state == state);
            instances.count() as u64
        };
        let untouched = (known(None), known(Some(TaskInstanceState::Skipped)));
        if self.store.untouched().await? == untouched {
            return Ok(());
        }
        for row in self.store.rows().await? {
            let known = self.board.get(row.id).map(|instance| instance.state);
            if known == Some(row.state) || known.is_some_and(is_underway) {
                continue;
            }
            if let Some(state) = row.state {
                self.say(&Event::Decided {
                    instance: row.name(),
                    state,
                });
            }
            self.take_over(row);
        }
        Ok(())
    }

    fn name(&self, id: Uuid) -> InstanceName {
        self.rows.get(&id).map_or_else(
            || InstanceName {
                task_id: id.to_string(),
                map_index: -1,
            },
            Row::name,
        )
    }

    fn say_wait(&self, row: &Row, until: Timestamp, now: Timestamp) {
        if until > now {
            self.say(&Event::Waits {
                instance: row.name(),
                until,
            });
        }
    }

    fn say(&self, event: &Event) {
        self.listener.on_event(event);
    }
}

/// Whether a process should be there for an instance in this state.
fn is_underway(state: Option<TaskInstanceState>) -> bool {
    matches!(
        state,
        Some(
            TaskInstanceState::Queued | TaskInstanceState::Running | TaskInstanceState::Restarting
        )
    )
}
