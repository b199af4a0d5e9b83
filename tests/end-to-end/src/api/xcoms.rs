//! XComs.

use anyhow::Result;
use serde_json::Value;

use super::dags::DagRun;
use super::http::{Api, segment};

impl Api {
    /// The value of an XCom as JSON, or nothing when the task pushed none under this key.
    ///
    /// # Errors
    /// When the API server does not answer as expected.
    pub fn xcom(&self, run: &DagRun, task_id: &str, key: &str) -> Result<Option<Value>> {
        let path = format!(
            "{}/taskInstances/{}/xcomEntries/{}?stringify=false",
            run.path(),
            segment(task_id),
            segment(key)
        );
        Ok(self.find(&path)?.map(|mut entry| entry["value"].take()))
    }

    /// The value a task returned.
    ///
    /// # Errors
    /// When the API server does not answer as expected.
    pub fn return_value(&self, run: &DagRun, task_id: &str) -> Result<Option<Value>> {
        self.xcom(run, task_id, "return_value")
    }

    /// The keys of a task's XComs, sorted.
    ///
    /// # Errors
    /// When the API server does not answer as expected.
    pub fn xcom_keys(&self, run: &DagRun, task_id: &str) -> Result<Vec<String>> {
        let path = format!(
            "{}/taskInstances/{}/xcomEntries?limit=100",
            run.path(),
            segment(task_id)
        );
        let answer = self.get(&path)?;
        let entries = answer["xcom_entries"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let mut keys: Vec<String> = entries
            .iter()
            .filter_map(|entry| entry["key"].as_str().map(str::to_owned))
            .collect();
        keys.sort();
        Ok(keys)
    }
}
