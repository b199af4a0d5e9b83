//! Random Dags with random outcomes, carried out by hand.
#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aileron_bundle::TriggerRule;
use aileron_bundle::manifest::{DagOutline, TaskOutline};
use aileron_local::decide::{
    Board, FinishReason, Instance, Standing, Step, is_finished, is_schedulable,
};
use aileron_local::plan::{DEFAULT_RETRY_DELAY, Plan, TaskIndex};
use aileron_wire::message::{DagRunState, TaskInstanceState};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

/// How one process of a task ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Success,
    Failed,
    Skipped,
    Removed,
    Retry,
    Reschedule,
    Defer,
    /// Succeeds, and skips the tasks directly after it.
    SkipDownstream,
}

#[derive(Debug, Clone)]
struct Case {
    dag: DagOutline,
    mapped: Vec<String>,
    /// Into how many instances each task expands; `None`: its values are missing.
    lengths: Vec<Option<i64>>,
    /// Taken in turn.
    ends: Vec<End>,
    /// Which of the running instances ends next.
    order: Vec<usize>,
    parallelism: usize,
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![
        6 => Just(End::Success),
        2 => Just(End::Failed),
        2 => Just(End::Skipped),
        1 => Just(End::Removed),
        2 => Just(End::Retry),
        1 => Just(End::Reschedule),
        1 => Just(End::Defer),
        1 => Just(End::SkipDownstream),
    ]
}

fn cases() -> impl Strategy<Value = Case> {
    let task = (
        any::<u16>(),
        proptest::sample::select(TriggerRule::ALL),
        proptest::bool::weighted(0.2),
        proptest::option::weighted(0.9, 0_i64..4),
        proptest::option::of(0_i32..5),
    );
    (
        proptest::collection::vec(task, 1..9),
        proptest::collection::vec(ends(), 1..40),
        proptest::collection::vec(any::<usize>(), 1..40),
        1_usize..5,
    )
        .prop_map(|(tasks, ends, order, parallelism)| {
            let id = |index: usize| format!("t{index}");
            let outlines = tasks
                .iter()
                .enumerate()
                .map(|(index, (edges, rule, ..))| TaskOutline {
                    task_id: id(index),
                    upstream: (0..index)
                        .filter(|other| edges & (1 << other) != 0)
                        .map(id)
                        .collect(),
                    trigger_rule: Some(rule.to_string()),
                    priority_weight: tasks[index].4,
                    ..TaskOutline::default()
                });
            Case {
                dag: DagOutline {
                    dag_id: "random".to_owned(),
                    tasks: outlines.collect(),
                    ..DagOutline::default()
                },
                mapped: (0..tasks.len())
                    .filter(|index| tasks[*index].2)
                    .map(id)
                    .collect(),
                lengths: tasks.iter().map(|task| task.3).collect(),
                ends,
                order,
                parallelism,
            }
        })
}

/// Carries out what the board decides.
struct World<'a> {
    case: &'a Case,
    plan: &'a Plan,
    board: Board<'a>,
    now: Timestamp,
    ids: u128,
    processes: HashMap<Uuid, usize>,
    running: Vec<Uuid>,
    deferred: Vec<Uuid>,
    ended: usize,
    decided: HashSet<Uuid>,
}

/// After so many processes no task waits or retries any more.
const PATIENCE: usize = 60;

impl<'a> World<'a> {
    fn new(case: &'a Case, plan: &'a Plan) -> Self {
        let mut world = Self {
            case,
            plan,
            board: Board::new(plan, []),
            now: Timestamp::UNIX_EPOCH,
            ids: 0,
            processes: HashMap::new(),
            running: Vec::new(),
            deferred: Vec::new(),
            ended: 0,
            decided: HashSet::new(),
        };
        for index in 0..plan.tasks().len() {
            let instance = world.instance(TaskIndex(index), -1);
            world.board.put(instance);
        }
        world
    }

    fn instance(&mut self, task: TaskIndex, map_index: i64) -> Instance {
        self.ids += 1;
        Instance::new(Uuid::from_u128(self.ids), task, map_index)
    }

    fn run(&mut self) -> Standing {
        for _ in 0..10_000 {
            self.decide();
            self.a_new_board_decides_the_same();
            while self.running.len() < self.case.parallelism {
                let Some(instance) = self.board.take() else {
                    break;
                };
                self.start(&instance);
            }
            if let Some(id) = self.next_running() {
                self.end(id);
                continue;
            }
            if let Some(id) = self.deferred.pop() {
                // A trigger fired: the task goes on in a new process.
                self.board.set_state(id, Some(TaskInstanceState::Queued));
                self.running.push(id);
                continue;
            }
            match self.board.standing() {
                Standing::WaitsUntil(due) => {
                    assert!(due > self.now, "a wait for a time that has passed");
                    self.now = due;
                }
                Standing::Active => panic!("nothing runs, and yet the run is called active"),
                over => return over,
            }
        }
        panic!("the run does not end");
    }

    fn decide(&mut self) {
        loop {
            // Steps make others possible: an expansion, for instance.
            let steps = self.board.decide(self.now);
            if steps.is_empty() {
                return;
            }
            for step in steps {
                self.carry_out(step);
            }
        }
    }

    fn carry_out(&mut self, step: Step) {
        match step {
            Step::Become { id, state } => {
                assert!(matches!(
                    state,
                    TaskInstanceState::Skipped
                        | TaskInstanceState::UpstreamFailed
                        | TaskInstanceState::Removed
                ));
                assert!(
                    !self.running.contains(&id),
                    "a running instance is decided over"
                );
                assert!(self.decided.insert(id), "decided over twice");
            }
            Step::Expand { id, task } => self.expand(id, task),
        }
    }

    fn expand(&mut self, id: Uuid, task: TaskIndex) {
        match self.case.lengths[task.0] {
            None => self
                .board
                .set_state(id, Some(TaskInstanceState::UpstreamFailed)),
            Some(0) => self.board.set_state(id, Some(TaskInstanceState::Skipped)),
            Some(length) => {
                let instances: Vec<_> = (0..length)
                    .map(|index| self.instance(task, index))
                    .collect();
                self.board.expand(task, instances);
            }
        }
    }

    /// A run that is taken up again goes on where it stood.
    fn a_new_board_decides_the_same(&self) {
        let mut anew = Board::new(self.plan, []);
        for instance in self.board.instances() {
            anew.put(instance.clone());
        }
        assert_eq!(anew.decide(self.now), []);
        let (mut old, mut new) = (self.board.clone(), anew);
        assert_eq!(old.next_due(), new.next_due());
        assert_eq!(old.standing(), new.standing());
        while let Some(instance) = old.take() {
            assert_eq!(new.take(), Some(instance));
        }
        assert_eq!(new.take(), None);
    }

    fn start(&mut self, instance: &Instance) {
        let planned = self.plan.task(instance.task);
        assert!(is_schedulable(instance.state));
        assert_eq!(planned.mapped, instance.map_index >= 0);
        assert!(
            instance
                .due(planned.retry_delay)
                .is_none_or(|due| due <= self.now)
        );
        let upstream: Vec<_> = planned
            .upstream
            .iter()
            .flat_map(|task| self.states(*task))
            .collect();
        let early = matches!(
            planned.trigger_rule,
            TriggerRule::OneDone | TriggerRule::OneFailed | TriggerRule::OneSuccess
        );
        match planned.trigger_rule {
            TriggerRule::Always => {}
            _ if early => assert!(upstream.is_empty() || upstream.iter().any(|s| is_finished(*s))),
            _ => assert!(upstream.iter().all(|state| is_finished(*state))),
        }
        self.board
            .set_state(instance.id, Some(TaskInstanceState::Running));
        self.running.push(instance.id);
    }

    fn states(&self, task: TaskIndex) -> Vec<Option<TaskInstanceState>> {
        let of_task = self
            .board
            .instances()
            .filter(|instance| instance.task == task);
        of_task.map(|instance| instance.state).collect()
    }

    fn next_running(&mut self) -> Option<Uuid> {
        if self.running.is_empty() {
            return None;
        }
        let which = self.case.order[self.ended % self.case.order.len()] % self.running.len();
        Some(self.running.swap_remove(which))
    }

    fn end(&mut self, id: Uuid) {
        let end = self.case.ends[self.ended % self.case.ends.len()];
        self.ended += 1;
        *self.processes.entry(id).or_default() += 1;
        let waits = matches!(end, End::Retry | End::Reschedule | End::Defer);
        let end = if waits && self.ended > PATIENCE {
            End::Success
        } else {
            end
        };
        let mut instance = self.board.get(id).unwrap().clone();
        let soon = self.now.checked_add(SignedDuration::from_secs(1)).unwrap();
        instance.end_date = Some(self.now);
        instance.state = Some(match end {
            End::Success | End::SkipDownstream => TaskInstanceState::Success,
            End::Failed => TaskInstanceState::Failed,
            End::Skipped => TaskInstanceState::Skipped,
            End::Removed => TaskInstanceState::Removed,
            End::Retry => TaskInstanceState::UpForRetry,
            End::Reschedule => TaskInstanceState::UpForReschedule,
            End::Defer => TaskInstanceState::Deferred,
        });
        instance.reschedule_date = (end == End::Reschedule).then_some(soon);
        instance.retry_delay_override = self
            .ended
            .is_multiple_of(2)
            .then_some(Duration::from_secs(3));
        if end == End::Defer {
            self.deferred.push(id);
        }
        let task = instance.task;
        if end == End::Retry {
            // As in Airflow, the next try is another id.
            let runs = self.processes.remove(&id).unwrap_or_default();
            self.ids += 1;
            instance.id = Uuid::from_u128(self.ids);
            self.processes.insert(instance.id, runs);
        }
        self.board.put(instance);
        if end == End::SkipDownstream {
            self.skip_downstream(task);
        }
    }

    /// As the Execution API does it: whatever has not finished is skipped, but here what runs is left to run.
    fn skip_downstream(&mut self, task: TaskIndex) {
        for index in &self.plan.task(task).downstream {
            let waiting: Vec<_> = self
                .board
                .instances()
                .filter(|other| other.task == *index && is_schedulable(other.state))
                .map(|other| other.id)
                .collect();
            for id in waiting {
                self.board.set_state(id, Some(TaskInstanceState::Skipped));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_run_ends_in_order_and_by_its_last_tasks(case in cases()) {
        let mapped = case.mapped.iter().map(String::as_str);
        let plan = Plan::new(&case.dag, mapped, DEFAULT_RETRY_DELAY).unwrap();
        let mut world = World::new(&case, &plan);
        let Standing::Finished { state, reason } = world.run() else {
            panic!("nothing depends on the past here");
        };
        let board = &world.board;
        let leaves = board.instances().filter(|instance| plan.task(instance.task).downstream.is_empty());
        let failed = leaves.filter(|instance| {
            matches!(instance.state, Some(TaskInstanceState::Failed | TaskInstanceState::UpstreamFailed))
        });
        let unfinished = board.instances().filter(|instance| !is_finished(instance.state)).count();
        match reason {
            FinishReason::Success => prop_assert_eq!((state, failed.count(), unfinished), (DagRunState::Success, 0, 0)),
            FinishReason::TaskFailure => {
                prop_assert_eq!((state, unfinished), (DagRunState::Failed, 0));
                prop_assert!(failed.count() > 0);
            }
            FinishReason::Deadlock => {
                prop_assert_eq!(state, DagRunState::Failed);
                prop_assert!(unfinished > 0);
            }
        }
        // Nobody ends without having run, unless it was decided over or skipped by another.
        for instance in board.instances() {
            let ran = world.processes.contains_key(&instance.id);
            match instance.state {
                Some(TaskInstanceState::Success | TaskInstanceState::Failed) => prop_assert!(ran),
                Some(TaskInstanceState::UpstreamFailed) => prop_assert!(
                    world.decided.contains(&instance.id) || case.lengths[instance.task.0].is_none()
                ),
                _ => {}
            }
        }
    }
}

fn two(rule: TriggerRule) -> DagOutline {
    let task = |task_id: &str, upstream: &[&str]| TaskOutline {
        task_id: task_id.to_owned(),
        upstream: upstream.iter().map(|id| (*id).to_owned()).collect(),
        ..TaskOutline::default()
    };
    let mut second = task("second", &["first"]);
    second.trigger_rule = Some(rule.to_string());
    DagOutline {
        dag_id: "two".to_owned(),
        tasks: vec![task("first", &[]), second],
        ..DagOutline::default()
    }
}

#[test]
fn a_run_that_nothing_can_move_has_failed() {
    let plan = Plan::new(&two(TriggerRule::AllSkipped), [], DEFAULT_RETRY_DELAY).unwrap();
    let mut board = Board::new(&plan, []);
    for (index, state) in [Some(TaskInstanceState::Removed), None]
        .into_iter()
        .enumerate()
    {
        let mut instance = Instance::new(Uuid::from_u128(index as u128), TaskIndex(index), -1);
        instance.state = state;
        board.put(instance);
    }
    assert_eq!(board.decide(Timestamp::now()), []);
    let deadlock = Standing::Finished {
        state: DagRunState::Failed,
        reason: FinishReason::Deadlock,
    };
    assert_eq!(board.standing(), deadlock);
}

#[test]
fn a_task_that_its_past_holds_back_keeps_the_run_waiting_but_not_the_others() {
    let mut dag = two(TriggerRule::AllSuccess);
    dag.tasks[1].depends_on_past = true;
    let plan = Plan::new(&dag, [], DEFAULT_RETRY_DELAY).unwrap();
    let mut board = Board::new(&plan, [TaskIndex(1)]);
    for index in 0..2 {
        board.put(Instance::new(
            Uuid::from_u128(index as u128),
            TaskIndex(index),
            -1,
        ));
    }
    assert_eq!(board.decide(Timestamp::now()), []);
    let first = board.take().unwrap();
    assert_eq!((first.task, board.take()), (TaskIndex(0), None));
    board.set_state(first.id, Some(TaskInstanceState::Success));
    assert_eq!(board.decide(Timestamp::now()), []);
    assert_eq!(
        board.standing(),
        Standing::BlockedByPast(vec![TaskIndex(1)])
    );
    board.set_state(first.id, Some(TaskInstanceState::Failed));
    // A failure before it is stronger than the past.
    let id = Uuid::from_u128(1);
    let state = TaskInstanceState::UpstreamFailed;
    assert_eq!(board.decide(Timestamp::now()), [Step::Become { id, state }]);
}
