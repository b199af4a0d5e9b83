//! The task instances that `sql/serve.sql` makes.

use uuid::Uuid;

/// How many Dag runs there are. The first so many task instances run, each in another Dag run; the others are queued.
pub(crate) const RUNS: u32 = 256;

pub(crate) const DAG_ID: &str = "bench";
pub(crate) const TASK_ID: &str = "work";

/// A task instance, by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task(pub(crate) u32);

impl Task {
    pub(crate) fn id(self) -> Uuid {
        Uuid::from_u128(0x7000_8000_0000_0000_0000 | u128::from(self.0))
    }

    pub(crate) fn run_id(self) -> String {
        format!("run_{}", self.0 % RUNS)
    }

    pub(crate) fn map_index(self) -> u32 {
        self.0 / RUNS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_says_which_task_instance_it_is() {
        let task = Task(515);
        assert_eq!(
            task.id().to_string(),
            "00000000-0000-7000-8000-000000000203"
        );
        assert_eq!((task.run_id().as_str(), task.map_index()), ("run_3", 2));
    }
}
