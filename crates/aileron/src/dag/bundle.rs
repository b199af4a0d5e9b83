//! A bundle: the Dags of one executable.

use std::time::Duration;

use super::build::{Dag, DagErrors};
use super::options::DagOptions;

/// A Dag that can be built when it is needed: what a `#[dag]` function gives.
#[derive(Debug, Clone)]
pub struct DagDefinition {
    dag_id: String,
    options: DagOptions,
    build: fn(&mut Dag),
}

impl DagDefinition {
    /// A Dag of that id, filled by `build`. Usually `#[dag]` makes it.
    pub fn new(dag_id: impl Into<String>, options: DagOptions, build: fn(&mut Dag)) -> Self {
        Self {
            dag_id: dag_id.into(),
            options,
            build,
        }
    }

    /// The Dag's id.
    pub fn dag_id(&self) -> &str {
        &self.dag_id
    }

    /// Builds the Dag.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn build(&self) -> Result<Dag, DagErrors> {
        let mut dag = Dag::new(self.dag_id.clone(), self.options.clone());
        (self.build)(&mut dag);
        dag.finish()
    }
}

/// The Dags of one executable: what [`serve`](crate::serve) runs. Made by [`bundle!`](crate::bundle).
#[derive(Debug, Clone)]
pub struct Bundle {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) dags: Vec<DagDefinition>,
    pub(crate) grace_period: Duration,
}

/// Grace period unless the bundle says otherwise. See [`Bundle::grace_period`].
const GRACE_PERIOD: Duration = Duration::from_millis(2_500);

impl Bundle {
    /// An empty bundle. [`bundle!`](crate::bundle) fills in the name and version of your crate.
    pub fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            dags: Vec::new(),
            grace_period: GRACE_PERIOD,
        }
    }

    /// How long a task that was told to stop has before it is dropped: two and a half seconds unless set.
    ///
    /// Airflow's supervisor kills the process five seconds after its SIGTERM, and the on-kill hooks need their share. A
    /// pod that is shut down has longer (`terminationGracePeriodSeconds`).
    #[must_use]
    pub fn grace_period(mut self, period: Duration) -> Self {
        self.grace_period = period;
        self
    }

    /// Adds a Dag.
    #[must_use]
    pub fn with(mut self, dag: DagDefinition) -> Self {
        self.dags.push(dag);
        self
    }

    /// The Dags, in the order they were added.
    pub fn dags(&self) -> &[DagDefinition] {
        &self.dags
    }

    pub(crate) fn find(&self, dag_id: &str) -> Option<&DagDefinition> {
        self.dags.iter().find(|dag| dag.dag_id == dag_id)
    }
}
