//! A task instance, as far as decisions need it.

use std::time::Duration;

use aileron_wire::message::TaskInstanceState;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::plan::TaskIndex;

/// A task instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: Uuid,
    /// Its task.
    pub task: TaskIndex,
    /// Its map index; -1 when it has none, or not yet.
    pub map_index: i64,
    /// Its state; `None` before it is first looked at.
    pub state: Option<TaskInstanceState>,
    /// When its last try ended.
    pub end_date: Option<Timestamp>,
    /// The pause that its last try asked for, in place of the task's.
    pub retry_delay_override: Option<Duration>,
    /// When its last try asked to be started again.
    pub reschedule_date: Option<Timestamp>,
}

impl Instance {
    /// An instance that has not been looked at.
    #[must_use]
    pub fn new(id: Uuid, task: TaskIndex, map_index: i64) -> Self {
        Self {
            id,
            task,
            map_index,
            state: None,
            end_date: None,
            retry_delay_override: None,
            reschedule_date: None,
        }
    }

    /// The earliest time at which it may run; `None` when any time will do.
    ///
    /// Source: `TaskInstance.next_retry_datetime` and `ReadyToRescheduleDep` of Airflow 3.3.2.
    #[must_use]
    pub fn due(&self, retry_delay: Duration) -> Option<Timestamp> {
        match self.state {
            Some(TaskInstanceState::UpForRetry) => {
                let delay = self.retry_delay_override.unwrap_or(retry_delay);
                Some(later(self.end_date?, delay))
            }
            Some(TaskInstanceState::UpForReschedule) => self.reschedule_date,
            _ => None,
        }
    }
}

impl Instance {
    /// The same under a clock that was set back.
    pub(super) fn set_back(&mut self, by: SignedDuration) {
        for date in [&mut self.end_date, &mut self.reschedule_date] {
            *date = date.map(|date| date.checked_sub(by).unwrap_or(Timestamp::MIN));
        }
    }
}

/// The time that lies `delay` after `from`, or the last time there is.
fn later(from: Timestamp, delay: Duration) -> Timestamp {
    SignedDuration::try_from(delay)
        .ok()
        .and_then(|delay| from.checked_add(delay).ok())
        .unwrap_or(Timestamp::MAX)
}

/// Whether an instance in this state does nothing any more.
#[must_use]
pub fn is_finished(state: Option<TaskInstanceState>) -> bool {
    matches!(
        state,
        Some(
            TaskInstanceState::Success
                | TaskInstanceState::Failed
                | TaskInstanceState::Skipped
                | TaskInstanceState::UpstreamFailed
                | TaskInstanceState::Removed
        )
    )
}

/// Whether an instance in this state waits to be scheduled.
#[must_use]
pub fn is_schedulable(state: Option<TaskInstanceState>) -> bool {
    matches!(
        state,
        None | Some(TaskInstanceState::UpForRetry | TaskInstanceState::UpForReschedule)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn retried() -> Instance {
        let mut instance = Instance::new(Uuid::nil(), TaskIndex(0), -1);
        instance.state = Some(TaskInstanceState::UpForRetry);
        instance.end_date = Some(Timestamp::UNIX_EPOCH);
        instance
    }

    #[test]
    fn a_retry_waits_as_long_as_its_last_try_asked_for_or_else_as_the_task_says() {
        let mut instance = retried();
        assert_eq!(instance.due(MINUTE).unwrap().as_second(), 60);
        instance.retry_delay_override = Some(Duration::from_secs(5));
        assert_eq!(instance.due(MINUTE).unwrap().as_second(), 5);
    }

    #[test]
    fn a_clock_that_is_set_back_makes_no_instance_wait_longer() {
        let hour = SignedDuration::from_hours(1);
        let mut retried = retried();
        let mut rescheduled = retried.clone();
        rescheduled.state = Some(TaskInstanceState::UpForReschedule);
        rescheduled.reschedule_date = Some(Timestamp::UNIX_EPOCH);
        retried.set_back(hour);
        rescheduled.set_back(hour);
        assert_eq!(retried.due(MINUTE).unwrap().as_second(), 60 - 3_600);
        assert_eq!(rescheduled.due(MINUTE).unwrap().as_second(), -3_600);
    }

    #[test]
    fn a_delay_past_the_end_of_time_is_no_crash() {
        let mut instance = retried();
        instance.retry_delay_override = Some(Duration::MAX);
        assert_eq!(instance.due(MINUTE), Some(Timestamp::MAX));
    }
}
