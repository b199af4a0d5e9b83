//! The state stores of an Airflow in memory.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use uuid::Uuid;

/// Whose state it is: a task and its map index.
type Owner = (String, i64);

/// The task state stores, and which task instance an id stands for.
#[derive(Default)]
pub(super) struct TaskStates {
    instances: HashMap<Uuid, Owner>,
    values: HashMap<Owner, BTreeMap<String, Value>>,
}

impl TaskStates {
    /// The id of a new try of a task instance.
    pub(super) fn new_try(&mut self, task_id: &str, map_index: i64) -> Uuid {
        let id = Uuid::from_u128(self.instances.len() as u128 + 1);
        self.instances.insert(id, (task_id.to_owned(), map_index));
        id
    }

    /// The values of a task instance. Ids that were not given out share one place.
    pub(super) fn of(&mut self, ti_id: Uuid) -> &mut BTreeMap<String, Value> {
        let owner = self.instances.get(&ti_id).cloned().unwrap_or_default();
        self.values.entry(owner).or_default()
    }
}
