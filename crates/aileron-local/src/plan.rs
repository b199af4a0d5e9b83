//! What of a Dag counts for the order in which its tasks run.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use aileron_bundle::TriggerRule;
use aileron_bundle::manifest::{DagOutline, TaskOutline};

/// Pause before a retry where neither the task nor `[core] default_task_retry_delay` says another. Source: Airflow 3.3.2.
pub const DEFAULT_RETRY_DELAY: Duration = Duration::from_secs(300);

/// The place of a task in its [`Plan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskIndex(pub usize);

/// The tasks of a Dag and the edges between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    tasks: Vec<PlannedTask>,
    by_id: HashMap<String, TaskIndex>,
}

/// A task of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedTask {
    /// The task.
    pub task_id: String,
    /// The tasks directly before.
    pub upstream: Vec<TaskIndex>,
    /// The tasks directly after.
    pub downstream: Vec<TaskIndex>,
    /// Which states of the tasks before let it run.
    pub trigger_rule: TriggerRule,
    /// Pause before a retry.
    pub retry_delay: Duration,
    /// Whether it is one instance for each of several values, and how many only shows when the run is there.
    pub mapped: bool,
    /// Whether the instance of the run before must have succeeded.
    pub depends_on_past: bool,
    /// Which goes first when several may: its own weight and that of all tasks after it, as Airflow's weight rule `downstream` has it.
    pub priority: i64,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A rule that is none of Airflow's.
    #[error(
        "task `{task_id}` has the trigger rule `{rule}`, which is not known; was the bundle made by a newer version?"
    )]
    UnknownTriggerRule {
        /// The task.
        task_id: String,
        /// The rule.
        rule: String,
    },
    /// An edge from nowhere.
    #[error(
        "task `{task_id}` comes after `{upstream}`, which the Dag does not have; make the bundle anew"
    )]
    UnknownUpstream {
        /// The task.
        task_id: String,
        /// What it comes after.
        upstream: String,
    },
    /// A task is to be mapped that is not there.
    #[error("the Dag has no task `{task_id}` to be mapped; it has {}", .known.join(", "))]
    UnknownMapped {
        /// The task.
        task_id: String,
        /// The tasks there are.
        known: Vec<String>,
    },
    /// Tasks that wait for each other.
    #[error("tasks wait for each other in a circle: {}", .task_ids.join(", "))]
    Cycle {
        /// The tasks of the circle, and those after it.
        task_ids: Vec<String>,
    },
}

impl Plan {
    /// The plan of a Dag. `mapped` are the tasks that are mapped, and `retry_delay` is for tasks that do not say one.
    ///
    /// # Errors
    /// When an edge or a trigger rule makes no sense, or a task of `mapped` is not there.
    pub fn new<'a>(
        dag: &DagOutline,
        mapped: impl IntoIterator<Item = &'a str>,
        retry_delay: Duration,
    ) -> Result<Self, PlanError> {
        let by_id: HashMap<_, _> = dag
            .tasks
            .iter()
            .enumerate()
            .map(|(index, task)| (task.task_id.clone(), TaskIndex(index)))
            .collect();
        let tasks = dag
            .tasks
            .iter()
            .map(|task| planned(task, &by_id, retry_delay))
            .collect::<Result<_, _>>()?;
        let mut plan = Self { tasks, by_id };
        for task_id in mapped {
            let Some(index) = plan.find(task_id) else {
                return Err(PlanError::UnknownMapped {
                    task_id: task_id.to_owned(),
                    known: plan.tasks.into_iter().map(|task| task.task_id).collect(),
                });
            };
            plan.tasks[index.0].mapped = true;
        }
        plan.link_downstream();
        plan.refuse_cycle()?;
        let own: Vec<i64> = dag
            .tasks
            .iter()
            .map(|task| i64::from(task.priority_weight.unwrap_or(1)))
            .collect();
        plan.add_priorities(&own);
        Ok(plan)
    }

    /// The tasks.
    #[must_use]
    pub fn tasks(&self) -> &[PlannedTask] {
        &self.tasks
    }

    /// A task.
    #[must_use]
    pub fn task(&self, index: TaskIndex) -> &PlannedTask {
        &self.tasks[index.0]
    }

    /// The task of an id.
    #[must_use]
    pub fn find(&self, task_id: &str) -> Option<TaskIndex> {
        self.by_id.get(task_id).copied()
    }

    fn link_downstream(&mut self) {
        for index in 0..self.tasks.len() {
            for upstream in self.tasks[index].upstream.clone() {
                self.tasks[upstream.0].downstream.push(TaskIndex(index));
            }
        }
    }

    fn refuse_cycle(&self) -> Result<(), PlanError> {
        let mut waiting: Vec<usize> = self.tasks.iter().map(|task| task.upstream.len()).collect();
        let mut free: Vec<usize> = (0..waiting.len()).filter(|i| waiting[*i] == 0).collect();
        let mut placed = 0;
        while let Some(index) = free.pop() {
            placed += 1;
            for downstream in &self.tasks[index].downstream {
                waiting[downstream.0] -= 1;
                if waiting[downstream.0] == 0 {
                    free.push(downstream.0);
                }
            }
        }
        if placed == self.tasks.len() {
            return Ok(());
        }
        let circle = self.tasks.iter().zip(&waiting).filter(|(_, n)| **n > 0);
        Err(PlanError::Cycle {
            task_ids: circle.map(|(task, _)| task.task_id.clone()).collect(),
        })
    }

    fn add_priorities(&mut self, own: &[i64]) {
        for index in 0..self.tasks.len() {
            let mut after = BTreeSet::new();
            let mut next = vec![TaskIndex(index)];
            while let Some(task) = next.pop() {
                if after.insert(task) {
                    next.extend(&self.tasks[task.0].downstream);
                }
            }
            self.tasks[index].priority = after.iter().map(|task| own[task.0]).sum();
        }
    }
}

fn planned(
    task: &TaskOutline,
    by_id: &HashMap<String, TaskIndex>,
    retry_delay: Duration,
) -> Result<PlannedTask, PlanError> {
    let trigger_rule = match &task.trigger_rule {
        None => TriggerRule::default(),
        Some(name) => {
            TriggerRule::from_name(name).ok_or_else(|| PlanError::UnknownTriggerRule {
                task_id: task.task_id.clone(),
                rule: name.clone(),
            })?
        }
    };
    let find = |upstream: &String| {
        by_id
            .get(upstream)
            .copied()
            .ok_or_else(|| PlanError::UnknownUpstream {
                task_id: task.task_id.clone(),
                upstream: upstream.clone(),
            })
    };
    let upstream: BTreeSet<_> = task.upstream.iter().map(find).collect::<Result<_, _>>()?;
    Ok(PlannedTask {
        task_id: task.task_id.clone(),
        upstream: upstream.into_iter().collect(),
        downstream: Vec::new(),
        trigger_rule,
        retry_delay: task
            .retry_delay
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or(retry_delay),
        mapped: false,
        depends_on_past: task.depends_on_past,
        priority: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(task_id: &str, upstream: &[&str]) -> TaskOutline {
        TaskOutline {
            task_id: task_id.to_owned(),
            upstream: upstream.iter().map(|id| (*id).to_owned()).collect(),
            ..TaskOutline::default()
        }
    }

    fn plan(tasks: Vec<TaskOutline>, mapped: &[&str]) -> Result<Plan, PlanError> {
        let dag = DagOutline {
            dag_id: "d".to_owned(),
            tasks,
            ..DagOutline::default()
        };
        Plan::new(&dag, mapped.iter().copied(), DEFAULT_RETRY_DELAY)
    }

    #[test]
    fn a_task_before_others_goes_first_by_the_weight_of_all_that_wait_for_it() {
        let mut heavy = task("d", &["b", "c"]);
        heavy.priority_weight = Some(10);
        let plan = plan(
            vec![task("a", &[]), task("b", &["a"]), task("c", &["a"]), heavy],
            &[],
        )
        .unwrap();
        let priorities: Vec<_> = plan.tasks().iter().map(|task| task.priority).collect();
        assert_eq!(priorities, [13, 11, 11, 10]);
    }

    #[test]
    fn what_makes_no_sense_names_the_task() {
        let mut odd = task("a", &[]);
        odd.trigger_rule = Some("all_succes".to_owned());
        let error = plan(vec![odd], &[]).unwrap_err().to_string();
        assert!(
            error.contains("`a`") && error.contains("all_succes"),
            "{error}"
        );
        let error = plan(vec![task("a", &["b"])], &[]).unwrap_err().to_string();
        assert!(error.contains("`b`"), "{error}");
        let error = plan(vec![task("a", &[])], &["x"]).unwrap_err().to_string();
        assert!(
            error.contains("`x`") && error.ends_with("it has a"),
            "{error}"
        );
        assert_eq!(
            plan(vec![task("a", &["b"]), task("b", &["a"])], &[]),
            Err(PlanError::Cycle {
                task_ids: vec!["a".to_owned(), "b".to_owned()]
            })
        );
    }
}
