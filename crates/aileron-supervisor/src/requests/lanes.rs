//! The order of requests.
//!
//! A task may send many requests without waiting for answers, and they are carried out at the same time. Two that touch the
//! same thing, where one of them changes it, are carried out in the order they were sent: the later one starts when the
//! earlier one is done. Airflow's supervisor carries out one request after the other, so this order is all that a task can
//! rely on. How a task ended comes after everything that was sent before.

use std::collections::VecDeque;

/// What a request touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope {
    /// Nothing that can change.
    Nothing,
    /// The XComs of a task under a key, in whatever run and of whatever instance.
    XCom {
        dag_id: String,
        task_id: String,
        key: String,
    },
    /// A Variable; all of them without a key.
    Variables(Option<String>),
    /// A key of the task state store; all of them without one.
    TaskState(Option<String>),
    /// A key of an asset's state store, of whatever asset: one may be named in two ways. All keys without one.
    AssetState(Option<String>),
    /// What the task shows of itself.
    Rendered,
    /// Dag runs and states of task instances.
    Runs,
    /// What a person is asked.
    Human,
    /// Everything.
    All,
}

impl Scope {
    fn overlaps(&self, other: &Self) -> bool {
        fn keys(one: Option<&String>, other: Option<&String>) -> bool {
            one.is_none() || other.is_none() || one == other
        }
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => false,
            (Self::All, _) | (_, Self::All) => true,
            (Self::Variables(one), Self::Variables(other))
            | (Self::TaskState(one), Self::TaskState(other))
            | (Self::AssetState(one), Self::AssetState(other)) => {
                keys(one.as_ref(), other.as_ref())
            }
            (one, other) => one == other,
        }
    }
}

/// What a request touches, and whether it changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) scope: Scope,
    pub(super) writes: bool,
}

impl Access {
    pub(super) fn read(scope: Scope) -> Self {
        Self {
            scope,
            writes: false,
        }
    }

    pub(super) fn write(scope: Scope) -> Self {
        Self {
            scope,
            writes: true,
        }
    }

    fn conflicts(&self, other: &Self) -> bool {
        (self.writes || other.writes) && self.scope.overlaps(&other.scope)
    }
}

/// A request that is being carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// Says which request may start.
#[derive(Debug)]
pub(super) struct Lanes<T> {
    running: Vec<(Ticket, Access)>,
    waiting: VecDeque<(Access, T)>,
    next: u64,
}

impl<T> Lanes<T> {
    pub(super) fn new() -> Self {
        Self {
            running: Vec::new(),
            waiting: VecDeque::new(),
            next: 0,
        }
    }

    /// Takes a request, in the order they were sent.
    pub(super) fn push(&mut self, access: Access, request: T) {
        self.waiting.push_back((access, request));
    }

    /// A request that may start now.
    pub(super) fn start(&mut self) -> Option<(Ticket, T)> {
        let at = (0..self.waiting.len()).find(|at| self.may_start(*at))?;
        let (access, request) = self.waiting.remove(at)?;
        let ticket = Ticket(self.next);
        self.next += 1;
        self.running.push((ticket, access));
        Some((ticket, request))
    }

    /// A request is done.
    pub(super) fn done(&mut self, ticket: Ticket) {
        self.running.retain(|(running, _)| *running != ticket);
    }

    /// How many are waiting or being carried out.
    pub(super) fn len(&self) -> usize {
        self.running.len() + self.waiting.len()
    }

    fn may_start(&self, at: usize) -> bool {
        let access = &self.waiting[at].0;
        let running = self.running.iter().map(|(_, running)| running);
        let earlier = self.waiting.iter().take(at).map(|(waiting, _)| waiting);
        !running.chain(earlier).any(|other| access.conflicts(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(key: &str) -> Scope {
        Scope::TaskState(Some(key.to_owned()))
    }

    #[test]
    fn what_touches_different_things_runs_at_once_and_what_touches_the_same_does_not() {
        let mut lanes = Lanes::new();
        lanes.push(Access::write(key("a")), "set a");
        lanes.push(Access::write(key("b")), "set b");
        lanes.push(Access::read(key("a")), "get a");
        lanes.push(Access::read(key("b")), "get b");
        lanes.push(Access::write(Scope::TaskState(None)), "clear");
        lanes.push(Access::read(Scope::Variables(None)), "variables");
        let (set_a, name) = lanes.start().unwrap();
        assert_eq!(name, "set a");
        let (set_b, name) = lanes.start().unwrap();
        assert_eq!(name, "set b");
        assert_eq!(lanes.start().unwrap().1, "variables");
        assert!(lanes.start().is_none());
        lanes.done(set_b);
        let (get_b, name) = lanes.start().unwrap();
        assert_eq!(name, "get b");
        lanes.done(set_a);
        let (get_a, name) = lanes.start().unwrap();
        assert_eq!(name, "get a");
        assert!(lanes.start().is_none(), "it clears what is being read");
        lanes.done(get_a);
        lanes.done(get_b);
        assert_eq!(lanes.start().unwrap().1, "clear");
    }

    #[test]
    fn the_end_of_a_task_comes_after_all_that_was_sent_before_it() {
        let mut lanes = Lanes::new();
        lanes.push(Access::read(key("a")), "get");
        lanes.push(Access::write(Scope::All), "succeed");
        lanes.push(Access::read(key("b")), "late");
        let (get, _) = lanes.start().unwrap();
        assert!(lanes.start().is_none());
        lanes.done(get);
        assert_eq!(lanes.start().unwrap().1, "succeed");
        assert!(lanes.start().is_none());
    }

    fn access() -> impl Strategy<Value = Access> {
        let scope = prop_oneof![
            Just(Scope::Nothing),
            Just(Scope::All),
            Just(Scope::Runs),
            prop::option::of(0..3_u8)
                .prop_map(|key| Scope::TaskState(key.map(|key| key.to_string()))),
        ];
        (scope, any::<bool>()).prop_map(|(scope, writes)| Access { scope, writes })
    }

    proptest! {
        #[test]
        fn requests_that_conflict_keep_their_order_and_all_are_carried_out(
            requests in prop::collection::vec(access(), 0..30),
            choices in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
        ) {
            let mut lanes = Lanes::new();
            for (number, access) in requests.iter().enumerate() {
                lanes.push(access.clone(), number);
            }
            let (mut running, mut done) = (Vec::new(), Vec::new());
            let mut choices = choices.into_iter().cycle();
            loop {
                while let Some(started) = lanes.start() {
                    for (_, other) in &running {
                        prop_assert!(!requests[started.1].conflicts(&requests[*other]));
                    }
                    running.push(started);
                }
                if running.is_empty() {
                    break;
                }
                let chosen = choices.next().map_or(0, |choice| choice.index(running.len()));
                let (ticket, number) = running.remove(chosen);
                lanes.done(ticket);
                done.push(number);
            }
            prop_assert_eq!(done.len(), requests.len());
            for (position, later) in done.iter().enumerate() {
                for earlier in &done[position..] {
                    prop_assert!(earlier >= later || !requests[*earlier].conflicts(&requests[*later]));
                }
            }
        }
    }
}
