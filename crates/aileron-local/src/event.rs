//! What a run says of itself while it goes on.

use std::path::PathBuf;
use std::time::Duration;

use aileron_wire::message::{DagRunState, TaskInstanceState};
use jiff::Timestamp;
use serde::Serialize;

/// A task instance, for a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct InstanceName {
    /// The task.
    pub task_id: String,
    /// The map index; -1 when it has none.
    pub map_index: i64,
}

impl std::fmt::Display for InstanceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.task_id)?;
        if self.map_index >= 0 {
            write!(f, "[{}]", self.map_index)?;
        }
        Ok(())
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The run goes on from here.
    Begun {
        /// The Dag.
        dag_id: String,
        /// The run.
        run_id: String,
        /// Whether it was there before.
        resumed: bool,
        /// How many task instances there are, as far as is known.
        instances: usize,
        /// How many of them are finished.
        finished: usize,
    },
    /// A process of an earlier `aileron run` was gone, and its task instance was found `running`.
    Orphaned {
        /// Which one.
        instance: InstanceName,
        /// The state it was put into.
        state: TaskInstanceState,
    },
    /// A process starts.
    Started {
        /// Of which one.
        instance: InstanceName,
        /// Its try.
        try_number: i64,
    },
    /// A process has ended.
    Ended {
        /// Of which one.
        instance: InstanceName,
        /// Its try.
        try_number: i64,
        /// The state it left behind.
        state: Option<TaskInstanceState>,
        /// How long it was there.
        duration: Duration,
        /// Its log.
        log: PathBuf,
        /// What a person should know beside the state.
        notes: Vec<String>,
    },
    /// Decided without a process: an instance was skipped, or cannot run any more.
    Decided {
        /// Which one.
        instance: InstanceName,
        /// Its state.
        state: TaskInstanceState,
    },
    /// A mapped task has become this many instances.
    Expanded {
        /// The task.
        task_id: String,
        /// How many.
        count: usize,
    },
    /// An instance waits until this time.
    Waits {
        /// Which one.
        instance: InstanceName,
        /// The time.
        until: Timestamp,
    },
    /// What a person should know.
    Note(String),
    /// Nothing new is started; what runs is being ended.
    Stopping,
    /// The run is over, or rests.
    Over {
        /// Its state.
        state: DagRunState,
    },
}

/// Who listens to what happens. Called on the thread that runs everything: it should not wait for anything.
pub trait Listener {
    /// Something happened.
    fn on_event(&self, event: &Event);
}
