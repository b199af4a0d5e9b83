//! Which tasks a run has by its date.
//!
//! Source: `DagRun.verify_integrity` of Airflow 3.3.2.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// When tasks are part of a Dag, in seconds since 1970. A task without dates has those of its Dag.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Dates {
    #[serde(default)]
    start_date: Option<Value>,
    #[serde(default)]
    end_date: Option<Value>,
}

impl Dates {
    /// Whether a run of this logical date has the task.
    pub(super) fn have(&self, of_dag: &Self, logical_date: Timestamp) -> bool {
        let moment = logical_date.as_duration().as_secs_f64();
        let start = seconds(&self.start_date).or(seconds(&of_dag.start_date));
        let end = seconds(&self.end_date).or(seconds(&of_dag.end_date));
        start.is_none_or(|start| start <= moment) && end.is_none_or(|end| moment <= end)
    }
}

/// A date is a number, or one with its type, where what is around it has many types.
fn seconds(date: &Option<Value>) -> Option<f64> {
    let date = date.as_ref()?;
    date.get("__var").unwrap_or(date).as_f64()
}

#[cfg(test)]
mod tests {
    use super::super::data::DagData;
    use jiff::Timestamp;
    use serde_json::json;

    #[test]
    fn a_run_has_the_tasks_of_its_date() {
        let data = json!({"dag": {"start_date": 100.0, "tasks": [
            {"__var": {"task_id": "of_the_dag", "task_type": "T"}},
            {"__var": {"task_id": "later", "task_type": "T", "start_date": 200.0,
                "end_date": {"__var": 300.0, "__type": "datetime"}}},
        ]}});
        let dag = DagData::read(&data).unwrap();
        let at = |second| {
            let date = Timestamp::from_second(second).unwrap();
            let tasks = dag
                .tasks()
                .iter()
                .filter(|task| dag.has_at(task, Some(date)));
            tasks.map(|task| task.task_id.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(at(99), Vec::<&str>::new());
        assert_eq!(at(100), ["of_the_dag"]);
        assert_eq!(at(300), ["of_the_dag", "later"]);
        assert_eq!(at(301), ["of_the_dag"]);
        assert!(dag.tasks().iter().all(|task| dag.has_at(task, None)));
    }
}
