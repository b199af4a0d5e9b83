//! The task instances of a run, and what may be done with them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use aileron_wire::message::TaskInstanceState;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::instance::{Instance, is_schedulable};
use super::trigger_rule::{Upstream, Verdict, judge};
use crate::plan::{Plan, TaskIndex};

/// Something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The instance never runs: store this state, which the board has already.
    Become {
        /// The instance.
        id: Uuid,
        /// Its state.
        state: TaskInstanceState,
    },
    /// The task is mapped, and its values are there: make its instances, and tell the board of them with [`Board::expand`].
    Expand {
        /// The instance that stands for the task until then.
        id: Uuid,
        /// The task.
        task: TaskIndex,
    },
}

/// The task instances of one run.
///
/// ```text
/// put(..), set_state(..)  what is known, and what has changed
/// decide(now)             steps to carry out
/// take()                  the instance to run next
/// standing()              whether the run goes on, waits, or is over
/// ```
#[derive(Debug, Clone)]
pub struct Board<'a> {
    plan: &'a Plan,
    instances: HashMap<Uuid, Instance>,
    /// By map index.
    by_task: Vec<BTreeMap<i64, Uuid>>,
    counts: Vec<Upstream>,
    /// Tasks whose instances must be looked at.
    dirty: BTreeSet<TaskIndex>,
    past_unmet: BTreeSet<TaskIndex>,
    ready: BTreeSet<Ready>,
    due: BTreeSet<(Timestamp, Uuid)>,
    expanding: BTreeSet<Uuid>,
}

/// In the order in which instances run: those with many tasks behind them first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Ready(Reverse<i64>, TaskIndex, i64, Uuid);

impl<'a> Board<'a> {
    /// A board without instances. For `past_unmet`, tasks that depend on their past, the past does not let them run.
    #[must_use]
    pub fn new(plan: &'a Plan, past_unmet: impl IntoIterator<Item = TaskIndex>) -> Self {
        Self {
            plan,
            instances: HashMap::new(),
            by_task: vec![BTreeMap::new(); plan.tasks().len()],
            counts: vec![Upstream::default(); plan.tasks().len()],
            dirty: BTreeSet::new(),
            past_unmet: past_unmet.into_iter().collect(),
            ready: BTreeSet::new(),
            due: BTreeSet::new(),
            expanding: BTreeSet::new(),
        }
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &'a Plan {
        self.plan
    }

    /// The instances, task by task in the order of the plan, and by map index.
    pub fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.by_task
            .iter()
            .flat_map(|ids| ids.values().map(|id| &self.instances[id]))
    }

    /// An instance.
    #[must_use]
    pub fn get(&self, id: Uuid) -> Option<&Instance> {
        self.instances.get(&id)
    }

    /// Adds an instance, or takes over what has changed of it. A retry has another id than the try before, and takes its place.
    pub fn put(&mut self, instance: Instance) {
        self.forget(instance.id);
        let task = instance.task;
        if let Some(before) = self.by_task[task.0].get(&instance.map_index) {
            self.forget(*before);
        }
        self.counts[task.0].add(instance.state);
        self.dirty.extend(&self.plan.task(task).downstream);
        if is_schedulable(instance.state) {
            self.dirty.insert(task);
        }
        self.by_task[task.0].insert(instance.map_index, instance.id);
        self.instances.insert(instance.id, instance);
    }

    /// Changes the state of an instance.
    pub fn set_state(&mut self, id: Uuid, state: Option<TaskInstanceState>) {
        let Some(mut instance) = self.instances.get(&id).cloned() else {
            return;
        };
        if instance.state != state {
            instance.state = state;
            self.put(instance);
        }
    }

    /// The clock was set back: what waits for a time to pass waits no longer for that.
    pub fn set_back(&mut self, by: SignedDuration) {
        for (_, id) in std::mem::take(&mut self.due) {
            if let Some(mut instance) = self.instances.get(&id).cloned() {
                instance.set_back(by);
                self.put(instance);
            }
        }
    }

    /// Puts the instances that a mapped task was expanded into in the place of the one that stood for it.
    pub fn expand(&mut self, task: TaskIndex, instances: impl IntoIterator<Item = Instance>) {
        for id in self.by_task[task.0].clone().into_values() {
            self.forget(id);
        }
        for instance in instances {
            self.put(instance);
        }
    }

    /// Every decision that can be taken at this time.
    #[must_use]
    pub fn decide(&mut self, now: Timestamp) -> Vec<Step> {
        while let Some((due, id)) = self.due.first().copied() {
            if due > now {
                break;
            }
            self.due.remove(&(due, id));
            self.dirty.insert(self.instances[&id].task);
        }
        let mut steps = Vec::new();
        while let Some(task) = self.dirty.pop_first() {
            self.look_at(task, now, &mut steps);
        }
        steps
    }

    /// Takes the instance that runs next, and puts it into `queued`. Returns it as it was before.
    pub fn take(&mut self) -> Option<Instance> {
        let Ready(.., id) = self.ready.pop_first()?;
        let instance = self.instances.get(&id).cloned();
        self.set_state(id, Some(TaskInstanceState::Queued));
        instance
    }

    /// When the next retry or reschedule is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// Whether an instance can be taken.
    #[must_use]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    fn look_at(&mut self, task: TaskIndex, now: Timestamp, steps: &mut Vec<Step>) {
        let planned = self.plan.task(task);
        let mut upstream = Upstream::default();
        for index in &planned.upstream {
            upstream.merge(&self.counts[index.0]);
        }
        let ids: Vec<Uuid> = self.by_task[task.0].values().copied().collect();
        for id in ids {
            let instance = &self.instances[&id];
            if !is_schedulable(instance.state) {
                continue;
            }
            let entry = Ready(Reverse(planned.priority), task, instance.map_index, id);
            let due = instance.due(planned.retry_delay);
            match judge(planned.trigger_rule, &upstream, instance.map_index) {
                Verdict::Become(state) => {
                    self.set_state(id, Some(state));
                    steps.push(Step::Become { id, state });
                }
                Verdict::Run if self.past_unmet.contains(&task) => {}
                Verdict::Run if planned.mapped && instance.map_index < 0 => {
                    if self.expanding.insert(id) {
                        steps.push(Step::Expand { id, task });
                    }
                }
                Verdict::Run => match due {
                    Some(due) if due > now => {
                        self.due.insert((due, id));
                    }
                    _ => {
                        self.ready.insert(entry);
                    }
                },
                Verdict::Wait => {
                    self.ready.remove(&entry);
                }
            }
        }
    }

    /// Takes an instance out of everything.
    fn forget(&mut self, id: Uuid) {
        let Some(old) = self.instances.remove(&id) else {
            return;
        };
        let planned = self.plan.task(old.task);
        self.by_task[old.task.0].remove(&old.map_index);
        self.counts[old.task.0].remove(old.state);
        self.ready.remove(&Ready(
            Reverse(planned.priority),
            old.task,
            old.map_index,
            id,
        ));
        if let Some(due) = old.due(planned.retry_delay) {
            self.due.remove(&(due, id));
        }
        self.expanding.remove(&id);
    }
}
