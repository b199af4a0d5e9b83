//! Questions to people.

use anyhow::Result;
use serde_json::{Value, json};

use super::dags::DagRun;
use super::http::{Api, segment};

impl Api {
    /// Answers the question of a task without mapping, as a user would.
    ///
    /// # Errors
    /// When Airflow refuses it: the task asks nothing, or the answer is not among its options.
    pub fn answer(
        &self,
        run: &DagRun,
        task_id: &str,
        chosen: &[&str],
        params: &Value,
    ) -> Result<()> {
        let path = format!(
            "{}/taskInstances/{}/-1/hitlDetails",
            run.path(),
            segment(task_id)
        );
        let body = json!({"chosen_options": chosen, "params_input": params});
        self.patch(&path, &body).map(|_| ())
    }
}
