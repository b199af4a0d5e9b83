//! Building a Dag.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde_json::Value;

use super::arg::{Binding, DagToken, Output};
use super::options::{DagOptions, TaskOptions};
use super::task::{Handler, TaskCall, TaskNode};

/// A Dag: tasks and the edges between them.
///
/// A `#[dag]` function receives one and adds its tasks.
///
/// ```
/// use aileron::prelude::*;
///
/// #[task]
/// async fn numbers() -> Result<Vec<i64>> {
///     Ok(vec![1, 2, 3])
/// }
///
/// #[task]
/// async fn total(numbers: Vec<i64>, times: i64) -> Result<i64> {
///     Ok(numbers.iter().sum::<i64>() * times)
/// }
///
/// #[dag(schedule = "@daily")]
/// fn sums(dag: &mut Dag) {
///     let numbers = dag.add(numbers());
///     dag.add(total(numbers, 2));
/// }
///
/// let dag = sums().build().unwrap();
/// assert_eq!(dag.task_ids().collect::<Vec<_>>(), ["numbers", "total"]);
/// ```
pub struct Dag {
    dag_id: String,
    options: DagOptions,
    params: BTreeMap<String, Value>,
    token: DagToken,
    nodes: Vec<TaskNode>,
    /// Where a task is among the nodes.
    by_id: HashMap<String, usize>,
    upstream: Vec<BTreeSet<usize>>,
    errors: Vec<DagError>,
}

/// Something wrong with a Dag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DagError {
    /// Two tasks have the same id.
    #[error(
        "task id `{task_id}` is used twice; give one of them another id with `.task_id(\"..\")`"
    )]
    DuplicateTask {
        /// The id.
        task_id: String,
    },
    /// An id that Airflow does not take.
    #[error("`{id}` is not an id: {reason}")]
    BadId {
        /// The Dag or task id.
        id: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A value fixed in the Dag cannot be JSON.
    #[error("argument `{param}` of task `{task_id}` cannot be written as JSON: {reason}")]
    BadLiteral {
        /// The task.
        task_id: String,
        /// The parameter.
        param: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// A task uses the output of a task of another Dag.
    #[error(
        "task `{task_id}` uses the output of a task of another Dag; edges stay within one Dag, use an asset or `cx.xcom()` across Dags"
    )]
    ForeignOutput {
        /// The task.
        task_id: String,
    },
    /// A name or URI that Airflow does not take for an asset.
    #[error("{asset}, an inlet or outlet of task `{task_id}`: {reason}")]
    BadAsset {
        /// The task.
        task_id: String,
        /// The asset or alias.
        asset: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The default of a Dag param cannot be JSON.
    #[error("the default of param `{param}` cannot be written as JSON: {reason}")]
    BadParam {
        /// The param.
        param: String,
        /// What is wrong with the value.
        reason: String,
    },
    /// Tasks that wait for each other.
    #[error("tasks wait for each other in a circle: {}", .task_ids.join(", "))]
    Cycle {
        /// The tasks of the circle, and those after it.
        task_ids: Vec<String>,
    },
    /// A Dag without tasks.
    #[error("it has no tasks; add some with `dag.add(..)`")]
    Empty,
}

/// Everything that is wrong with a Dag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DagErrors {
    /// The Dag.
    pub dag_id: String,
    /// At least one error.
    pub errors: Vec<DagError>,
}

impl fmt::Display for DagErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dag `{}`: ", self.dag_id)?;
        for (i, error) in self.errors.iter().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DagErrors {}

impl Dag {
    /// An empty Dag. Usually `#[dag]` makes it.
    pub fn new(dag_id: impl Into<String>, options: DagOptions) -> Self {
        static TOKENS: AtomicU64 = AtomicU64::new(0);
        let dag_id = dag_id.into();
        let mut errors = Vec::new();
        check_id(&dag_id, &mut errors);
        Self {
            dag_id,
            options,
            params: BTreeMap::new(),
            token: DagToken(TOKENS.fetch_add(1, Ordering::Relaxed)),
            nodes: Vec::new(),
            by_id: HashMap::new(),
            upstream: Vec::new(),
            errors,
        }
    }

    /// Adds a task and returns the typed end of its edge.
    ///
    /// What is wrong with the task (an id used twice, for instance) is reported when the Dag is finished, all at once.
    pub fn add<T>(&mut self, call: TaskCall<T>) -> Output<T> {
        let TaskCall { node, after, .. } = call;
        check_id(&node.task_id, &mut self.errors);
        match self.by_id.entry(node.task_id.clone()) {
            Entry::Vacant(place) => {
                place.insert(self.nodes.len());
            }
            Entry::Occupied(place) => self.errors.push(DagError::DuplicateTask {
                task_id: place.key().clone(),
            }),
        }
        for asset in node.options.inlets.iter().chain(&node.options.outlets) {
            if let Err(reason) = asset.check() {
                self.errors.push(DagError::BadAsset {
                    task_id: node.task_id.clone(),
                    asset: asset.to_string(),
                    reason,
                });
            }
        }
        let mut upstream = BTreeSet::new();
        for (dag, task) in after {
            self.link(dag, task, &node.task_id, &mut upstream);
        }
        for param in &node.params {
            match &param.binding {
                Binding::Output { dag, task } => {
                    self.link(*dag, *task, &node.task_id, &mut upstream);
                }
                Binding::Literal(Err(reason)) => self.errors.push(DagError::BadLiteral {
                    task_id: node.task_id.clone(),
                    param: param.name.to_owned(),
                    reason: reason.clone(),
                }),
                Binding::Literal(Ok(_)) | Binding::Unset => {}
            }
        }
        self.nodes.push(node);
        self.upstream.push(upstream);
        Output::new(self.token, self.nodes.len() - 1)
    }

    /// Refers to a task of the same Dag that is written in Python, with the type of the value it returns.
    ///
    /// The bundle does not run it; Airflow does. `aileron stub` leaves its place in the generated Dag file.
    pub fn external<T>(&mut self, task_id: impl Into<String>) -> Output<T> {
        self.add_external(task_id, std::any::type_name::<T>(), false)
    }

    /// Refers to a mapped (`.expand(..)`) Python task of the same Dag, with the type of the value that each of its instances
    /// returns. As an argument it is a `Vec` of these values in the order of the map indexes; instances that returned
    /// nothing have no place in it.
    ///
    /// Airflow 3.4 does not let a stub take the combined output of a mapped task as an argument. The stub that `aileron
    /// stub` writes leaves the argument to a default of `None` and only has the edge; the values are read through the edge of
    /// the Rust Dag. A stub written by hand does the same.
    ///
    /// ```
    /// # use aileron::prelude::*;
    /// #[task]
    /// async fn total(counts: Vec<i64>) -> Result<i64> {
    ///     Ok(counts.iter().sum())
    /// }
    ///
    /// #[dag]
    /// fn files(dag: &mut Dag) {
    ///     let counts = dag.external_mapped::<i64>("count_lines");
    ///     dag.add(total(counts));
    /// }
    /// # assert!(files().build().is_ok());
    /// ```
    pub fn external_mapped<T>(&mut self, task_id: impl Into<String>) -> Output<Vec<T>> {
        self.add_external(task_id, std::any::type_name::<T>(), true)
    }

    fn add_external<T>(
        &mut self,
        task_id: impl Into<String>,
        returns: &'static str,
        mapped: bool,
    ) -> Output<T> {
        self.add(TaskCall::from_node(TaskNode {
            task_id: task_id.into(),
            options: TaskOptions::default(),
            params: Vec::new(),
            by_name: false,
            returns: Some(returns),
            handler: Handler::External,
            mapped,
            resume: Vec::new(),
            retry_policy: None,
        }))
    }

    /// Puts one task after another without passing a value.
    pub fn set_downstream<T, U>(&mut self, first: Output<T>, then: Output<U>) {
        let task_id = match self.nodes.get(then.task) {
            Some(node) if then.dag == self.token => node.task_id.clone(),
            _ => {
                self.errors.push(DagError::ForeignOutput {
                    task_id: format!("#{}", then.task),
                });
                return;
            }
        };
        let mut upstream = std::mem::take(&mut self.upstream[then.task]);
        self.link(first.dag.0, first.task, &task_id, &mut upstream);
        self.upstream[then.task] = upstream;
    }

    /// Declares a param of the Dag with its default; a run's conf can override it.
    pub fn param(&mut self, name: impl Into<String>, default: impl Serialize) {
        let name = name.into();
        match serde_json::to_value(default) {
            Ok(value) => {
                self.params.insert(name, value);
            }
            Err(error) => self.errors.push(DagError::BadParam {
                param: name,
                reason: error.to_string(),
            }),
        }
    }

    /// The Dag's id.
    pub fn dag_id(&self) -> &str {
        &self.dag_id
    }

    /// The Dag's options.
    pub fn options(&self) -> &DagOptions {
        &self.options
    }

    /// The options, to change.
    pub fn options_mut(&mut self) -> &mut DagOptions {
        &mut self.options
    }

    /// The ids of the tasks, in the order they were added.
    pub fn task_ids(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(|node| node.task_id.as_str())
    }

    /// The ids of the tasks directly before that one, sorted; empty for an unknown task.
    pub fn upstream_task_ids(&self, task_id: &str) -> Vec<&str> {
        let Some(&index) = self.by_id.get(task_id) else {
            return Vec::new();
        };
        let mut ids: Vec<&str> = self.upstream[index]
            .iter()
            .map(|&task| self.nodes[task].task_id.as_str())
            .collect();
        ids.sort_unstable();
        ids
    }

    pub(crate) fn params(&self) -> &BTreeMap<String, Value> {
        &self.params
    }

    pub(crate) fn nodes(&self) -> &[TaskNode] {
        &self.nodes
    }

    pub(crate) fn node(&self, task_id: &str) -> Option<&TaskNode> {
        self.by_id.get(task_id).map(|index| &self.nodes[*index])
    }

    /// The Dag, or everything that is wrong with it.
    pub(crate) fn finish(mut self) -> Result<Self, DagErrors> {
        if self.nodes.is_empty() {
            self.errors.push(DagError::Empty);
        }
        let stuck = self.never_ready();
        if !stuck.is_empty() {
            self.errors.push(DagError::Cycle { task_ids: stuck });
        }
        if self.errors.is_empty() {
            Ok(self)
        } else {
            Err(DagErrors {
                dag_id: self.dag_id,
                errors: self.errors,
            })
        }
    }

    /// The tasks that could never start because they wait, directly or not, for themselves. Only `set_downstream` can
    /// make such a circle: an `Output` exists only once its task was added.
    fn never_ready(&self) -> Vec<String> {
        let mut edges = self.upstream.iter().enumerate();
        if edges.all(|(task, upstream)| upstream.last().is_none_or(|last| *last < task)) {
            // Every edge comes from a task that was added before. A large Dag is built anew by each of its tasks.
            return Vec::new();
        }
        let mut waiting: BTreeSet<usize> = (0..self.nodes.len()).collect();
        loop {
            let ready: Vec<usize> = waiting
                .iter()
                .copied()
                .filter(|&task| self.upstream[task].is_disjoint(&waiting))
                .collect();
            if ready.is_empty() {
                break;
            }
            for task in ready {
                waiting.remove(&task);
            }
        }
        waiting
            .into_iter()
            .map(|task| self.nodes[task].task_id.clone())
            .collect()
    }

    fn link(&mut self, dag: u64, task: usize, task_id: &str, upstream: &mut BTreeSet<usize>) {
        if dag == self.token.0 {
            upstream.insert(task);
        } else {
            self.errors.push(DagError::ForeignOutput {
                task_id: task_id.to_owned(),
            });
        }
    }
}

/// Airflow's rule for keys (3.3.2, `validate_key`): up to 250 letters, digits, dashes, dots and underscores.
fn check_id(id: &str, errors: &mut Vec<DagError>) {
    let reason = if id.is_empty() {
        "it is empty"
    } else if id.chars().count() > 250 {
        "it has more than 250 characters"
    } else if !id
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
    {
        "only letters, digits, dashes, dots and underscores are allowed"
    } else {
        return;
    };
    errors.push(DagError::BadId {
        id: id.to_owned(),
        reason,
    });
}

impl fmt::Debug for Dag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dag")
            .field("dag_id", &self.dag_id)
            .field("options", &self.options)
            .field("tasks", &self.task_ids().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dag::task::private;

    fn task<T: 'static>(task_id: &'static str, params: Vec<private::BoundParam>) -> TaskCall<T> {
        private::describe(
            task_id,
            TaskOptions::default(),
            None,
            params,
            |context, _| Box::pin(async move { private::keep_returned(&context, ()).await }),
        )
    }

    fn errors(fill: impl FnOnce(&mut Dag)) -> Vec<String> {
        let mut dag = Dag::new("d", DagOptions::default());
        fill(&mut dag);
        let errors = dag.finish().expect_err("the Dag is wrong");
        errors.errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn everything_wrong_with_a_dag_is_told_at_once() {
        let told = errors(|dag| {
            dag.add(task::<()>("a", Vec::new()));
            dag.add(task::<()>("a", Vec::new()));
            dag.add(task::<()>("b c", Vec::new()));
            dag.add(task::<()>(
                "bad",
                vec![
                    private::bind::<std::collections::BTreeMap<(i32, i32), i32>>(
                        "table",
                        "BTreeMap",
                        std::collections::BTreeMap::from([((1, 2), 3)]),
                    ),
                ],
            ));
        });
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told[0].contains("task id `a` is used twice"));
        assert!(told[1].contains("`b c` is not an id: only letters"));
        assert!(told[2].contains("argument `table` of task `bad` cannot be written as JSON"));
    }

    #[test]
    fn an_asset_that_airflow_would_refuse_is_refused_here() {
        let told = errors(|dag| {
            dag.add(task::<()>("a", Vec::new()).outlet(crate::Asset::from_uri("airflow://x")));
        });
        let expected = "asset `airflow://x` (airflow://x/), an inlet or outlet of task `a`: the URI scheme `airflow` is reserved";
        assert_eq!(told, [expected]);
    }

    #[test]
    fn a_dag_without_tasks_is_refused() {
        assert_eq!(errors(|_| {}), [DagError::Empty.to_string()]);
    }

    #[test]
    fn tasks_that_wait_for_each_other_are_refused() {
        let told = errors(|dag| {
            let a = dag.add(task::<()>("a", Vec::new()));
            let b = dag.add(task::<()>("b", Vec::new()).after(a));
            dag.add(task::<()>("free", Vec::new()));
            dag.set_downstream(b, a);
        });
        assert_eq!(told, ["tasks wait for each other in a circle: a, b"]);
    }

    #[test]
    fn an_edge_from_another_dag_is_refused() {
        let mut other = Dag::new("other", DagOptions::default());
        let foreign = other.add(task::<i64>("x", Vec::new()));
        let told = errors(|dag| {
            dag.add(task::<()>(
                "y",
                vec![private::bind::<i64>("n", "i64", foreign)],
            ));
        });
        assert!(told[0].contains("task `y` uses the output of a task of another Dag"));
    }

    #[test]
    fn ids_follow_airflows_rule() {
        let mut found = Vec::new();
        for id in ["a", "a.b-c_d", "Ünï", &"x".repeat(250)] {
            check_id(id, &mut found);
        }
        assert_eq!(found, []);
        for id in ["", "a b", "a/b", &"x".repeat(251)] {
            check_id(id, &mut found);
        }
        assert_eq!(found.len(), 4);
    }
}
