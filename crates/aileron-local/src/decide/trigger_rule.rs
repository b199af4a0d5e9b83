//! Trigger rules, by the counts of upstream states.
//!
//! Source: `airflow/ti_deps/deps/trigger_rule_dep.py` of Airflow 3.3.2, for Dags without setup and teardown tasks. An
//! end-to-end test asks Airflow's own class about every mix of up to three upstream states.

use aileron_bundle::TriggerRule;
use aileron_wire::message::TaskInstanceState;

/// How many instances of the upstream tasks there are, and how many are in which finished state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Upstream {
    /// All, finished or not. A mapped task that has not been expanded counts once.
    pub total: usize,
    /// In state `success`.
    pub success: usize,
    /// In state `skipped`.
    pub skipped: usize,
    /// In state `failed`.
    pub failed: usize,
    /// In state `upstream_failed`.
    pub upstream_failed: usize,
    /// In state `removed`.
    pub removed: usize,
}

/// What a trigger rule says of a task instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may run.
    Run,
    /// Not yet.
    Wait,
    /// It will not run; it is put into this state.
    Become(TaskInstanceState),
}

impl Upstream {
    /// Counts one instance more, in this state.
    pub fn add(&mut self, state: Option<TaskInstanceState>) {
        self.total += 1;
        if let Some(count) = self.of(state) {
            *count += 1;
        }
    }

    /// Counts one instance less that was counted in this state.
    pub fn remove(&mut self, state: Option<TaskInstanceState>) {
        self.total -= 1;
        if let Some(count) = self.of(state) {
            *count -= 1;
        }
    }

    fn of(&mut self, state: Option<TaskInstanceState>) -> Option<&mut usize> {
        Some(match state? {
            TaskInstanceState::Success => &mut self.success,
            TaskInstanceState::Skipped => &mut self.skipped,
            TaskInstanceState::Failed => &mut self.failed,
            TaskInstanceState::UpstreamFailed => &mut self.upstream_failed,
            TaskInstanceState::Removed => &mut self.removed,
            _ => return None,
        })
    }

    /// Counts all that `other` counts.
    pub fn merge(&mut self, other: &Self) {
        self.total += other.total;
        self.success += other.success;
        self.skipped += other.skipped;
        self.failed += other.failed;
        self.upstream_failed += other.upstream_failed;
        self.removed += other.removed;
    }

    fn done(&self) -> usize {
        self.success + self.skipped + self.failed + self.upstream_failed + self.removed
    }

    fn all_done(&self) -> bool {
        self.done() >= self.total
    }

    fn any_failed(&self) -> bool {
        self.failed > 0 || self.upstream_failed > 0
    }
}

/// What `rule` says of the instance of this map index (-1 when it has none).
#[must_use]
pub fn judge(rule: TriggerRule, upstream: &Upstream, map_index: i64) -> Verdict {
    if upstream.total == 0 || rule == TriggerRule::Always {
        return Verdict::Run;
    }
    if let Some(state) = hopeless(rule, upstream, map_index) {
        return Verdict::Become(state);
    }
    if met(rule, upstream) {
        Verdict::Run
    } else {
        Verdict::Wait
    }
}

/// The state of an instance that will never run.
fn hopeless(rule: TriggerRule, up: &Upstream, map_index: i64) -> Option<TaskInstanceState> {
    use TaskInstanceState::{Removed, Skipped, UpstreamFailed};
    let when = |condition: bool, state| condition.then_some(state);
    match rule {
        TriggerRule::AllSuccess => when(up.any_failed(), UpstreamFailed)
            .or(when(up.skipped > 0, Skipped))
            .or(when(
                up.removed > 0 && up.success > 0 && outgrown(map_index, up.success),
                Removed,
            )),
        TriggerRule::AllFailed => when(up.success > 0 || up.skipped > 0, Skipped),
        TriggerRule::OneSuccess => when(up.all_done() && up.done() == up.skipped, Skipped)
            .or(when(up.all_done() && up.success == 0, UpstreamFailed)),
        TriggerRule::OneFailed => when(up.all_done() && !up.any_failed(), Skipped),
        TriggerRule::OneDone => when(up.all_done() && up.failed + up.success == 0, Skipped),
        TriggerRule::NoneFailed => when(up.any_failed(), UpstreamFailed),
        TriggerRule::NoneFailedMinOneSuccess => when(up.any_failed(), UpstreamFailed)
            .or(when(up.skipped == up.total, Skipped))
            .or(when(up.all_done() && up.success == 0, UpstreamFailed)),
        TriggerRule::NoneSkipped => when(up.skipped > 0, Skipped),
        TriggerRule::AllSkipped => when(up.success > 0 || up.any_failed(), Skipped),
        TriggerRule::AllDoneMinOneSuccess => {
            when(up.skipped > 0, Skipped).or(when(up.all_done() && up.success == 0, UpstreamFailed))
        }
        TriggerRule::AllDone | TriggerRule::Always => None,
    }
}

/// Whether a mapped task has become shorter than this map index.
fn outgrown(map_index: i64, success: usize) -> bool {
    usize::try_from(map_index).is_ok_and(|index| index >= success)
}

fn met(rule: TriggerRule, up: &Upstream) -> bool {
    // How many are left over when these states are taken away.
    let besides = |count: usize| up.total.saturating_sub(count);
    match rule {
        TriggerRule::AllSuccess => besides(up.success + up.removed) == 0,
        TriggerRule::AllFailed => besides(up.failed + up.upstream_failed + up.removed) == 0,
        TriggerRule::AllDone => up.all_done(),
        TriggerRule::OneSuccess => up.success > 0,
        TriggerRule::OneFailed => up.any_failed(),
        TriggerRule::OneDone => up.success + up.failed > 0,
        TriggerRule::NoneFailed => besides(up.success + up.skipped + up.removed) == 0,
        TriggerRule::NoneFailedMinOneSuccess => {
            besides(up.success + up.skipped + up.removed) == 0 && up.success > 0
        }
        TriggerRule::NoneSkipped => up.all_done() && up.skipped == 0,
        TriggerRule::AllSkipped => besides(up.skipped) == 0,
        TriggerRule::AllDoneMinOneSuccess => up.all_done() && up.skipped == 0 && up.success > 0,
        TriggerRule::Always => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(states: &[Option<TaskInstanceState>]) -> Upstream {
        let mut upstream = Upstream::default();
        for state in states {
            upstream.add(*state);
        }
        upstream
    }

    #[test]
    fn one_failure_settles_all_success_while_others_still_run() {
        let upstream = of(&[Some(TaskInstanceState::Failed), None]);
        assert_eq!(
            judge(TriggerRule::AllSuccess, &upstream, -1),
            Verdict::Become(TaskInstanceState::UpstreamFailed)
        );
        assert_eq!(judge(TriggerRule::OneFailed, &upstream, -1), Verdict::Run);
        assert_eq!(judge(TriggerRule::AllDone, &upstream, -1), Verdict::Wait);
    }

    #[test]
    fn a_removed_upstream_is_no_obstacle_but_to_a_longer_mapping() {
        let upstream = of(&[
            Some(TaskInstanceState::Success),
            Some(TaskInstanceState::Removed),
        ]);
        assert_eq!(judge(TriggerRule::AllSuccess, &upstream, 0), Verdict::Run);
        assert_eq!(
            judge(TriggerRule::AllSuccess, &upstream, 1),
            Verdict::Become(TaskInstanceState::Removed)
        );
    }
}
