//! The workload of an executor.

use aileron_client::ApiToken;
use aileron_wire::message::{BundleInfo, TaskInstance};
use serde::Deserialize;

use crate::WorkerError;

/// An `ExecuteTask` workload, as `airflow/executors/workloads` writes it.
///
/// `Debug` does not show the token.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Workload {
    /// Speaks for the task instance. At first it is only good for starting it.
    pub token: ApiToken,
    /// The task instance.
    pub ti: TaskInstance,
    /// The Dag file, relative to its Dag bundle.
    pub dag_rel_path: String,
    /// The Dag bundle.
    pub bundle_info: BundleInfo,
    /// The log file, relative to `[logging] base_log_folder`.
    #[serde(default)]
    pub log_path: Option<String>,
    /// The Python class of the Sentry integration; empty for none.
    #[serde(default)]
    pub sentry_integration: String,
}

/// Only the type, which is looked at first.
#[derive(Deserialize)]
struct Typed {
    #[serde(rename = "type", default = "execute_task")]
    kind: String,
}

/// Airflow takes a workload without a type for this.
fn execute_task() -> String {
    "ExecuteTask".to_owned()
}

impl Workload {
    /// Reads the JSON of a workload.
    ///
    /// # Errors
    ///
    /// [`WorkerError::Workload`] when it is no JSON, another kind of workload, or something is missing. The error names the place
    /// and shows no value.
    pub fn from_json(json: &str) -> Result<Self, WorkerError> {
        let typed: Typed = read(json)?;
        if typed.kind != "ExecuteTask" {
            let kind: String = typed.kind.chars().take(40).collect();
            return Err(WorkerError::Workload(format!(
                "is of type {kind:?}, and only ExecuteTask is run here; run others with Airflow"
            )));
        }
        let workload: Self = read(json)?;
        if let Some(path) = &workload.log_path {
            let path = std::path::Path::new(path);
            let plain = |part| matches!(part, std::path::Component::Normal(_));
            if path.components().count() == 0 || !path.components().all(plain) {
                return Err(WorkerError::Workload(
                    "has a log_path that does not lie below [logging] base_log_folder".to_owned(),
                ));
            }
        }
        Ok(workload)
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, WorkerError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let problem = error.inner();
        let place = match problem.classify() {
            serde_json::error::Category::Data => match missing_field(&problem.to_string()) {
                Some(field) => format!("has no {field} at {}", error.path()),
                None => format!("does not fit at {}", error.path()),
            },
            _ => "is not JSON".to_owned(),
        };
        WorkerError::Workload(format!(
            "{place} (line {}, column {})",
            problem.line(),
            problem.column()
        ))
    })
}

/// The field of `missing field `x` at line..`. Other texts of the library show values.
fn missing_field(problem: &str) -> Option<&str> {
    let (field, _) = problem.strip_prefix("missing field `")?.split_once('`')?;
    Some(field)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn workload() -> Value {
        json!({
            "token": "very-secret",
            "dag_rel_path": "orders.py",
            "bundle_info": {"name": "dags-folder", "version": null},
            "log_path": "dag_id=d/run_id=r/task_id=t/attempt=1.log",
            "ti": {
                "id": "01a1f824-c001-7fbf-b0e2-aa9b2e1c68a7", "task_id": "t", "dag_id": "d", "run_id": "r", "try_number": 1,
                "dag_version_id": "01a1f824-bd45-7cc8-8827-52167d49cd40", "map_index": -1, "hostname": "",
                "context_carrier": {"traceparent": "00-x"}, "queue": "rust", "pool_slots": 1, "priority_weight": 2
            },
            "sentry_integration": "",
            "type": "ExecuteTask"
        })
    }

    #[test]
    fn a_workload_is_read_and_its_token_is_not_shown() {
        let read = Workload::from_json(&workload().to_string()).unwrap();
        assert_eq!(
            (read.ti.dag_id.as_str(), read.ti.queue.as_str()),
            ("d", "rust")
        );
        let shown = format!("{read:?}");
        assert!(!shown.contains("very-secret"), "{shown}");
    }

    #[test]
    fn what_is_wrong_is_named_by_place_and_never_shown() {
        let mut misplaced = workload();
        misplaced["ti"]["try_number"] = json!("very-secret");
        let mut other = workload();
        other["type"] = json!("RunTrigger");
        let mut outside = workload();
        outside["log_path"] = json!("../../etc/passwd");
        for (json, part) in [
            (misplaced.to_string(), "ti.try_number"),
            (other.to_string(), "RunTrigger"),
            (outside.to_string(), "log_path"),
            ("very-secret".to_owned(), "is not JSON"),
            (workload().to_string()[..300].to_owned(), "is not JSON"),
            ("{}".to_owned(), "has no token"),
        ] {
            let error = Workload::from_json(&json).unwrap_err().to_string();
            assert!(
                error.contains(part) && !error.contains("very-secret"),
                "{error}"
            );
        }
    }
}
