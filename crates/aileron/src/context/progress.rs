//! What a running task has said about its end before it is there.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value};

/// What goes into the report at the end of a task.
#[derive(Default)]
pub(crate) struct Progress(Mutex<Said>);

#[derive(Default)]
struct Said {
    rendered_map_index: Option<String>,
    rendered_fields: Map<String, Value>,
    skip_downstream: Vec<String>,
}

impl Progress {
    pub(crate) fn rendered_map_index(&self) -> Option<String> {
        self.lock().rendered_map_index.clone()
    }

    pub(crate) fn set_rendered_map_index(&self, text: &str) {
        self.lock().rendered_map_index = Some(text.to_owned());
    }

    /// Adds fields and gives all there are now.
    pub(crate) fn add_rendered_fields(&self, fields: Map<String, Value>) -> Map<String, Value> {
        let mut said = self.lock();
        said.rendered_fields.extend(fields);
        said.rendered_fields.clone()
    }

    pub(crate) fn skip_downstream(&self) -> Vec<String> {
        self.lock().skip_downstream.clone()
    }

    pub(crate) fn add_skip_downstream(&self, task_ids: impl IntoIterator<Item = String>) {
        let mut said = self.lock();
        for task_id in task_ids {
            if !said.skip_downstream.contains(&task_id) {
                said.skip_downstream.push(task_id);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
