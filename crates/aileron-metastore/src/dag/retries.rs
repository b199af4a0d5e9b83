//! How long the retries of a task may take together.
//!
//! Source: `TaskInstance.next_retry_datetime` of Airflow 3.3.2. What a retry policy decides while the
//! task runs is not known beforehand.

use jiff::SignedDuration;
use serde_json::Value;

/// `[core] max_task_retry_delay` when nothing else is said, in seconds: the limit of delays that grow.
const MAX_RETRY_DELAY: f64 = 86_400.0;

/// The default of `retry_delay`, in seconds.
const RETRY_DELAY: f64 = 300.0;

/// The delay of all tries of a task from now on grows with every try at most this often; more of them
/// would be at the limit anyhow.
const TRIES: i64 = 100_000;

/// The retries of a task, as its Dag says.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRetries {
    /// The task.
    pub task_id: String,
    /// How often it is tried again.
    pub retries: i64,
    /// The longest time that Airflow waits before all these retries, together.
    pub longest_wait: SignedDuration,
}

/// The tasks of a Dag that are tried again, from what Airflow serialized of it.
pub fn retries(data: &Value) -> Vec<TaskRetries> {
    let defaults = data.pointer("/client_defaults/tasks");
    let tasks = data.pointer("/dag/tasks").and_then(Value::as_array);
    let tasks = tasks.map(Vec::as_slice).unwrap_or_default();
    tasks
        .iter()
        .filter_map(|task| of_task(task.get("__var").unwrap_or(task), defaults))
        .collect()
}

fn of_task(task: &Value, defaults: Option<&Value>) -> Option<TaskRetries> {
    let is_mapped = task.get("_is_mapped").and_then(Value::as_bool) == Some(true);
    let own = match task.get("partial_kwargs") {
        Some(partial) if is_mapped => partial,
        _ => task,
    };
    let option = |name: &str| {
        let given = own.get(name).or_else(|| defaults?.get(name))?;
        // A time span stands plain, or with its type.
        let plain = given.get("__var").unwrap_or(given);
        match plain {
            Value::Bool(flag) => Some(if *flag { 2.0 } else { 0.0 }),
            plain => plain.as_f64(),
        }
    };
    let retries = option("retries").map_or(0, |retries| retries as i64);
    if retries <= 0 {
        return None;
    }
    let delay = option("retry_delay").unwrap_or(RETRY_DELAY);
    let growth = option("retry_exponential_backoff").unwrap_or(0.0);
    let limit = option("max_retry_delay").filter(|limit| *limit > 0.0);
    Some(TaskRetries {
        task_id: task.get("task_id")?.as_str()?.to_owned(),
        retries,
        longest_wait: SignedDuration::from_secs(longest_wait(retries, delay, growth, limit)),
    })
}

/// In seconds.
fn longest_wait(retries: i64, delay: f64, growth: f64, limit: Option<f64>) -> i64 {
    // Without growth the delay is what it is; neither limit applies to it.
    if growth <= 0.0 || growth == 1.0 {
        return (retries as f64 * delay) as i64;
    }
    let total: f64 = (0..retries.min(TRIES))
        .map(|before| {
            let base = (delay * growth.powf(before as f64)).ceil().max(1.0);
            // Airflow adds less than the same again, by chance.
            let longest = (2.0 * base).min(MAX_RETRY_DELAY);
            limit.map_or(longest, |limit| longest.min(limit))
        })
        .sum();
    total as i64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seconds(task: Value) -> Option<i64> {
        let data = json!({"dag": {"tasks": [{"__type": "operator", "__var": task}]}});
        let found = retries(&data);
        found.first().map(|found| found.longest_wait.as_secs())
    }

    #[test]
    fn retries_wait_for_their_delay_each() {
        assert_eq!(seconds(json!({"task_id": "t"})), None);
        assert_eq!(seconds(json!({"task_id": "t", "retries": 2})), Some(600));
        let long = json!({"task_id": "t", "retries": 3, "retry_delay": 172_800.0, "max_retry_delay": 10.0});
        assert_eq!(seconds(long), Some(3 * 172_800));
    }

    #[test]
    fn a_mapped_task_has_its_options_in_partial_kwargs() {
        let partial =
            json!({"retries": 2, "retry_delay": {"__type": "timedelta", "__var": 3600.0}});
        let task = json!({"task_id": "m", "_is_mapped": true, "partial_kwargs": partial});
        assert_eq!(seconds(task), Some(7200));
    }

    #[test]
    fn delays_that_grow_have_limits() {
        let growing = |more: Value| {
            let mut task = json!({"task_id": "t", "retries": 3, "retry_delay": 10.0,
                                  "retry_exponential_backoff": true});
            for (key, value) in more.as_object().unwrap() {
                task[key] = value.clone();
            }
            seconds(task)
        };
        assert_eq!(growing(json!({})), Some(20 + 40 + 80));
        assert_eq!(
            growing(json!({"max_retry_delay": 30.0})),
            Some(20 + 30 + 30)
        );
        assert_eq!(
            growing(json!({"retries": 30})),
            Some((0..13).map(|n| 20 << n).sum::<i64>() + 17 * 86_400)
        );
        assert_eq!(growing(json!({"retry_exponential_backoff": 1.0})), Some(30));
    }

    #[test]
    fn defaults_of_the_deployment_come_with_the_dag() {
        let data = json!({
            "client_defaults": {"tasks": {"retries": 4, "retry_delay": 60.0}},
            "dag": {"tasks": [{"__var": {"task_id": "t"}}, {"__var": {"task_id": "u", "retries": 0}}]},
        });
        let found = retries(&data);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].retries, found[0].longest_wait.as_secs()),
            (4, 240)
        );
    }
}
